#![doc = include_str!("../README.md")]
//!
//! - [`batch_norm`]: batch normalisation, with the ReLU and the shortcut that follow it,
//! - [`convolution`]: convolution in two dimensions,
//! - [`pooling`]: max-pooling that keeps one byte a window for its backward pass,
//! - [`linear`]: linear layers with bias and GELU,
//! - [`attention`]: attention of several heads with mask and [`Dropout`],
//! - [`layer_norm`]: layer normalisation of a sum, with dropout before it,
//! - [`descent`]: an SGD step of many parameters, with momentum and weight decay,
//! - [`sums`]: sums, means and log-softmax whose order of additions is fixed,
//! - [`finite`]: whether any of many tensors holds a NaN or an infinity,
//! - `tf32` (LibTorch only): the switch for TF32 on GPUs.
//!
//! There are kernels for `flex`, for LibTorch and for cubecl's devices (features `flex`, `tch`, and
//! `wgpu` or `cuda`, which a *program* turns on together with the device). On a CPU with AVX2 and
//! without AVX-512, LibTorch's tensors use the kernels of `flex`, which were faster on the CPU that
//! was measured; `AMST_ONLY_LIBTORCH=1` in the environment turns that off. On cubecl's devices there
//! are [`batch_norm`], [`pooling`] and [`descent`], written once for all of them. Those of
//! transformers ([`linear`], [`attention`], [`layer_norm`]) and [`sums`] are for `flex` alone. On
//! any other device, and for any type but `f32` (and `bf16` in convolutions on LibTorch), burn's own
//! operations compute the same. On `flex` results depend neither on the number of threads nor on
//! which x86-64 processor with FMA computes them.
#![warn(missing_docs)]
#![recursion_limit = "256"]
// A build without these devices has no use for the kernels of host memory.
#![cfg_attr(
    not(any(feature = "flex", feature = "tch")),
    allow(
        dead_code,
        unreachable_code,
        unused_imports,
        unused_macros,
        unused_variables
    )
)]
// LibTorch is deprecated upstream and kept here (docs/decisions/0001).
#![cfg_attr(feature = "tch", allow(deprecated))]

pub mod attention;
mod avx2;
pub mod batch_norm;
pub mod convolution;
#[cfg(feature = "cube")]
mod cube;
pub mod descent;
mod device;
mod dropout;
pub mod finite;
#[cfg(feature = "flex")]
mod flex;
mod functions;
mod host;
pub mod layer_norm;
#[cfg(feature = "tch")]
mod libtorch;
pub mod linear;
mod matrix;
pub mod pooling;
mod product;
mod rows;
pub mod sums;
#[cfg(all(feature = "tch", not(windows)))]
pub mod tf32;

#[cfg(feature = "cube")]
pub use cube::launches;
pub use device::takes_bytes;
pub use dropout::Dropout;
