//! On Flex, burn's CPU device in Rust.

use burn::backend::Flex;

use super::host::{self, Chosen};
use super::operation::{Kernels, Windows};
use crate::flex::FlexTensor;

impl Kernels for Flex {
    type Chosen = Chosen;

    fn forward(x: FlexTensor, windows: Windows) -> (FlexTensor, Chosen) {
        host::forward(x, windows)
    }

    fn backward(chosen: Chosen, gradient: FlexTensor, windows: Windows) -> FlexTensor {
        host::backward(&chosen, gradient, windows)
    }
}
