//! The input's gradient.

use super::Shape;
use super::forward::forward;
use super::tiles::{CACHE_VALUES, Strip, run};
use super::workspace::{Workspace, with_workspace};
use crate::avx2::with_avx2;
use crate::matrix::{Matrix, SharedArray};

/// Writes the input's gradient to `result`, which must be zero, from the output's, `[batch,
/// outputs, …]`.
pub fn gradient_of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: Shape) {
    let ([height, width], [rows, columns]) = (shape.kernel, shape.padding);
    if shape.stride == 1 && rows < height && columns < width {
        let rotated_shape = Shape {
            inputs: shape.outputs,
            outputs: shape.inputs,
            input_size: shape.output_size(),
            padding: [height - 1 - rows, width - 1 - columns],
            ..shape
        };
        return forward(gradient, &rotated(kernels, &shape), result, rotated_shape);
    }
    let pictures: Vec<_> = (0..shape.batch).collect();
    let size = shape.inputs * shape.plane();
    let result = SharedArray::new(result);
    run(&pictures, shape.multiplications(), |&picture| {
        // SAFETY: every picture is in one task.
        let result = unsafe { result.part(picture * size, size) };
        with_workspace(|workspace| {
            fold_picture(gradient, kernels, result, &shape, picture, workspace)
        });
    });
}

/// Kernels `[outputs, inputs, h, w]` as `[inputs, outputs, h, w]`, each rotated by 180°.
fn rotated(kernels: &[f32], shape: &Shape) -> Vec<f32> {
    let taps = shape.taps();
    let mut rotated = vec![0.0; kernels.len()];
    for (output, kernels) in kernels.chunks_exact(shape.depth()).enumerate() {
        for (input, kernel) in kernels.chunks_exact(taps).enumerate() {
            let start = (input * shape.outputs + output) * taps;
            let to = &mut rotated[start..start + taps];
            to.iter_mut()
                .zip(kernel.iter().rev())
                .for_each(|(to, &value)| *to = value);
        }
    }
    rotated
}

/// Adds each position's gradient to the values it read (col2im), strip by strip.
fn fold_picture(
    gradient: &[f32],
    kernels: &[f32],
    result: &mut [f32],
    shape: &Shape,
    picture: usize,
    workspace: &mut Workspace,
) {
    let (positions, [rows, width]) = (shape.positions(), shape.output_size());
    let rows_per_strip = (CACHE_VALUES / shape.depth() / width).clamp(1, rows);
    let gradient =
        &gradient[picture * shape.outputs * positions..(picture + 1) * shape.outputs * positions];
    let left = Matrix::new(kernels, [shape.outputs, shape.depth()], shape.depth()).transposed();
    let (padded, product) = workspace.padded_and_matrix();
    for row in (0..rows).step_by(rows_per_strip) {
        let strip = Strip {
            picture,
            row,
            rows: rows_per_strip.min(rows - row),
        };
        let columns = strip.rows * width;
        let right = Matrix::new(
            &gradient[row * width..],
            [shape.outputs, columns],
            positions,
        );
        product.resize(shape.depth() * columns, 0.0);
        // SAFETY: no other task has this array.
        unsafe { SharedArray::new(product).multiply(0, columns, left, right, false) };
        padded.clear(shape, strip.rows, shape.inputs);
        with_avx2(|| {
            let rows = product.chunks_exact(columns);
            let taps = (0..shape.inputs).flat_map(|c| {
                (0..shape.kernel[0])
                    .flat_map(move |y| (0..shape.kernel[1]).map(move |x| (c, [y, x])))
            });
            for ((channel, tap), values) in taps.zip(rows) {
                padded.fold_row(channel, tap, strip.rows, width, values);
            }
            padded.add_to(result, shape, strip);
        });
    }
}
