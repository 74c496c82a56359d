//! What dropout drops, decided by the caller, and how the operations of this crate apply it.

use std::sync::Arc;

use burn::tensor::{Bool, Tensor, TensorData};

/// Which values dropout sets to 0 (Srivastava et al. 2014); the others are divided by the
/// probability of keeping them.
#[derive(Clone, Debug)]
pub struct Dropout {
    dropped: Arc<[bool]>,
    scale: f32,
}

impl Dropout {
    /// Drops the values that `dropped` says, in C order of the tensor that it is applied to; each
    /// was to be dropped with `probability`.
    ///
    /// # Panics
    ///
    /// If the probability is not in `0..1`.
    pub fn new(dropped: Vec<bool>, probability: f64) -> Self {
        assert!(
            (0.0..1.0).contains(&probability),
            "a probability of {probability} is not from 0 to below 1"
        );
        Self {
            dropped: dropped.into(),
            scale: (1.0 / (1.0 - probability)) as f32,
        }
    }

    /// Applies it to a tensor, by burn's own operations.
    ///
    /// # Panics
    ///
    /// If the tensor has another number of values.
    pub fn apply<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let shape = x.dims();
        self.check(shape.iter().product());
        let dropped = TensorData::new(self.dropped.to_vec(), shape);
        let dropped = Tensor::<D, Bool>::from_data(dropped, &x.device());
        x.mask_fill(dropped, 0.0).mul_scalar(self.scale)
    }

    pub(crate) fn check(&self, count: usize) {
        assert_eq!(
            self.dropped.len(),
            count,
            "dropout for {} values is applied to {count}",
            self.dropped.len()
        );
    }

    /// Which of some values are dropped, and the factor of the others.
    #[inline(always)]
    pub(crate) fn part(&self, start: usize, count: usize) -> DroppedValues<'_> {
        DroppedValues {
            dropped: &self.dropped[start..start + count],
            scale: self.scale,
        }
    }
}

/// [`Dropout`] of a row.
#[derive(Clone, Copy)]
pub(crate) struct DroppedValues<'a> {
    dropped: &'a [bool],
    scale: f32,
}

impl DroppedValues<'_> {
    /// A value after dropout, or its gradient before it.
    #[inline(always)]
    pub(crate) fn apply(&self, index: usize, value: f32) -> f32 {
        let kept = value * self.scale;
        if self.dropped[index] { 0.0 } else { kept }
    }
}
