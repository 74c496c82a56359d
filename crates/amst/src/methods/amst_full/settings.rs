//! What is known of AMST-Full without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError};

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "amst-full"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        None
    }

    fn further_keys(&self) -> &'static [&'static str] {
        &["joint_mode"]
    }

    fn check(&self, _: &Recipe) -> Result<(), RecipeError> {
        Ok(())
    }

    fn branches(&self) -> &'static [&'static str] {
        &["alt", "joint"]
    }

    fn takes_turns(&self) -> bool {
        false
    }

    fn skips(&self) -> bool {
        true
    }

    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        // Two modules, each with encoders of its own.
        2 * ENCODER_EPOCH * recipe.modalities.len() as u64
    }
}
