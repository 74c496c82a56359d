//! The kernels' gradient.

use std::ops::Range;

use super::Shape;
use super::tiles::{CACHE_VALUES, Strip, run, tiles};
use super::workspace::with_workspace;
use crate::matrix::{Matrix, SharedArray};

/// Tasks to make, if there is enough work.
const TASKS: usize = 8;

/// Some channels of the input, and some of the pictures.
struct Task {
    channels: Range<usize>,
    pictures: Range<usize>,
    /// Where its sums begin.
    start: usize,
}

/// Writes the gradient of the kernels `[outputs, inputs, h, w]` to `result`, from the input and the
/// output's gradient.
///
/// Tasks are for channels of the input, whose sums are independent. Where there are too few
/// channels, pictures are divided too, and their sums added in the order of the pictures.
pub fn gradient_of_weights(x: &[f32], gradient: &[f32], result: &mut [f32], shape: Shape) {
    let length = result.len();
    let (tasks, groups) = tasks(&shape, length);
    let mut sums = if groups > 1 {
        vec![0.0; groups * length]
    } else {
        Vec::new()
    };
    let target = SharedArray::new(if groups > 1 {
        &mut sums[..]
    } else {
        &mut *result
    });
    run(&tasks, shape.multiplications(), |task| {
        // SAFETY: no channel of a group is in two tasks, and every group has sums of its own.
        unsafe { sum(x, gradient, target, &shape, task) };
    });
    for sum in sums.chunks_exact(length) {
        result
            .iter_mut()
            .zip(sum)
            .for_each(|(total, &value)| *total += value);
    }
}

/// The tasks, and how many groups of pictures they are for; `length` is that of the result.
fn tasks(shape: &Shape, length: usize) -> (Vec<Task>, usize) {
    // Narrower matrix products would be slower.
    let at_least = 64usize.div_ceil(shape.taps());
    let each = shape.inputs.div_ceil(TASKS).max(at_least).min(shape.inputs);
    let blocks = shape.inputs.div_ceil(each);
    let groups = TASKS.div_ceil(blocks).min(shape.batch);
    let mut tasks = Vec::new();
    for group in 0..groups {
        for block in 0..blocks {
            tasks.push(Task {
                channels: block * each..((block + 1) * each).min(shape.inputs),
                pictures: shape.batch * group / groups..shape.batch * (group + 1) / groups,
                start: group * length,
            });
        }
    }
    (tasks, groups)
}

/// Sums over all positions of some pictures.
///
/// # Safety
///
/// No other borrow of the task's channels in its sums may be alive.
unsafe fn sum(x: &[f32], gradient: &[f32], target: SharedArray<'_>, shape: &Shape, task: &Task) {
    let part = Shape {
        inputs: task.channels.len(),
        batch: task.pictures.len(),
        ..*shape
    };
    with_workspace(|workspace| {
        for (index, mut tile) in tiles(&part, CACHE_VALUES).into_iter().enumerate() {
            tile.iter_mut()
                .for_each(|strip| strip.picture += task.pictures.start);
            let mut gathered = std::mem::take(&mut workspace.matrix);
            let (unfolded, columns) = workspace.unfold(x, shape, task.channels.clone(), &tile);
            let left = tile_gradient(gradient, shape, &tile, &mut gathered, columns);
            let right = Matrix::new(unfolded, [part.depth(), columns], columns).transposed();
            let start = task.start + task.channels.start * shape.taps();
            // SAFETY: by this function's contract.
            unsafe { target.multiply(start, shape.depth(), left, right, index > 0) };
            workspace.matrix = gathered;
        }
    });
}

/// The gradient of a tile's positions, `[outputs, columns]`: in place, or copied to `gathered`.
fn tile_gradient<'a>(
    gradient: &'a [f32],
    shape: &Shape,
    tile: &[Strip],
    gathered: &'a mut Vec<f32>,
    columns: usize,
) -> Matrix<'a> {
    let positions = shape.positions();
    let start = |picture: usize, output: usize| (picture * shape.outputs + output) * positions;
    if let [strip] = tile {
        let from = start(strip.picture, 0) + strip.row * shape.output_size()[1];
        return Matrix::new(&gradient[from..], [shape.outputs, columns], positions);
    }
    gathered.clear();
    for output in 0..shape.outputs {
        for strip in tile {
            let from = start(strip.picture, output);
            gathered.extend_from_slice(&gradient[from..from + positions]);
        }
    }
    Matrix::new(gathered, [shape.outputs, columns], columns)
}
