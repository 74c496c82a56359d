//! Sums and means whose order of additions is fixed.
//!
//! burn adds as many numbers at a time as the processor's vectors hold, so that the same sum is
//! rounded in another order with AVX-512 than with AVX2. Here it is always eight, as burn does with
//! AVX2: every processor gives the same bits.

mod kernel;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::{DType, Tensor, activation};

use crate::device::is_flex;
use operation::{Reduction, SumOps};

/// The sum over the last dimension, which stays with length 1: `[…, n]` to `[…, 1]`.
pub fn sum_last<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernel(&x) {
        return x.sum_dim(D - 1);
    }
    let sums = Dispatch::reduce_last(x.into_dispatch(), Reduction::Sum);
    Tensor::from_dispatch(sums)
}

/// The mean over the last dimension, which stays with length 1: `[…, n]` to `[…, 1]`.
pub fn mean_last<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    if !has_kernel(&x) {
        return x.mean_dim(D - 1);
    }
    let means = Dispatch::reduce_last(x.into_dispatch(), Reduction::Mean);
    Tensor::from_dispatch(means)
}

/// The sum of all elements, `[1]`.
pub fn sum_all<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    sum_last(x.flatten::<1>(0, D - 1))
}

/// The mean of all elements, `[1]`.
pub fn mean_all<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    mean_last(x.flatten::<1>(0, D - 1))
}

/// Softmax over the last dimension, `[…, classes]`.
pub fn softmax<const D: usize>(logits: Tensor<D>) -> Tensor<D> {
    // Without gradients burn computes it at once, and adds one number after the other.
    if !has_kernel(&logits) || !logits.device().is_autodiff() {
        return activation::softmax(logits, D - 1);
    }
    let largest = logits.clone().detach().max_dim(D - 1);
    let powers = (logits - largest).exp();
    let sums = sum_last(powers.clone());
    powers / sums
}

/// The logarithm of softmax over the last dimension, `[…, classes]`.
pub fn log_softmax<const D: usize>(logits: Tensor<D>) -> Tensor<D> {
    if !has_kernel(&logits) {
        return activation::log_softmax(logits, D - 1);
    }
    let largest = logits.clone().detach().max_dim(D - 1);
    let shifted = logits - largest;
    let log_of_sum = sum_last(shifted.clone().exp()).log();
    shifted - log_of_sum
}

fn has_kernel<const D: usize>(x: &Tensor<D>) -> bool {
    x.dtype() == DType::F32 && is_flex(&x.clone().into_dispatch())
}
