//! On Flex, burn's CPU device in Rust.

use burn::backend::Flex;

use super::host;
use super::operation::{InputGradients, Inputs, Kernels, Trained};
use crate::flex::FlexTensor;

impl Kernels for Flex {
    type Memory = host::Memory<FlexTensor>;

    fn forward(
        inputs: Inputs<FlexTensor>,
        epsilon: f64,
        relu: bool,
    ) -> Trained<FlexTensor, Self::Memory> {
        host::forward(inputs, epsilon, relu)
    }

    fn backward(memory: Self::Memory, gradient: FlexTensor) -> InputGradients<FlexTensor> {
        host::backward(memory, gradient)
    }

    fn affine(
        x: FlexTensor,
        shortcut: Option<FlexTensor>,
        channels: [FlexTensor; 4],
        epsilon: f64,
        relu: bool,
    ) -> FlexTensor {
        host::affine(x, shortcut, channels, epsilon, relu)
    }
}
