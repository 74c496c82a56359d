//! Settings of MSLR, and what is known of it without training it.

use amst_recipe::{
    ENCODER_EPOCH, FusionHead, MethodFacts, OwnSettings, Rates, Recipe, RecipeError, checks,
};
use serde::{Deserialize, Serialize};

use crate::methods::naive::NaiveSpec;

/// What MSLR does with its rates over time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MslrStrategy {
    /// Keeps them, which is what the paper's Table 1 measured (D6).
    Keep,
    /// Each epoch the first rate times accuracy over the mean of the last `window` epochs' (AGM's
    /// repository).
    DynamicAgm,
    /// Every `window` epochs the present rate times that ratio, itself included (AMST's code, never
    /// called there).
    DynamicAmst,
}

/// MSLR (docs/paper.md §4.5).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MslrSpec {
    /// The fusion head.
    pub head: FusionHead,
    /// Keep, or one of the dynamic rules.
    pub strategy: MslrStrategy,
    /// Learning rate of each encoder; heads take `optim.lr`.
    pub lr: Rates,
    /// Epochs that the dynamic rules look back.
    pub window: usize,
}

impl Default for MslrSpec {
    fn default() -> Self {
        Self {
            head: FusionHead::LateSum,
            strategy: MslrStrategy::Keep,
            lr: Rates::default(),
            window: 5,
        }
    }
}

/// The key of the section.
const SECTION: &str = "mslr";

impl MslrSpec {
    /// MSLR's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "mslr"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<MslrSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let mslr = MslrSpec::in_recipe(recipe)?;
        checks::at_least_1("mslr.window", mslr.window)?;
        for modality in &recipe.modalities {
            let (key, rate) = (format!("mslr.lr.{modality}"), mslr.lr.of(*modality));
            checks::not_negative(&key, rate)?;
            if rate == 0.0 {
                return Err(RecipeError::value(
                    &key,
                    format!(
                        "MSLR needs a learning rate for {modality}: set one, best that of its best \
                         unimodal run (the paper took audio 1e-3, visual 1e-2, text 8e-5)"
                    ),
                ));
            }
        }
        Ok(())
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
        ENCODER_EPOCH * recipe.modalities.len() as u64
    }

    /// With rates that are kept it is Naive with rates (D6).
    fn canonical(&self, recipe: Recipe) -> Recipe {
        match MslrSpec::in_recipe(&recipe) {
            Ok(MslrSpec {
                strategy: MslrStrategy::Keep,
                head,
                lr,
                ..
            }) => NaiveSpec { head, lr }.recipe(recipe),
            _ => recipe,
        }
    }

    fn equals(&self, recipe: &Recipe) -> Option<String> {
        let mslr = MslrSpec::in_recipe(recipe).ok()?;
        (mslr.strategy == MslrStrategy::Keep)
            .then(|| "naive with a learning rate for each encoder (D6)".into())
    }
}
