//! Kinds of settings that several methods have, and the budget that every run has.

use serde::{Deserialize, Serialize};

use crate::Modality;

/// How the embeddings of a jointly trained network become fused logits (docs/paper.md §2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FusionHead {
    /// A linear layer with bias a modality, logits added: what the published code does (D5).
    LateSum,
    /// One linear layer over the concatenated embeddings.
    Concat,
    /// One linear layer over the sum of the embeddings: what the paper says of Naive (D5).
    SharedSum,
}

/// A number a modality; 0 where none is given. Recorded cases name modalities by their letters,
/// which `--set` does not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Of audio.
    #[serde(alias = "a")]
    pub audio: f64,
    /// Of text.
    #[serde(alias = "t")]
    pub text: f64,
    /// Of pictures.
    #[serde(alias = "v")]
    pub visual: f64,
}

impl Rates {
    /// The number of one modality.
    pub fn of(&self, modality: Modality) -> f64 {
        match modality {
            Modality::Audio => self.audio,
            Modality::Text => self.text,
            Modality::Visual => self.visual,
        }
    }

    /// The same, to be changed.
    pub fn of_mut(&mut self, modality: Modality) -> &mut f64 {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Text => &mut self.text,
            Modality::Visual => &mut self.visual,
        }
    }
}

/// What a run may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum BudgetUnit {
    /// `epochs`, whatever they cost.
    Epochs,
    /// Updates of encoders, counted in batches.
    Updates,
    /// Seconds of training, which no two runs spend alike.
    Seconds,
}

/// A budget that makes systems comparable that spend differently an epoch.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct BudgetSpec {
    /// What is counted. The learning rate then drops at the same share of the budget as of
    /// `epochs`.
    pub unit: BudgetUnit,
    /// How much; 0 with `updates` is what Naive spends in `epochs`.
    pub amount: f64,
}

impl Default for BudgetSpec {
    fn default() -> Self {
        Self {
            unit: BudgetUnit::Epochs,
            amount: 0.0,
        }
    }
}
