//! Max-pooling in two dimensions, without dilation.
//!
//! For the backward pass burn keeps the input and eight bytes of each window; here one byte of each
//! window is kept, or four on cubecl's devices, whose shaders have no bytes. LibTorch's own pooling
//! is used except on CPUs where this crate's is faster.

#[cfg(feature = "cube")]
mod cube;
mod host;
mod kernel;
mod operation;

use burn::backend::Dispatch;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Tensor, module};

use crate::device::{is_cube, uses_host_kernels};
use kernel::Windows;
use operation::PoolingOps;

/// The largest value of each window of `[batch, channels, height, width]`:
/// `[batch, channels, (height + 2 padding - size) / stride + 1, …]`.
///
/// The first of equal values counts, and NaN is larger than any value, as in PyTorch.
///
/// # Panics
///
/// If a window is empty, larger than the padded input or may hold nothing but padding, or the
/// stride is 0.
pub fn max_pool2d(x: Tensor<4>, size: usize, stride: usize, padding: usize) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    assert!(stride > 0, "the stride must be positive");
    let fits = size > 0
        && size <= height + 2 * padding
        && size <= width + 2 * padding
        && 2 * padding <= size;
    assert!(
        fits,
        "windows of {size} do not fit into {height}×{width} with a padding of {padding}"
    );
    // A tap is kept in a byte.
    let fits_kernel = x.dtype() == DType::F32 && size * size < usize::from(u8::MAX);
    let x = x.into_dispatch();
    if !(fits_kernel && (uses_host_kernels(&x) || is_cube(&x))) {
        let options = MaxPoolOptions::new([size; 2])
            .with_stride([stride; 2])
            .with_padding([padding; 2]);
        return module::max_pool2d(Tensor::from_dispatch(x), options);
    }
    let windows = Windows {
        size,
        stride,
        padding,
    };
    Tensor::from_dispatch(Dispatch::pool(x, windows))
}
