//! The systems that can be trained.

use serde::{Deserialize, Serialize};

use crate::{
    BudgetUnit, Every, FusionHead, MlaFusion, MlaModification, Modality, MslrStrategy, Rates,
    Recipe,
};

/// The systems that can be trained: those of the paper's Table 1, then three whose ideas it
/// measures itself against.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum MethodName {
    /// One modality alone.
    Unimodal,
    /// All modalities, one loss on the fused logits, nothing else.
    Naive,
    /// On-the-fly gradient modulation with generalisation enhancement.
    OgmGe,
    /// Prototypical modal rebalance.
    Pmr,
    /// Modality-specific learning rates.
    Mslr,
    /// Multimodal learning with alternating unimodal adaptation.
    Mla,
    /// The alternating module alone (Algorithm 1).
    AmstAlt,
    /// The joint module alone (Algorithm 2).
    AmstJoint,
    /// Both modules, their logits averaged (Section 3.4).
    AmstFull,
    /// Gradient blending by overfitting-to-generalisation ratios.
    GradientBlending,
    /// Adaptive gradient modulation by mono-modal responses.
    Agm,
    /// Each modality stops for good once it has converged (Figure 4 b).
    EarlyStopping,
}

impl MethodName {
    /// Every method: Table 1's in its order, then the further ones.
    pub const ALL: [MethodName; 12] = [
        MethodName::Unimodal,
        MethodName::Naive,
        MethodName::OgmGe,
        MethodName::Pmr,
        MethodName::Mslr,
        MethodName::Mla,
        MethodName::AmstAlt,
        MethodName::AmstJoint,
        MethodName::AmstFull,
        MethodName::GradientBlending,
        MethodName::Agm,
        MethodName::EarlyStopping,
    ];

    /// The name used in recipes and folders.
    pub fn name(self) -> &'static str {
        match self {
            MethodName::Unimodal => "unimodal",
            MethodName::Naive => "naive",
            MethodName::OgmGe => "ogm-ge",
            MethodName::Pmr => "pmr",
            MethodName::Mslr => "mslr",
            MethodName::Mla => "mla",
            MethodName::AmstAlt => "amst-alt",
            MethodName::AmstJoint => "amst-joint",
            MethodName::AmstFull => "amst-full",
            MethodName::GradientBlending => "gradient-blending",
            MethodName::Agm => "agm",
            MethodName::EarlyStopping => "early-stopping",
        }
    }

    /// The method of a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|m| m.name() == name)
    }

    /// The section of the recipe that holds its own settings, where it has any.
    pub fn section(self) -> Option<&'static str> {
        match self {
            MethodName::Naive => Some("naive"),
            MethodName::OgmGe => Some("ogm"),
            MethodName::Pmr => Some("pmr"),
            MethodName::Mslr => Some("mslr"),
            MethodName::Mla => Some("mla"),
            MethodName::GradientBlending => Some("blending"),
            MethodName::Agm => Some("agm"),
            MethodName::EarlyStopping => Some("stopping"),
            MethodName::Unimodal
            | MethodName::AmstAlt
            | MethodName::AmstJoint
            | MethodName::AmstFull => None,
        }
    }

    /// Whether the skip schedule decides what it trains.
    pub fn skips(self) -> bool {
        matches!(
            self,
            MethodName::AmstAlt | MethodName::AmstJoint | MethodName::AmstFull
        )
    }
}

/// Every section of a recipe that belongs to one method.
pub(crate) fn sections() -> impl Iterator<Item = &'static str> {
    MethodName::ALL.into_iter().filter_map(MethodName::section)
}

impl Recipe {
    /// The same system under one name: MLA with even fusion and untouched gradients is the
    /// alternating module that never skips (D19), MSLR that keeps its rates is Naive with
    /// rates, and Naive over concatenated embeddings is the joint module that never skips.
    /// So no system is trained twice under two names.
    pub fn canonical(&self) -> Recipe {
        let mut recipe = self.clone();
        match self.method {
            MethodName::Mslr if self.mslr.strategy == MslrStrategy::Keep => {
                recipe.method = MethodName::Naive;
                recipe.naive.head = self.mslr.head;
                recipe.naive.lr = self.mslr.lr;
            }
            MethodName::Mla
                if self.mla.fusion == MlaFusion::Even
                    && self.mla.modification == MlaModification::Off =>
            {
                recipe.never_skipping(MethodName::AmstAlt);
            }
            _ => {}
        }
        recipe.drop_idle_rates();
        if recipe.method == MethodName::Naive
            && recipe.naive.head == FusionHead::Concat
            && recipe.naive.lr == Rates::default()
        {
            recipe.never_skipping(MethodName::AmstJoint);
        }
        if !recipe.method.skips() {
            recipe.never_skipping(recipe.method);
        }
        if recipe.budget.unit == BudgetUnit::Epochs {
            recipe.budget.amount = 0.0;
        }
        recipe
    }

    fn never_skipping(&mut self, method: MethodName) {
        self.method = method;
        for modality in Modality::ALL {
            *self.skip.of_mut(modality) = Every::Epochs(1);
        }
    }

    /// A rate equal to the common one, or of a modality that is absent, says nothing.
    fn drop_idle_rates(&mut self) {
        for modality in Modality::ALL {
            let rate = self.naive.lr.of_mut(modality);
            if *rate == self.optim.lr || !self.modalities.contains(&modality) {
                *rate = 0.0;
            }
        }
    }
}
