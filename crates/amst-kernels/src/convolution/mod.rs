//! Convolution in two dimensions, without bias, groups or dilation, as ResNets use it.
//!
//! Pictures are unfolded tile by tile (im2col) and multiplied by the kernels as one matrix. With a
//! stride of 1, the input's gradient is the convolution of the output's with kernels rotated by
//! 180°; the kernels' gradient is one matrix product over all positions. LibTorch has its own
//! kernels.

#[cfg(feature = "flex")]
mod flex;
mod host;
mod kernel;
#[cfg(feature = "tch")]
mod libtorch;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::module;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Tensor};

use crate::device::{has_bf16_kernels, has_convolution_kernels};
use operation::{ConvParams, ConvolutionOps};

/// Convolves `[batch, inputs, height, width]` with kernels `[outputs, inputs, kernel height, kernel
/// width]`.
///
/// `stride` and `padding` apply to both dimensions; the result is
/// `[batch, outputs, (height + 2 padding - kernel height) / stride + 1, …]`.
///
/// # Panics
///
/// If shapes do not fit together, the stride is 0 or a kernel is larger than the padded input.
pub fn conv2d(x: Tensor<4>, kernels: Tensor<4>, stride: usize, padding: usize) -> Tensor<4> {
    let [_, inputs, height, width] = x.dims();
    let [_, kernel_inputs, kernel_height, kernel_width] = kernels.dims();
    assert_eq!(
        inputs, kernel_inputs,
        "kernels are for {kernel_inputs} channels, the input has {inputs}"
    );
    assert!(stride > 0, "a stride of 0 moves nowhere: use 1 or more");
    assert!(
        (1..=height + 2 * padding).contains(&kernel_height)
            && (1..=width + 2 * padding).contains(&kernel_width),
        "kernels of {kernel_height}×{kernel_width} do not fit into {height}×{width} with a padding \
         of {padding}"
    );
    let (dtype, same_dtype) = (x.dtype(), x.dtype() == kernels.dtype());
    let x = x.into_dispatch();
    let has_kernels = same_dtype
        && match dtype {
            DType::F32 => has_convolution_kernels(&x),
            DType::BF16 => has_bf16_kernels(&x),
            _ => false,
        };
    if !has_kernels {
        let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
        return module::conv2d(Tensor::from_dispatch(x), kernels, None, options);
    }
    Tensor::from_dispatch(Dispatch::convolve(
        x,
        kernels.into_dispatch(),
        ConvParams { stride, padding },
    ))
}
