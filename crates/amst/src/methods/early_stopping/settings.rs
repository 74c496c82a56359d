//! Settings of early stopping, and what is known of it without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError, checks};
use serde::{Deserialize, Serialize};

/// Early stopping of a modality (Section 3.1, Figure 4 b; docs/paper.md §4.7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct StoppingSpec {
    /// Epochs without a lower validation loss after which a modality stops.
    pub patience: usize,
    /// Whether its encoder then goes back to its best epoch.
    pub restore: bool,
}

impl Default for StoppingSpec {
    fn default() -> Self {
        Self {
            patience: 30,
            restore: true,
        }
    }
}

/// The key of the section.
const SECTION: &str = "stopping";

impl StoppingSpec {
    /// Early stopping's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "early-stopping"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<StoppingSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let stopping = StoppingSpec::in_recipe(recipe)?;
        checks::at_least_1("stopping.patience", stopping.patience)
    }

    fn branches(&self) -> &'static [&'static str] {
        &[""]
    }

    fn takes_turns(&self) -> bool {
        true
    }

    fn skips(&self) -> bool {
        false
    }

    fn epoch_cost(&self, recipe: &Recipe) -> u64 {
        ENCODER_EPOCH * recipe.modalities.len() as u64
    }
}
