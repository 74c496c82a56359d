//! Layer normalisation (Ba, Kiros and Hinton 2016) of the sum that ends each half of a
//! transformer's layer.
//!
//! Dropout, the sum and the normalisation are one pass over the rows; burn makes ten, and keeps
//! most of their results for the backward pass.

mod host;
mod kernel;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::{DType, Tensor, module};

use crate::device::is_flex;
use crate::dropout::Dropout;
use operation::LayerNormOps;

/// `gamma (s - mean) / sqrt(variance + epsilon) + beta` of every row of
/// `s = dropout(x) + shortcut`, `[…, width]`; the variance is the biased one.
///
/// `gamma` and `beta` are `[width]`.
///
/// # Panics
///
/// If shapes do not fit together.
pub fn add_layer_norm<const D: usize>(
    x: Tensor<D>,
    shortcut: Tensor<D>,
    dropout: Option<Dropout>,
    [gamma, beta]: [Tensor<1>; 2],
    epsilon: f64,
) -> Tensor<D> {
    let (shape, [width], [shifts]) = (x.dims(), gamma.dims(), beta.dims());
    assert!(
        shape == shortcut.dims() && [width, shifts] == [shape[D - 1]; 2] && width > 0,
        "{shape:?} and a shortcut of {:?} cannot be normalised with {width} scales and {shifts} \
         shifts",
        shortcut.dims()
    );
    if let Some(dropout) = &dropout {
        dropout.check(shape.iter().product());
    }
    let is_f32 = [x.dtype(), shortcut.dtype(), gamma.dtype(), beta.dtype()] == [DType::F32; 4];
    let x = x.into_dispatch();
    if !(is_f32 && is_flex(&x)) {
        let x = Tensor::<D>::from_dispatch(x);
        let x = match dropout {
            Some(dropout) => dropout.apply(x),
            None => x,
        };
        return module::layer_norm(x + shortcut, gamma, Some(beta), epsilon);
    }
    Tensor::from_dispatch(Dispatch::normalise_sum(
        x,
        shortcut.into_dispatch(),
        gamma.into_dispatch(),
        beta.into_dispatch(),
        dropout,
        epsilon,
    ))
}
