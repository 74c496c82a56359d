//! Settings of gradient blending, and what is known of it without training it.

use amst_recipe::{ENCODER_EPOCH, MethodFacts, OwnSettings, Recipe, RecipeError, checks};
use serde::{Deserialize, Serialize};

/// Gradient blending (docs/paper.md §4.7).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BlendingSpec {
    /// Epochs between two estimates of the weights.
    pub super_epoch: usize,
}

impl Default for BlendingSpec {
    fn default() -> Self {
        Self { super_epoch: 10 }
    }
}

/// The key of the section.
const SECTION: &str = "blending";

impl BlendingSpec {
    /// Gradient blending's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "gradient-blending"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<BlendingSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let blending = BlendingSpec::in_recipe(recipe)?;
        checks::at_least_1("blending.super_epoch", blending.super_epoch)
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
        // In every super-epoch M + 1 outputs are tried for an epoch: each modality alone, and all
        // together.
        let all = ENCODER_EPOCH * recipe.modalities.len() as u64;
        let super_epoch = BlendingSpec::in_recipe(recipe).map_or(1, |own| own.super_epoch);
        all + 2 * all / super_epoch.max(1) as u64
    }
}
