//! Which devices have kernels in this build, and which lie across a bus.

#[cfg(feature = "tch")]
use burn::backend::{BackendTensor, LibTorchDevice};
use burn::backend::{DispatchDevice, DispatchTensor, DispatchTensorKind};
use burn::tensor::Device;

#[cfg(feature = "tch")]
use crate::libtorch::is_slower_than_ours;

/// Whether there are kernels where a tensor lies.
pub fn has_kernels(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)] // Where every device of the build has kernels.
        _ => false,
    }
}

/// Whether a tensor of `f32` lies in the processor's memory and this crate's kernels are to compute
/// from it.
pub fn is_ours(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(BackendTensor::Float(own)) => is_slower_than_ours(&own.tensor),
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// Whether they compute in `bf16` too.
pub fn has_bf16_kernels(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// Whether a device has a memory of its own, so that what is moved to it takes time. What is no
/// processor that this build has kernels for counts as one.
pub fn is_gpu(device: &Device) -> bool {
    match device.clone().inner().as_dispatch() {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => false,
        #[cfg(feature = "tch")]
        DispatchDevice::LibTorch(LibTorchDevice::Cpu) => false,
        _ => true,
    }
}

/// The device below gradients.
fn place(kind: &DispatchTensorKind) -> &DispatchTensorKind {
    match kind {
        DispatchTensorKind::Autodiff(inner) => place(inner),
        other => other,
    }
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_no_gpu_with_and_without_gradients() {
        assert!(!is_gpu(&Device::flex()) && !is_gpu(&Device::flex().autodiff()));
    }
}
