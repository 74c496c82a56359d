//! Flex's tensors as slices, and from and to burn's dispatched tensors.

pub use burn::backend::flex::FlexTensor;
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::{Shape, TensorData};

use crate::host::HostTensor;

impl HostTensor for FlexTensor {
    fn zeros(shape: Shape) -> Self {
        // The operating system gives zeroed pages, at no cost until they are written.
        FlexTensor::from_data(TensorData::new(vec![0.0f32; shape.num_elements()], shape))
    }

    fn contiguous(self) -> Self {
        self.to_contiguous()
    }

    fn values(&self) -> &[f32] {
        self.storage()
    }

    fn values_mut(&mut self) -> &mut [f32] {
        self.storage_mut()
    }
}

/// The Flex tensor inside a dispatched one without gradient.
///
/// # Panics
///
/// If the tensor is on another device.
pub fn from_dispatch(tensor: DispatchTensor) -> FlexTensor {
    match tensor.kind {
        DispatchTensorKind::Flex(own) => own.float(),
        #[allow(unreachable_patterns)] // Only Flex is compiled in.
        _ => panic!("tensors of one operation must be on one device"),
    }
}

/// Wraps a Flex tensor, without gradient.
pub fn into_dispatch(tensor: FlexTensor) -> DispatchTensor {
    DispatchTensor {
        kind: DispatchTensorKind::Flex(BackendTensor::Float(tensor)),
        autodiff: DispatchAutodiffContext::Disabled,
    }
}
