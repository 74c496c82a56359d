//! Which devices have kernels in this build, and which are GPUs.

#[cfg(feature = "tch")]
use burn::backend::{BackendTensor, LibTorchDevice};
use burn::backend::{DispatchDevice, DispatchTensor, DispatchTensorKind};
use burn::tensor::{DType, Device};

#[cfg(feature = "tch")]
use crate::libtorch;

/// Whether this build has kernels for a tensor's device.
pub fn has_kernels(tensor: &DispatchTensor) -> bool {
    has_convolution_kernels(tensor) || is_cube(tensor)
}

/// Whether a tensor is on one of cubecl's devices, and this build has their kernels.
pub fn is_cube(tensor: &DispatchTensor) -> bool {
    match without_autodiff(&tensor.kind) {
        #[cfg(feature = "cube")]
        DispatchTensorKind::Cube(_) => true,
        #[allow(unreachable_patterns)] // They may be the only devices of the build.
        _ => false,
    }
}

/// Whether this build convolves on a tensor's device. On cubecl's devices burn does: it searches
/// for the fastest of several ways.
pub fn has_convolution_kernels(tensor: &DispatchTensor) -> bool {
    match without_autodiff(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)] // Every device of the build has kernels.
        _ => false,
    }
}

/// Whether a tensor of `f32` is in host memory and this crate's host kernels compute from it.
pub fn uses_host_kernels(tensor: &DispatchTensor) -> bool {
    match without_autodiff(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(BackendTensor::Float(own)) => {
            libtorch::uses_host_kernels(&own.tensor)
        }
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// Whether a tensor is on Flex, and this build has its kernels.
pub fn is_flex(tensor: &DispatchTensor) -> bool {
    match without_autodiff(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[allow(unreachable_patterns)] // Flex may be the only device of the build.
        _ => false,
    }
}

/// Whether the kernels of a tensor's device compute in `bf16` too.
pub fn has_bf16_kernels(tensor: &DispatchTensor) -> bool {
    match without_autodiff(&tensor.kind) {
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// Whether pictures should travel to a device as bytes and become numbers there: it has memory of
/// its own, so that uploads take time, and it stores bytes, which shaders in WGSL do not.
pub fn takes_bytes(device: &Device) -> bool {
    is_gpu(device) && device.supports_dtype(DType::U8)
}

/// Whether a device has memory of its own. Any device other than the CPU backends that this build
/// has kernels for counts as a GPU.
fn is_gpu(device: &Device) -> bool {
    match device.clone().inner().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => false,
        #[cfg(feature = "tch")]
        DispatchDevice::LibTorch(LibTorchDevice::Cpu) => false,
        _ => true,
    }
}

/// The device inside any autodiff wrapper.
fn without_autodiff(kind: &DispatchTensorKind) -> &DispatchTensorKind {
    match kind {
        DispatchTensorKind::Autodiff(inner) => without_autodiff(inner),
        other => other,
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_is_no_gpu_with_and_without_autodiff() {
        assert!(!is_gpu(&Device::flex()) && !is_gpu(&Device::flex().autodiff()));
        assert!(!takes_bytes(&Device::flex()));
    }
}
