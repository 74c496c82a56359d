//! The fusion heads: from embeddings to logits.
//!
//! Every head answers two questions: the logits of one modality alone, and the fused logits
//! of those modalities that are present. All embeddings have one width D.

mod concat;
mod late_sum;
mod shared;
mod sum;

use amst_encoders::Normal;
use burn::module::{Module, ParamId};
use burn::tensor::{Device, Tensor};
pub use concat::ConcatHead;
pub use late_sum::LateSumHead;
pub use shared::SharedHead;
pub use sum::SumHead;

/// Which head a branch has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadKind {
    /// [`SharedHead`].
    Shared,
    /// [`ConcatHead`].
    Concat,
    /// [`SumHead`].
    Sum,
    /// [`LateSumHead`].
    LateSum,
}

/// A head, chosen at run time.
#[derive(Module, Debug)]
pub enum Head {
    /// One linear layer that every modality passes through alone.
    Shared(SharedHead),
    /// One linear layer over the concatenated embeddings.
    Concat(ConcatHead),
    /// One linear layer over the sum of the embeddings.
    Sum(SumHead),
    /// One linear layer a modality, logits added.
    LateSum(LateSumHead),
}

impl HeadKind {
    /// A head for `modalities` modalities of width `embed`: Xavier normal weights, bias 0.
    pub fn init(
        self,
        modalities: usize,
        embed: usize,
        classes: usize,
        normal: Normal<'_>,
        device: &Device,
    ) -> Head {
        match self {
            HeadKind::Shared => Head::Shared(SharedHead::new(embed, classes, normal, device)),
            HeadKind::Concat => {
                Head::Concat(ConcatHead::new(modalities, embed, classes, normal, device))
            }
            HeadKind::Sum => Head::Sum(SumHead::new(modalities, embed, classes, normal, device)),
            HeadKind::LateSum => {
                Head::LateSum(LateSumHead::new(modalities, embed, classes, normal, device))
            }
        }
    }
}

impl Head {
    /// Logits of the modality at `index` alone: `[batch, D]` to `[batch, classes]`.
    pub fn modality(&self, index: usize, embedding: Tensor<2>) -> Tensor<2> {
        match self {
            Head::Shared(head) => head.forward(embedding),
            Head::Concat(head) => head.modality(index, embedding),
            Head::Sum(head) => head.modality(embedding),
            Head::LateSum(head) => head.modality(index, embedding),
        }
    }

    /// Fused logits of the modalities that are present, given as (index, embedding).
    ///
    /// # Panics
    ///
    /// When nothing is present.
    pub fn fused(&self, present: &[(usize, Tensor<2>)]) -> Tensor<2> {
        match self {
            Head::Shared(head) => head.fused(present),
            Head::Concat(head) => head.fused(present),
            Head::Sum(head) => head.fused(present),
            Head::LateSum(head) => head.fused(present),
        }
    }

    /// The weights that every modality passes through alone, where there are such.
    pub(crate) fn shared_weight(&self) -> Option<ParamId> {
        match self {
            Head::Shared(head) => Some(head.weight()),
            Head::Concat(_) | Head::Sum(_) | Head::LateSum(_) => None,
        }
    }
}

/// The sum of a non-empty list of tensors.
fn sum(terms: impl Iterator<Item = Tensor<2>>) -> Tensor<2> {
    terms
        .reduce(|total, term| total + term)
        .expect("fusing needs at least one modality")
}
