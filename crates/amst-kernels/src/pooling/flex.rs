//! On Flex, burn's CPU device in Rust.

use std::sync::Arc;

use burn::backend::{Flex, TensorMetadata};

use super::kernel::{self, Planes};
use super::operation::{Kernels, Windows};
use crate::flex::{FlexTensor, contiguous, numbers, tensor};

/// Of each window, and the shape of what the windows lie in.
#[derive(Clone, Debug)]
pub struct Chosen {
    taps: Arc<[u8]>,
    from: [usize; 4],
}

impl Kernels for Flex {
    type Chosen = Chosen;

    fn forward(x: FlexTensor, windows: Windows) -> (FlexTensor, Chosen) {
        let x = contiguous(x);
        let from @ [batch, channels, height, width] = x.shape().dims();
        let planes = Planes::new([height, width], windows);
        let [high, wide] = planes.to;
        let count = batch * channels * high * wide;
        let (mut output, mut taps) = (vec![0.0; count], vec![0; count]);
        kernel::forward(numbers(&x), &mut output, &mut taps, planes);
        (tensor(output, [batch, channels, high, wide].into()), Chosen { taps: taps.into(), from })
    }

    fn backward(chosen: Chosen, gradient: FlexTensor, windows: Windows) -> FlexTensor {
        let gradient = contiguous(gradient);
        let [batch, channels, height, width] = chosen.from;
        let mut result = vec![0.0; batch * channels * height * width];
        kernel::backward(&chosen.taps, numbers(&gradient), &mut result, Planes::new([height, width], windows));
        tensor(result, chosen.from.into())
    }
}
