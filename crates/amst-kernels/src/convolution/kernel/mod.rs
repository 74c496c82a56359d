//! Convolution on slices of `f32`: im2col and matrix products, or [`winograd`] where that is
//! faster.
//!
//! How work is split depends on shapes alone and sums are added in one order, so results do not
//! depend on the number of threads.

mod cropped_kernel;
mod forward;
mod gradient_of_input;
mod gradient_of_weights;
mod shape;
mod tiles;
mod unfold;
mod winograd;
mod workspace;

use cropped_kernel::CroppedKernel;
pub use shape::Shape;

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: Shape) {
    if winograd::is_faster(&shape) {
        return winograd::forward(x, kernels, output, &shape);
    }
    match CroppedKernel::new(shape) {
        Some(cropped) => forward::forward(x, &cropped.crop(kernels), output, cropped.shape),
        None => forward::forward(x, kernels, output, shape),
    }
}

/// Writes the input's gradient to `result`, which must be zero, from the output's, `[batch,
/// outputs, …]`.
pub fn gradient_of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: Shape) {
    if winograd::is_faster(&shape) {
        return winograd::gradient_of_input(gradient, kernels, result, &shape);
    }
    match CroppedKernel::new(shape) {
        Some(cropped) => gradient_of_input::gradient_of_input(
            gradient,
            &cropped.crop(kernels),
            result,
            cropped.shape,
        ),
        None => gradient_of_input::gradient_of_input(gradient, kernels, result, shape),
    }
}

/// Writes the gradient of the kernels `[outputs, inputs, h, w]` to `result`, which must be zero,
/// from the input and the output's gradient.
pub fn gradient_of_weights(x: &[f32], gradient: &[f32], result: &mut [f32], shape: Shape) {
    if winograd::is_faster_for_weights(&shape) {
        return winograd::gradient_of_weights(x, gradient, result, &shape);
    }
    match CroppedKernel::new(shape) {
        Some(cropped) => {
            let mut small = vec![0.0; shape.outputs * cropped.shape.depth()];
            gradient_of_weights::gradient_of_weights(x, gradient, &mut small, cropped.shape);
            cropped.uncrop(&small, result);
        }
        None => gradient_of_weights::gradient_of_weights(x, gradient, result, shape),
    }
}
