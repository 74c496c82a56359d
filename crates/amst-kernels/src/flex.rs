//! Flex's tensors as slices and back.

pub use burn::backend::flex::FlexTensor;
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind};
use burn::tensor::{Shape, TensorData};

use crate::host::Host;

impl Host for FlexTensor {
    fn zeros(shape: Shape) -> Self {
        // Pages that nobody has written cost nothing until somebody does.
        FlexTensor::from_data(TensorData::new(vec![0.0f32; shape.num_elements()], shape))
    }

    fn contiguous(self) -> Self {
        self.to_contiguous()
    }

    fn numbers(&self) -> &[f32] {
        self.storage()
    }

    fn numbers_mut(&mut self) -> &mut [f32] {
        self.storage_mut()
    }
}

/// The tensor itself, of one that lies here and carries no gradient.
///
/// # Panics
///
/// If it lies elsewhere.
pub fn from_dispatch(tensor: DispatchTensor) -> FlexTensor {
    match tensor.kind {
        DispatchTensorKind::Flex(own) => own.float(),
        #[allow(unreachable_patterns)] // Where there is no other device.
        _ => panic!("tensors of one operation lie on one device"),
    }
}

/// The way back.
pub fn into_dispatch(tensor: FlexTensor) -> DispatchTensor {
    let kind = DispatchTensorKind::Flex(BackendTensor::Float(tensor));
    DispatchTensor {
        kind,
        autodiff: DispatchAutodiffContext::Disabled,
    }
}
