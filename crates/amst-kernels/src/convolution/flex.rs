//! On Flex, burn's CPU device in Rust.

use burn::backend::{Flex, TensorMetadata};

use super::kernel::{self, Shape};
use super::operation::{Kernels, Steps};
use crate::flex::{FlexTensor, contiguous, numbers, tensor};

impl Kernels for Flex {
    fn forward(x: FlexTensor, kernels: FlexTensor, steps: Steps) -> FlexTensor {
        let shape = shape(&x, &kernels, steps);
        let [x, kernels] = [x, kernels].map(contiguous);
        let [height, width] = shape.to();
        let mut output = vec![0.0; shape.batch * shape.outputs * height * width];
        if shape.batch * shape.outputs * shape.inputs > 0 {
            kernel::forward(numbers(&x), numbers(&kernels), &mut output, shape);
        }
        tensor(output, [shape.batch, shape.outputs, height, width].into())
    }

    fn backward(
        x: FlexTensor,
        kernels: FlexTensor,
        gradient: FlexTensor,
        steps: Steps,
        [input_wanted, kernels_wanted]: [bool; 2],
    ) -> [Option<FlexTensor>; 2] {
        let gradient = contiguous(gradient);
        let of_input = input_wanted.then(|| of_input(&x, kernels.clone(), &gradient, steps));
        [of_input, kernels_wanted.then(|| of_kernels(x, &kernels, &gradient, steps))]
    }
}

/// Of what was convolved, only the shape is read.
fn of_input(x: &FlexTensor, kernels: FlexTensor, gradient: &FlexTensor, steps: Steps) -> FlexTensor {
    let (shape, kernels) = (shape(x, &kernels, steps), contiguous(kernels));
    let mut result = vec![0.0; x.shape().num_elements()];
    if shape.batch * shape.outputs * shape.inputs > 0 {
        kernel::of_input(numbers(gradient), numbers(&kernels), &mut result, shape);
    }
    tensor(result, x.shape())
}

/// Of the kernels, only the shape is read.
fn of_kernels(x: FlexTensor, kernels: &FlexTensor, gradient: &FlexTensor, steps: Steps) -> FlexTensor {
    let (shape, x) = (shape(&x, kernels, steps), contiguous(x));
    let mut result = vec![0.0; kernels.shape().num_elements()];
    if shape.batch * shape.outputs * shape.inputs > 0 {
        kernel::of_kernels(numbers(&x), numbers(gradient), &mut result, shape);
    }
    tensor(result, kernels.shape())
}

fn shape(x: &FlexTensor, kernels: &FlexTensor, steps: Steps) -> Shape {
    let [batch, inputs, height, width] = x.shape().dims();
    let [outputs, _, high, wide] = kernels.shape().dims();
    let Steps { stride, padding } = steps;
    Shape { batch, inputs, outputs, from: [height, width], kernel: [high, wide], stride, padding: [padding; 2] }
}
