//! Convolution on slices of `f32`, by unfolding tiles and multiplying matrices, and by [`winograd`]
//! where that is faster.
//!
//! How work is cut depends on shapes alone and sums are added in one order, so that no bit depends
//! on the number of threads.

mod forward;
mod narrow;
mod of_input;
mod of_kernels;
mod product;
mod shape;
mod tiles;
mod unfold;
mod winograd;
mod workspace;

use narrow::Narrowed;
pub use shape::Shape;

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: Shape) {
    if winograd::is_faster(&shape) {
        return winograd::forward(x, kernels, output, &shape);
    }
    match Narrowed::of(shape) {
        Some(narrowed) => forward::forward(x, &narrowed.cut(kernels), output, narrowed.shape),
        None => forward::forward(x, kernels, output, shape),
    }
}

/// From the output's gradient `[batch, outputs, …]` to the input's, which `result` holds zeros for.
pub fn of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: Shape) {
    if winograd::is_faster(&shape) {
        return winograd::of_input(gradient, kernels, result, &shape);
    }
    match Narrowed::of(shape) {
        Some(narrowed) => {
            of_input::of_input(gradient, &narrowed.cut(kernels), result, narrowed.shape)
        }
        None => of_input::of_input(gradient, kernels, result, shape),
    }
}

/// From the input and the output's gradient to that of `[outputs, inputs, h, w]`, which `result`
/// holds zeros for.
pub fn of_kernels(x: &[f32], gradient: &[f32], result: &mut [f32], shape: Shape) {
    if winograd::is_faster_of_kernels(&shape) {
        return winograd::of_kernels(x, gradient, result, &shape);
    }
    match Narrowed::of(shape) {
        Some(narrowed) => {
            let mut cut = vec![0.0; shape.outputs * narrowed.shape.depth()];
            of_kernels::of_kernels(x, gradient, &mut cut, narrowed.shape);
            narrowed.put_back(&cut, result);
        }
        None => of_kernels::of_kernels(x, gradient, result, shape),
    }
}
