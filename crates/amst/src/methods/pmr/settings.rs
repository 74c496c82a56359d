//! Settings of PMR, and what is known of it without training it.

use amst_recipe::{
    ENCODER_EPOCH, FusionHead, MethodFacts, OwnSettings, Recipe, RecipeError, checks,
};
use serde::{Deserialize, Serialize};

/// Where PMR's prototypes come from (D21).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PrototypeSplit {
    /// A part of the training split.
    Train,
    /// The validation split, as published for AVE: selection then sees what training saw.
    Val,
}

/// How PMR weighs a lagging modality's prototype loss.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum PmrWeights {
    /// 1 if it lags, else 0, as in the released code.
    Hard,
    /// By how much it lags, between 0 and 1, as in PMR's paper.
    Soft,
}

/// Which modalities PMR takes to lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum PmrRule {
    /// The weaker of two; there is no published rule for three.
    Published,
    /// Ours: every modality whose score is below the mean of all; of two, the weaker.
    BelowMean,
    /// Ours: the one with the lowest score.
    WeakestOnly,
}

/// PMR (docs/paper.md §4.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PmrSpec {
    /// The fusion head.
    pub head: FusionHead,
    /// Weight of the prototype losses.
    pub alpha: f64,
    /// What a new prototype keeps of the old one, from the second epoch on.
    #[serde(alias = "mu")]
    pub momentum: f64,
    /// First epoch of rebalancing.
    pub start: usize,
    /// Last epoch of rebalancing.
    pub end: usize,
    /// Share of the split's batches that the prototypes are made of.
    pub fraction: f64,
    /// The split they come from.
    pub split: PrototypeSplit,
    /// Hard or soft weights.
    pub weights: PmrWeights,
    /// Which modalities lag.
    pub rule: PmrRule,
}

impl Default for PmrSpec {
    fn default() -> Self {
        Self {
            head: FusionHead::LateSum,
            alpha: 1.0,
            momentum: 0.2,
            start: 0,
            end: 70,
            fraction: 0.1,
            split: PrototypeSplit::Train,
            weights: PmrWeights::Hard,
            rule: PmrRule::BelowMean,
        }
    }
}

/// The key of the section.
const SECTION: &str = "pmr";

impl PmrSpec {
    /// PMR's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "pmr"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<PmrSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        checks::several(recipe)?;
        let pmr = PmrSpec::in_recipe(recipe)?;
        checks::not_negative("pmr.alpha", pmr.alpha)?;
        if !(0.0..=1.0).contains(&pmr.momentum) {
            return Err(RecipeError::value(
                "pmr.momentum",
                format!("{} is not between 0 and 1", pmr.momentum),
            ));
        }
        if !(pmr.fraction > 0.0 && pmr.fraction <= 1.0) {
            return Err(RecipeError::value(
                "pmr.fraction",
                format!("{} is not above 0 and at most 1", pmr.fraction),
            ));
        }
        if pmr.rule == PmrRule::Published && recipe.modalities.len() != 2 {
            return Err(RecipeError::value(
                "pmr.rule",
                format!(
                    "the published rule compares two modalities and there are {}: use \
                     `pmr.rule=below-mean`, an extension of ours that equals it for two",
                    recipe.modalities.len()
                ),
            ));
        }
        checks::window(SECTION, pmr.start, pmr.end)
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
        // Prototypes of a tenth of the training split before every epoch.
        ENCODER_EPOCH * recipe.modalities.len() as u64 * 11 / 10
    }
}
