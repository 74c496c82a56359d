//! Settings of MLA, and what is known of it without training it.

use amst_recipe::{
    ENCODER_EPOCH, MethodFacts, Modality, OwnSettings, Rates, Recipe, RecipeError, checks,
};
use serde::{Deserialize, Serialize};

use crate::methods::amst_alt;

/// How MLA fuses logits at test time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MlaFusion {
    /// Their mean (D8).
    Even,
    /// Their sum under `mla.shares`.
    Fixed,
    /// Their sum by each sample's certainty in each modality.
    Entropy,
}

/// What MLA does to the head's gradient.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MlaModification {
    /// Nothing, as every public version of it (docs/paper.md §4.6).
    Off,
    /// Projects it away from directions already used, by recursive least squares.
    Rls,
}

/// Whose embeddings MLA's projection is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum MlaTarget {
    /// The modality that steps now, as in MLA's code.
    Current,
    /// The modality that stepped before, as in MLA's text.
    Previous,
}

/// MLA (docs/paper.md §4.6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MlaSpec {
    /// Fusion at test time.
    pub fusion: MlaFusion,
    /// Weights of `fusion = fixed`, which add up to 1.
    pub shares: Rates,
    /// Gradient modification.
    #[serde(alias = "gm")]
    pub modification: MlaModification,
    /// Whose embeddings the modification looks at.
    pub target: MlaTarget,
}

impl Default for MlaSpec {
    fn default() -> Self {
        Self {
            fusion: MlaFusion::Even,
            shares: Rates::default(),
            modification: MlaModification::Off,
            target: MlaTarget::Current,
        }
    }
}

/// The key of the section.
const SECTION: &str = "mla";

impl MlaSpec {
    /// MLA's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }

    /// Whether it is the alternating module that never skips (D19).
    fn is_alternating(&self) -> bool {
        self.fusion == MlaFusion::Even && self.modification == MlaModification::Off
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "mla"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<MlaSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let mla = MlaSpec::in_recipe(recipe)?;
        if mla.fusion != MlaFusion::Fixed {
            return Ok(());
        }
        let mut total = 0.0;
        for modality in Modality::ALL {
            let (key, share) = (format!("mla.shares.{modality}"), mla.shares.of(modality));
            checks::not_negative(&key, share)?;
            if share > 0.0 && !recipe.modalities.contains(&modality) {
                return Err(RecipeError::value(
                    &key,
                    format!(
                        "{modality} takes no part in this run: set it to 0 or add the modality"
                    ),
                ));
            }
            total += share;
        }
        if (total - 1.0).abs() > 1e-6 {
            let even = 1.0 / recipe.modalities.len() as f64;
            return Err(RecipeError::value(
                "mla.shares",
                format!(
                    "the weights add up to {total}, not 1: for an even split give each modality \
                     {even:.4}"
                ),
            ));
        }
        Ok(())
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

    fn canonical(&self, recipe: Recipe) -> Recipe {
        match MlaSpec::in_recipe(&recipe) {
            Ok(mla) if mla.is_alternating() => {
                recipe.never_skipping(&amst_alt::Facts.name().into())
            }
            _ => recipe,
        }
    }

    fn equals(&self, recipe: &Recipe) -> Option<String> {
        let mla = MlaSpec::in_recipe(recipe).ok()?;
        mla.is_alternating()
            .then(|| "amst-alt that never skips (D19)".into())
    }
}
