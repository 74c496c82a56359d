//! Settings of OGM-GE, and what is known of it without training it.

use std::fmt;

use amst_recipe::{
    ENCODER_EPOCH, FusionHead, MethodFacts, OwnSettings, Recipe, RecipeError, checks,
};
use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};

/// Which gradients OGM-GE scales.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub enum OgmScope {
    /// Convolution kernels of the encoders that have them, and everything but biases and
    /// normalisation of text encoders, which would otherwise never be slowed.
    #[serde(rename = "backbone")]
    Backbone,
    /// Convolution kernels only, as published.
    #[serde(rename = "conv4d")]
    Conv4d,
    /// Everything in the encoders but biases and normalisation.
    #[serde(rename = "ndim>1")]
    NdimAbove1,
    /// Every parameter of the encoders.
    #[serde(rename = "all")]
    All,
}

/// OGM-GE's discrepancy ratio beyond two modalities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum OgmTrimodal {
    /// A score over the sum of the others; only the largest ratio's modality is scaled.
    RatioToRest,
    /// The mean of the pairwise ratios; every modality above 1 is scaled.
    PairwiseMean,
}

/// OGM-GE (docs/paper.md §4.3).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct OgmSpec {
    /// The fusion head.
    pub head: FusionHead,
    /// How strongly the leading modality is slowed: its gradients times `1 − tanh(alpha·ratio)`
    /// (D7).
    pub alpha: f64,
    /// First epoch of modulation.
    pub start: usize,
    /// Last epoch of modulation.
    pub end: usize,
    /// Whether noise of each gradient's own deviation is added (the GE of the name).
    #[serde(alias = "ge", deserialize_with = "noise")]
    pub noise: bool,
    /// Which gradients are scaled.
    pub scope: OgmScope,
    /// The ratio beyond two modalities.
    pub trimodal: OgmTrimodal,
}

impl Default for OgmSpec {
    fn default() -> Self {
        Self {
            head: FusionHead::LateSum,
            alpha: 0.1,
            start: 0,
            end: 50,
            noise: true,
            scope: OgmScope::Backbone,
            trimodal: OgmTrimodal::RatioToRest,
        }
    }
}

/// A boolean; recorded cases write `off` and `noise`.
fn noise<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Noise;
    impl Visitor<'_> for Noise {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a boolean")
        }

        fn visit_bool<E: Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: Error>(self, word: &str) -> Result<bool, E> {
            match word {
                "off" => Ok(false),
                "noise" => Ok(true),
                other => Err(E::invalid_type(serde::de::Unexpected::Str(other), &self)),
            }
        }
    }
    deserializer.deserialize_any(Noise)
}

/// The key of the section.
const SECTION: &str = "ogm";

impl OgmSpec {
    /// OGM-GE's settings in a recipe.
    pub(super) fn in_recipe(recipe: &Recipe) -> Result<Self, RecipeError> {
        recipe.own(SECTION)
    }
}

/// What others need to know of the method.
pub struct Facts;

impl MethodFacts for Facts {
    fn name(&self) -> &'static str {
        "ogm-ge"
    }

    fn card(&self) -> &'static str {
        include_str!("card.toml")
    }

    fn settings(&self) -> Option<OwnSettings> {
        Some(OwnSettings::new::<OgmSpec>(SECTION))
    }

    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        checks::several(recipe)?;
        let ogm = OgmSpec::in_recipe(recipe)?;
        checks::not_negative("ogm.alpha", ogm.alpha)?;
        checks::window(SECTION, ogm.start, ogm.end)
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
}
