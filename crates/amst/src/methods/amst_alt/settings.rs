//! What is known of AMST-Alt without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError};

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "amst-alt"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        None
    }

    fn check(&self, _: &Recipe) -> Result<(), RecipeError> {
        Ok(())
    }

    fn branches(&self) -> &'static [&'static str] {
        &[""]
    }

    fn takes_turns(&self) -> bool {
        true
    }

    fn skips(&self) -> bool {
        true
    }

    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        ENCODER_EPOCH * recipe.modalities.len() as u64
    }
}
