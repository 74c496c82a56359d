//! Which devices have kernels in this build.

use burn::backend::{DispatchTensor, DispatchTensorKind};

/// Whether normalisation has kernels where a tensor lies.
pub fn has_normalisation(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
        #[cfg(feature = "tch")]
        DispatchTensorKind::LibTorch(_) => true,
        #[allow(unreachable_patterns)] // Where every device of the build has kernels.
        _ => false,
    }
}

/// Whether a tensor lies on Flex, for what has kernels there alone.
pub fn has_flex_kernels(tensor: &DispatchTensor) -> bool {
    match place(&tensor.kind) {
        #[cfg(feature = "flex")]
        DispatchTensorKind::Flex(_) => true,
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
