//! Tensors in the processor's own memory as slices, whichever of burn's devices made them.

use burn::backend::TensorMetadata;
use burn::tensor::Shape;

/// A tensor of `f32` that this process can read and write.
pub trait Host: TensorMetadata + Clone {
    /// Zeros.
    fn zeros(shape: Shape) -> Self;

    /// In C order, and the whole of what it lies in.
    fn contiguous(self) -> Self;

    /// The numbers of a tensor that is [`contiguous`](Host::contiguous).
    fn numbers(&self) -> &[f32];

    /// The same to be written: in place where nobody else holds them, of a copy otherwise.
    fn numbers_mut(&mut self) -> &mut [f32];

    /// Of one dimension.
    fn vector(values: impl ExactSizeIterator<Item = f32>) -> Self {
        let mut tensor = Self::zeros(Shape::new([values.len()]));
        tensor
            .numbers_mut()
            .iter_mut()
            .zip(values)
            .for_each(|(to, value)| *to = value);
        tensor
    }
}
