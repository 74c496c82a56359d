//! Tensors of cubecl's devices (wgpu, CUDA), whose kernels are written once for all of them.

use std::sync::atomic::{AtomicU64, Ordering};

use burn::tensor::{DType, Shape};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::ops::{permute_nchw_to_nhwc, permute_nhwc_to_nchw};
pub use burn_cubecl::tensor::CubeTensor;

static LAUNCHES: AtomicU64 = AtomicU64::new(0);

/// How many of this crate's kernels this process has launched on cubecl's devices so far: whether
/// an operation went through them, and in how many launches.
pub fn launches() -> u64 {
    LAUNCHES.load(Ordering::Relaxed)
}

/// The client of a tensor's device, for one launch, which is counted.
pub fn launch_on(tensor: &CubeTensor) -> cubecl::client::Client {
    LAUNCHES.fetch_add(1, Ordering::Relaxed);
    tensor.client.clone()
}

/// How `[batch, channels, height, width]` lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// As the shape says.
    ChannelsFirst,
    /// As burn's convolutions on these devices write it: the channels of a position side by side.
    ChannelsLast,
}

impl Order {
    /// The order in which a tensor lies, or the one that it is to be copied to.
    pub fn native(tensor: &CubeTensor) -> Self {
        if !tensor.is_contiguous() && permute_nchw_to_nhwc(tensor.clone()).is_contiguous() {
            Self::ChannelsLast
        } else {
            Self::ChannelsFirst
        }
    }

    /// The same tensor in this order, without gaps; copied if it lies otherwise.
    pub fn dense(self, tensor: CubeTensor) -> CubeTensor {
        match self {
            Self::ChannelsFirst => into_contiguous(tensor),
            Self::ChannelsLast => {
                permute_nhwc_to_nchw(into_contiguous(permute_nchw_to_nhwc(tensor)))
            }
        }
    }

    /// A tensor of this order on the device of `like`, whose values are to be written.
    pub fn empty(self, shape: [usize; 4], like: &CubeTensor, dtype: DType) -> CubeTensor {
        let [batch, channels, height, width] = shape;
        match self {
            Self::ChannelsFirst => empty(shape, like, dtype),
            Self::ChannelsLast => {
                permute_nhwc_to_nchw(empty([batch, height, width, channels], like, dtype))
            }
        }
    }
}

/// A tensor without gaps on the device of `like`, whose values are to be written.
pub fn empty<const D: usize>(shape: [usize; D], like: &CubeTensor, dtype: DType) -> CubeTensor {
    empty_device_contiguous_dtype(
        like.client.clone(),
        like.device.clone(),
        Shape::new(shape),
        dtype,
    )
}
