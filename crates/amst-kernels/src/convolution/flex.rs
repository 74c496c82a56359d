//! Convolution on Flex, burn's CPU backend in Rust.

use burn::backend::Flex;

use super::host;
use super::operation::{ConvParams, Kernels};
use crate::flex::FlexTensor;

impl Kernels for Flex {
    fn forward(x: FlexTensor, kernels: FlexTensor, params: ConvParams) -> FlexTensor {
        host::forward(x, kernels, params)
    }

    fn backward(
        x: FlexTensor,
        kernels: FlexTensor,
        gradient: FlexTensor,
        params: ConvParams,
        wanted: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        host::backward(x, kernels, gradient, params, wanted)
    }
}
