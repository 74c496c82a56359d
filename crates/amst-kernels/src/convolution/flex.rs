//! On Flex, burn's CPU device in Rust.

use burn::backend::Flex;

use super::host;
use super::operation::{Kernels, Steps};
use crate::flex::FlexTensor;

impl Kernels for Flex {
    fn forward(x: FlexTensor, kernels: FlexTensor, steps: Steps) -> FlexTensor {
        host::forward(x, kernels, steps)
    }

    fn backward(
        x: FlexTensor,
        kernels: FlexTensor,
        gradient: FlexTensor,
        steps: Steps,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        host::backward(x, kernels, gradient, steps, wanted)
    }
}
