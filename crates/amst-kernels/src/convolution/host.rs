//! Convolution of tensors in host memory, by this crate's kernels.

use super::kernel::{self, Shape};
use super::operation::ConvParams;
use crate::host::HostTensor;

/// As `Kernels::forward`.
pub fn forward<T: HostTensor>(x: T, kernels: T, params: ConvParams) -> T {
    let shape = shape(&x, &kernels, params);
    let [x, kernels] = [x, kernels].map(T::contiguous);
    let [height, width] = shape.output_size();
    let mut output = T::zeros([shape.batch, shape.outputs, height, width].into());
    if has_work(&shape) {
        kernel::forward(x.values(), kernels.values(), output.values_mut(), shape);
    }
    output
}

/// As `Kernels::backward`.
pub fn backward<T: HostTensor>(
    x: T,
    kernels: T,
    gradient: T,
    params: ConvParams,
    [input_wanted, kernels_wanted]: [bool; 2],
) -> [Option<T>; 2] {
    let gradient = gradient.contiguous();
    [
        input_wanted.then(|| gradient_of_input(&x, kernels.clone(), &gradient, params)),
        kernels_wanted.then(|| gradient_of_weights(x, &kernels, &gradient, params)),
    ]
}

/// Of `x`, only the shape is read.
fn gradient_of_input<T: HostTensor>(x: &T, kernels: T, gradient: &T, params: ConvParams) -> T {
    let (shape, kernels) = (shape(x, &kernels, params), kernels.contiguous());
    let mut result = T::zeros(x.shape());
    if has_work(&shape) {
        kernel::gradient_of_input(
            gradient.values(),
            kernels.values(),
            result.values_mut(),
            shape,
        );
    }
    result
}

/// Of `kernels`, only the shape is read.
fn gradient_of_weights<T: HostTensor>(x: T, kernels: &T, gradient: &T, params: ConvParams) -> T {
    let (shape, x) = (shape(&x, kernels, params), x.contiguous());
    let mut result = T::zeros(kernels.shape());
    if has_work(&shape) {
        kernel::gradient_of_weights(x.values(), gradient.values(), result.values_mut(), shape);
    }
    result
}

fn has_work(shape: &Shape) -> bool {
    shape.batch * shape.outputs * shape.inputs > 0
}

fn shape<T: HostTensor>(x: &T, kernels: &T, params: ConvParams) -> Shape {
    let [batch, inputs, height, width] = x.shape().dims();
    let [outputs, _, kernel_height, kernel_width] = kernels.shape().dims();
    Shape {
        batch,
        inputs,
        outputs,
        input_size: [height, width],
        kernel: [kernel_height, kernel_width],
        stride: params.stride,
        padding: [params.padding; 2],
    }
}
