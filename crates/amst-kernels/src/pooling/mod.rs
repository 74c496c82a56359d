//! Max-pooling of two dimensions, without dilation.
//!
//! burn keeps what was pooled, and eight bytes for every number that was chosen, until the gradient
//! comes. Here a byte is kept, and of the input nothing. LibTorch pools by itself, but on the
//! processors where this is faster.

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
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{DType, Tensor, module};

use crate::device::is_ours;
use operation::PoolingOps;

/// The largest of each window of `[batch, channels, height, width]`:
/// `[batch, channels, (height + 2 padding - size) / stride + 1, …]`.
///
/// Of equal ones the first counts, and one that is not a number is larger than any, as in PyTorch.
///
/// # Panics
///
/// If a window is empty, larger than the padded input or may hold nothing but padding, or the
/// stride is 0.
pub fn max_pool2d(x: Tensor<4>, size: usize, stride: usize, padding: usize) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    assert!(stride > 0, "a stride of 0 leads nowhere");
    let fits = size > 0
        && size <= height + 2 * padding
        && size <= width + 2 * padding
        && 2 * padding <= size;
    assert!(
        fits,
        "windows of {size} do not fit into {height}×{width} with a padding of {padding}"
    );
    let has_numbers = x.dtype() == DType::F32 && size * size < usize::from(u8::MAX);
    let x = x.into_dispatch();
    if !(has_numbers && is_ours(&x)) {
        let options = MaxPoolOptions::new([size; 2])
            .with_stride([stride; 2])
            .with_padding([padding; 2]);
        return module::max_pool2d(Tensor::from_dispatch(x), options);
    }
    Tensor::from_dispatch(Dispatch::pool(x, size, stride, padding))
}
