//! The settings of the compared methods, a section each.

use serde::{Deserialize, Serialize};

use crate::Modality;

/// How the embeddings of a jointly trained network become fused logits (METHODS 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum FusionHead {
    /// A linear layer with bias a modality, logits added: what the published code does (D5).
    LateSum,
    /// One linear layer over the concatenated embeddings.
    Concat,
    /// One linear layer over the sum of the embeddings: what the paper says of Naive (D5).
    SharedSum,
}

/// A number a modality; 0 where none is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Rates {
    /// Of audio.
    pub audio: f64,
    /// Of text.
    pub text: f64,
    /// Of pictures.
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

    pub(crate) fn of_mut(&mut self, modality: Modality) -> &mut f64 {
        match modality {
            Modality::Audio => &mut self.audio,
            Modality::Text => &mut self.text,
            Modality::Visual => &mut self.visual,
        }
    }
}

/// Naive (METHODS 4.2).
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

/// OGM-GE (METHODS 4.3).
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

/// PMR (METHODS 4.4).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct PmrSpec {
    /// The fusion head.
    pub head: FusionHead,
    /// Weight of the prototype losses.
    pub alpha: f64,
    /// What a new prototype keeps of the old one, from the second epoch on.
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

/// MSLR (METHODS 4.5).
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
    /// Nothing, as every public version of it (METHODS 4.6).
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

/// MLA (METHODS 4.6).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MlaSpec {
    /// Fusion at test time.
    pub fusion: MlaFusion,
    /// Weights of `fusion = fixed`, which add up to 1.
    pub shares: Rates,
    /// Gradient modification.
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

/// Gradient blending (METHODS 4.7).
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

/// AGM (METHODS 4.7).
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

/// Early stopping of a modality (Section 3.1, Figure 4 b; METHODS 4.7).
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

/// What a run may spend.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
#[cfg_attr(test, derive(schemars::JsonSchema))]
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
