//! Flex's tensors as slices and back.

use burn::backend::Flex;
use burn::backend::tensor::FloatTensor;
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
