//! Convolution of two dimensions, without bias, groups or dilation: what a ResNet is made of.
//!
//! Pictures are unfolded tile by tile (im2col) and multiplied by the kernels as one matrix. Where
//! the stride is 1, the input's gradient is the convolution of the output's with kernels turned
//! around; the kernels' gradient is one product over all positions. LibTorch has kernels of its
//! own.

#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host;
#[cfg(any(feature = "flex", feature = "tch"))]
mod kernel;
#[cfg(feature = "tch")]
mod libtorch;
#[cfg_attr(
    not(any(feature = "flex", feature = "tch")),
    allow(dead_code, unused_variables)
)]
// Of a build without kernels.
mod operation;

use burn::backend::Dispatch;
use burn::tensor::module;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Tensor};

use crate::device::{has_bf16_kernels, has_kernels};
use operation::ConvolutionOps;
#[cfg(feature = "tch")]
pub(crate) use operation::Steps;

/// Convolves `[batch, inputs, height, width]` with kernels `[outputs, inputs, kernel height, kernel
/// width]`.
///
/// `stride` and `padding` count for both dimensions; the result is
/// `[batch, outputs, (height + 2 padding - kernel height) / stride + 1, …]`.
///
/// # Panics
///
/// If shapes do not fit together, the stride is 0 or a kernel is larger than the padded input.
pub fn conv2d(x: Tensor<4>, kernels: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let ([_, inputs, height, width], [_, of_kernels, high, wide]) = (x.dims(), kernels.dims());
    assert_eq!(
        inputs, of_kernels,
        "kernels are for {of_kernels} channels, the input has {inputs}"
    );
    assert!(stride > 0, "a stride of 0 leads nowhere");
    let fits = high <= height + 2 * padding && wide <= width + 2 * padding && high > 0 && wide > 0;
    assert!(
        fits,
        "kernels of {high}×{wide} do not fit into {height}×{width} with a padding of {padding}"
    );
    let dtype = if x.dtype() == kernels.dtype() {
        Some(x.dtype())
    } else {
        None
    };
    let x = x.into_dispatch();
    let has_kernels = match dtype {
        Some(DType::F32) => has_kernels(&x),
        Some(DType::BF16) => has_bf16_kernels(&x),
        _ => false,
    };
    if !has_kernels {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        return module::conv2d(Tensor::from_dispatch(x), kernels, None, options);
    }
    Tensor::from_dispatch(Dispatch::convolve(
        x,
        kernels.into_dispatch(),
        stride,
        padding,
    ))
}
