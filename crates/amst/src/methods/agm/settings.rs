//! Settings of AGM, and what is known of it without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError, checks};
use serde::{Deserialize, Serialize};

/// AGM (docs/paper.md §4.7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct AgmSpec {
    /// Strength of the modulation `exp(alpha·difference)`.
    pub alpha: f64,
    /// Largest difference that counts.
    pub cap: f64,
    /// Largest norm of all gradients together; 0 does not clip.
    pub clip: f64,
}

impl Default for AgmSpec {
    fn default() -> Self {
        Self {
            alpha: 1.5,
            cap: 10.0,
            clip: 1.0,
        }
    }
}

/// The key of the section.
const SECTION: &str = "agm";

impl AgmSpec {
    /// AGM's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "agm"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<AgmSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        checks::several(recipe)?;
        let agm = AgmSpec::in_recipe(recipe)?;
        checks::not_negative("agm.alpha", agm.alpha)?;
        checks::not_negative("agm.cap", agm.cap)?;
        checks::not_negative("agm.clip", agm.clip)
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

    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        // Every step forwards twice; forward is about a third of a step.
        ENCODER_EPOCH * recipe.modalities.len() as u64 * 4 / 3
    }
}
