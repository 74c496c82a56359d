//! What training a ResNet spends its time in, as one operation each.
//!
//! - [`batch_norm`]: normalisation, with the rectifier and the shortcut that follow it,
//! - [`convolution`]: convolution of two dimensions, forward and both gradients,
//! - [`pooling`]: the largest of each window, with gradients that keep a byte of it,
//! - [`descent`]: a step of many parameters, with momentum and weight decay,
//! - [`finite`]: whether numbers are numbers.
//!
//! With LibTorch there is its switch for TF32 on GPUs too, `tf32`.
//!
//! There are kernels for `flex` and for LibTorch (features `flex` and `tch`, which a *program*
//! turns on together with the device). Where LibTorch's tensors lie in the memory of a processor
//! that has AVX2 and not AVX-512, the kernels are those of `flex`, which were faster on the one
//! that was measured; `AMST_ONLY_LIBTORCH=1` in the environment leaves everything to LibTorch. On
//! any other device, and for any type but `f32` (and `bf16` in convolutions on LibTorch), burn's
//! own operations compute the same. On `flex` results do not depend on the number of threads.
//!
//! ```
//! use amst_kernels::batch_norm::{Then, train};
//! use burn::tensor::{Device, Tensor};
//!
//! let device = Device::flex().autodiff();
//! let x = Tensor::<4>::from_floats([[[[1.0, 3.0]], [[10.0, 30.0]]]], &device);
//! let (gamma, beta) = (Tensor::ones([2], &device), Tensor::zeros([2], &device));
//! let done = train(x, gamma, beta, 0.0, Then::Relu);
//! let floats = |t: burn::tensor::TensorData| t.try_to_vec::<f32>().unwrap();
//! assert_eq!(floats(done.output.into_data()), [0.0, 1.0, 0.0, 1.0]);
//! assert_eq!(floats(done.mean.into_data()), [2.0, 20.0]);
//! assert_eq!(floats(done.variance.into_data()), [1.0, 100.0]);
//! ```
#![warn(missing_docs)]
#![recursion_limit = "256"]
// A build without kernels has no device to choose.
#![cfg_attr(
    not(any(feature = "flex", feature = "tch")),
    allow(unused_imports, unused_variables, unreachable_code)
)]
// LibTorch is deprecated upstream and kept here (docs/decisions/0001).
#![cfg_attr(feature = "tch", allow(deprecated))]

pub mod batch_norm;
pub mod convolution;
pub mod descent;
mod device;
pub mod finite;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "tch"))]
mod host;
#[cfg(feature = "tch")]
mod libtorch;
pub mod pooling;
#[cfg(all(feature = "tch", not(windows)))]
pub mod tf32;
#[cfg(any(feature = "flex", feature = "tch"))]
mod wide;

pub use device::is_gpu;
