//! Batch normalisation on Flex, burn's CPU backend in Rust.

use burn::backend::Flex;

use super::host;
use super::operation::{InputGradients, Inputs, Kernels, TrainResult};
use crate::flex::FlexTensor;

impl Kernels for Flex {
    type State = host::State<FlexTensor>;

    fn forward(
        inputs: Inputs<FlexTensor>,
        epsilon: f64,
        relu: bool,
    ) -> TrainResult<FlexTensor, Self::State> {
        host::forward(inputs, epsilon, relu)
    }

    fn backward(state: Self::State, gradient: FlexTensor) -> InputGradients<FlexTensor> {
        host::backward(state, gradient)
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
