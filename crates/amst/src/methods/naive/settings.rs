//! Settings of Naive, and what is known of it without training it.

use amst_recipe::{
    ENCODER_EPOCH, FusionHead, MethodFacts, Modality, OwnSettings, Rates, Recipe, RecipeError,
    checks,
};
use serde::{Deserialize, Serialize};

use crate::methods::amst_joint;

/// Naive (docs/paper.md §4.2).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct NaiveSpec {
    /// The fusion head (D5).
    pub head: FusionHead,
    /// Learning rate of each encoder; 0 takes `optim.lr`. The control that MSLR is measured against
    /// (D6).
    pub lr: Rates,
}

impl Default for NaiveSpec {
    fn default() -> Self {
        Self {
            head: FusionHead::LateSum,
            lr: Rates::default(),
        }
    }
}

/// The key of the section.
const SECTION: &str = "naive";

impl NaiveSpec {
    /// Naive's settings in a recipe.
    pub(crate) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }

    /// The recipe of Naive under these settings.
    pub(crate) fn recipe(&self, mut recipe: Recipe) -> Recipe {
        recipe.method = Facts.name().into();
        recipe.set_own(SECTION, self);
        recipe
    }

    /// A rate that is the common one, or of a modality that is absent, says nothing.
    fn without_idle_rates(mut self, recipe: &Recipe) -> Self {
        for modality in Modality::ALL {
            let rate = self.lr.of_mut(modality);
            if *rate == recipe.optim.lr || !recipe.modalities.contains(&modality) {
                *rate = 0.0;
            }
        }
        self
    }

    fn is_joint(&self) -> bool {
        self.head == FusionHead::Concat && self.lr == Rates::default()
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "naive"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<NaiveSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let naive = NaiveSpec::in_recipe(recipe)?;
        Modality::ALL
            .iter()
            .try_for_each(|m| checks::not_negative(&format!("naive.lr.{m}"), naive.lr.of(*m)))
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

    /// Over concatenated embeddings and at one rate it is the joint module that never skips.
    fn canonical(&self, recipe: Recipe) -> Recipe {
        let Ok(naive) = NaiveSpec::in_recipe(&recipe) else {
            return recipe;
        };
        let naive = naive.without_idle_rates(&recipe);
        let is_joint = naive.is_joint();
        let recipe = naive.recipe(recipe);
        if is_joint {
            recipe.never_skipping(&amst_joint::Facts.name().into())
        } else {
            recipe
        }
    }

    fn equals(&self, recipe: &Recipe) -> Option<String> {
        let naive = NaiveSpec::in_recipe(recipe).ok()?;
        naive
            .without_idle_rates(recipe)
            .is_joint()
            .then(|| "amst-joint that never skips".into())
    }
}
