//! Tensors in host memory as slices, for every backend that has such.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;

/// A tensor of `f32` that this process can read and write.
pub trait HostTensor: TensorMetadata + Clone {
    /// A tensor of zeros.
    fn zeros(shape: Shape) -> Self;

    /// The same tensor in C order, without gaps or an offset in its storage.
    fn contiguous(self) -> Self;

    /// The values of a tensor that is [`contiguous`](HostTensor::contiguous).
    fn values(&self) -> &[f32];

    /// The same to write: in place where the storage is not shared, otherwise of a copy.
    fn values_mut(&mut self) -> &mut [f32];

    /// A tensor of one dimension.
    fn vector(values: impl ExactSizeIterator<Item = f32>) -> Self {
        let mut tensor = Self::zeros(Shape::new([values.len()]));
        for (to, value) in tensor.values_mut().iter_mut().zip(values) {
            *to = value;
        }
        tensor
    }
}
