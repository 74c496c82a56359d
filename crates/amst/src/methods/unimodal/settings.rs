//! What is known of the unimodal system without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError};

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "unimodal"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        None
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        match recipe.modalities.as_slice() {
            [_] => Ok(()),
            more => Err(RecipeError::value(
                "modalities",
                format!(
                    "`unimodal` trains one modality, not {}: choose one, for example `modalities={}`",
                    more.len(),
                    more[0]
                ),
            )),
        }
    }

    fn branches(&self) -> &'static [&'static str] {
        &[""]
    }

    fn takes_turns(&self) -> bool {
        false
    }

    fn skips(&self) -> bool {
        false
    }

    fn epoch_cost(&self, _: &Recipe) -> u64 {
        ENCODER_EPOCH
    }
}
