//! The input's gradient.

use super::Shape;
use super::forward::forward;
use super::product::{Matrix, Target};
use super::tiles::{OF_CACHE, Strip, run};
use super::workspace::{Workspace, with_workspace};
use crate::wide::wide;

/// From the output's gradient `[batch, outputs, …]` to the input's, which `result` holds zeros for.
pub fn of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: Shape) {
    let ([high, wide], [above, before]) = (shape.kernel, shape.padding);
    if shape.stride == 1 && above < high && before < wide {
        let turned_shape = Shape {
            inputs: shape.outputs,
            outputs: shape.inputs,
            from: shape.to(),
            padding: [high - 1 - above, wide - 1 - before],
            ..shape
        };
        return forward(gradient, &turned(kernels, &shape), result, turned_shape);
    }
    let pictures: Vec<_> = (0..shape.batch).collect();
    let size = shape.inputs * shape.plane();
    let result = Target::new(result);
    run(&pictures, shape.multiplications(), |&picture| {
        // SAFETY: every picture is in one task.
        let result = unsafe { result.part(picture * size, size) };
        with_workspace(|workspace| {
            fold_picture(gradient, kernels, result, &shape, picture, workspace)
        });
    });
}

/// Kernels `[outputs, inputs, h, w]` as `[inputs, outputs, h, w]`, each turned by half a turn.
fn turned(kernels: &[f32], shape: &Shape) -> Vec<f32> {
    let taps = shape.taps();
    let mut turned = vec![0.0; kernels.len()];
    for (output, of_output) in kernels.chunks_exact(shape.depth()).enumerate() {
        for (input, kernel) in of_output.chunks_exact(taps).enumerate() {
            let start = (input * shape.outputs + output) * taps;
            let to = &mut turned[start..start + taps];
            to.iter_mut()
                .zip(kernel.iter().rev())
                .for_each(|(to, &value)| *to = value);
        }
    }
    turned
}

/// Spreads each position's gradient over what it read, strip by strip.
fn fold_picture(
    gradient: &[f32],
    kernels: &[f32],
    result: &mut [f32],
    shape: &Shape,
    picture: usize,
    workspace: &mut Workspace,
) {
    let (positions, [rows, width]) = (shape.positions(), shape.to());
    let each = (OF_CACHE / shape.depth() / width).clamp(1, rows);
    let of_picture =
        &gradient[picture * shape.outputs * positions..(picture + 1) * shape.outputs * positions];
    let left = Matrix::new(kernels, [shape.outputs, shape.depth()], shape.depth()).turned();
    let (padded, product) = workspace.folding();
    for row in (0..rows).step_by(each) {
        let strip = Strip {
            picture,
            row,
            rows: each.min(rows - row),
        };
        let columns = strip.rows * width;
        let right = Matrix::new(
            &of_picture[row * width..],
            [shape.outputs, columns],
            positions,
        );
        product.resize(shape.depth() * columns, 0.0);
        // SAFETY: this array is ours.
        unsafe { Target::new(product).multiply(0, columns, left, right, false) };
        padded.clear(shape, strip.rows, shape.inputs);
        wide(|| {
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
