//! Flex's tensors as slices and back.

use burn::backend::tensor::FloatTensor;
use burn::backend::{BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, Flex};
use burn::tensor::{Shape, TensorData};

pub type FlexTensor = FloatTensor<Flex>;

/// In C order, and the whole of what it lies in.
pub fn contiguous(tensor: FlexTensor) -> FlexTensor {
    tensor.to_contiguous()
}

/// The numbers of a tensor that is [`contiguous`].
pub fn numbers(tensor: &FlexTensor) -> &[f32] {
    tensor.storage()
}

/// A tensor in C order.
pub fn tensor(values: Vec<f32>, shape: Shape) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
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
    DispatchTensor { kind, autodiff: DispatchAutodiffContext::Disabled }
}
