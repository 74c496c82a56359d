//! Which devices have kernels in this build.

use burn::backend::{DispatchTensor, DispatchTensorKind};

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

/// Whether they compute in `bf16` too.
pub fn has_bf16_kernels(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// The device below gradients.
fn place(kind: &DispatchTensorKind) -> &DispatchTensorKind {
    match kind {
        DispatchTensorKind::Autodiff(inner) => place(inner),
        other => other,
    }
}
