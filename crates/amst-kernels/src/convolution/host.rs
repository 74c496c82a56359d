//! In the processor's memory, by the kernels of this crate.

use super::kernel::{self, Shape};
use super::operation::Steps;
use crate::host::Host;

/// As [`Kernels::forward`](super::operation::Kernels::forward).
pub fn forward<T: Host>(x: T, kernels: T, steps: Steps) -> T {
    let shape = shape(&x, &kernels, steps);
    let [x, kernels] = [x, kernels].map(T::contiguous);
    let [height, width] = shape.to();
    let mut output = T::zeros([shape.batch, shape.outputs, height, width].into());
    if has_work(&shape) {
        kernel::forward(x.numbers(), kernels.numbers(), output.numbers_mut(), shape);
    }
    output
}

/// As [`Kernels::backward`](super::operation::Kernels::backward).
pub fn backward<T: Host>(
    x: T,
    kernels: T,
    gradient: T,
    steps: Steps,
    [input_wanted, kernels_wanted]: [bool; 2],
) -> [Option<T>; 2] {
    let gradient = gradient.contiguous();
    let of_input = input_wanted.then(|| of_input(&x, kernels.clone(), &gradient, steps));
    [
        of_input,
        kernels_wanted.then(|| of_kernels(x, &kernels, &gradient, steps)),
    ]
}

/// Of what was convolved, only the shape is read.
fn of_input<T: Host>(x: &T, kernels: T, gradient: &T, steps: Steps) -> T {
    let (shape, kernels) = (shape(x, &kernels, steps), kernels.contiguous());
    let mut result = T::zeros(x.shape());
    if has_work(&shape) {
        kernel::of_input(
            gradient.numbers(),
            kernels.numbers(),
            result.numbers_mut(),
            shape,
        );
    }
    result
}

/// Of the kernels, only the shape is read.
fn of_kernels<T: Host>(x: T, kernels: &T, gradient: &T, steps: Steps) -> T {
    let (shape, x) = (shape(&x, kernels, steps), x.contiguous());
    let mut result = T::zeros(kernels.shape());
    if has_work(&shape) {
        kernel::of_kernels(x.numbers(), gradient.numbers(), result.numbers_mut(), shape);
    }
    result
}

fn has_work(shape: &Shape) -> bool {
    shape.batch * shape.outputs * shape.inputs > 0
}

fn shape<T: Host>(x: &T, kernels: &T, steps: Steps) -> Shape {
    let [batch, inputs, height, width] = x.shape().dims();
    let [outputs, _, high, wide] = kernels.shape().dims();
    let Steps { stride, padding } = steps;
    Shape {
        batch,
        inputs,
        outputs,
        from: [height, width],
        kernel: [high, wide],
        stride,
        padding: [padding; 2],
    }
}
