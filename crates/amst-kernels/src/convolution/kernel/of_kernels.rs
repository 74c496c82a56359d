//! The kernels' gradient.

use std::ops::Range;

use super::Shape;
use super::product::{Matrix, Target};
use super::tiles::{OF_CACHE, Strip, run, tiles};
use super::workspace::with_workspace;

/// Tasks that are made where the work allows it.
const TASKS: usize = 8;

/// Some channels of the input, and some of the pictures.
struct Task {
    channels: Range<usize>,
    pictures: Range<usize>,
    /// Where its sums begin.
    start: usize,
}

/// From the input and the output's gradient to that of `[outputs, inputs, h, w]`.
///
/// Tasks are for channels of the input, so that none waits for another's sum; where there are too
/// few channels, pictures are shared out too, and their sums added in the order of the pictures.
pub fn of_kernels(x: &[f32], gradient: &[f32], result: &mut [f32], shape: Shape) {
    let length = result.len();
    let (tasks, groups) = tasks(&shape, length);
    let mut sums = if groups > 1 {
        vec![0.0; groups * length]
    } else {
        Vec::new()
    };
    let target = Target::new(if groups > 1 {
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

fn tasks(shape: &Shape, length: usize) -> (Vec<Task>, usize) {
    // A product that is narrower than this would run below its speed.
    let at_least = 64usize.div_ceil(shape.taps());
    let each = shape.inputs.div_ceil(TASKS).max(at_least).min(shape.inputs);
    let blocks = shape.inputs.div_ceil(each);
    let groups = TASKS.div_ceil(blocks).min(shape.batch);
    let task = |group, block: usize| Task {
        channels: block * each..((block + 1) * each).min(shape.inputs),
        pictures: shape.batch * group / groups..shape.batch * (group + 1) / groups,
        start: group * length,
    };
    (
        (0..groups)
            .flat_map(|group| (0..blocks).map(move |block| task(group, block)))
            .collect(),
        groups,
    )
}

/// Sums over all positions of some pictures.
///
/// # Safety
///
/// Nobody else may hold the columns of the task's channels in its sums.
unsafe fn sum(x: &[f32], gradient: &[f32], target: Target<'_>, shape: &Shape, task: &Task) {
    let part = Shape {
        inputs: task.channels.len(),
        batch: task.pictures.len(),
        ..*shape
    };
    with_workspace(|workspace| {
        for (index, mut tile) in tiles(&part, OF_CACHE).into_iter().enumerate() {
            tile.iter_mut()
                .for_each(|strip| strip.picture += task.pictures.start);
            let mut gathered = std::mem::take(&mut workspace.matrix);
            let (unfolded, columns) = workspace.unfold(x, shape, task.channels.clone(), &tile);
            let left = gradient_of(gradient, shape, &tile, &mut gathered, columns);
            let right = Matrix::new(unfolded, [part.depth(), columns], columns).turned();
            let start = task.start + task.channels.start * shape.taps();
            // SAFETY: by this function's contract.
            unsafe { target.multiply(start, shape.depth(), left, right, index > 0) };
            workspace.matrix = gathered;
        }
    });
}

/// The gradient of a tile's positions, `[outputs, columns]`: where it lies, or gathered.
fn gradient_of<'a>(
    gradient: &'a [f32],
    shape: &Shape,
    tile: &[Strip],
    gathered: &'a mut Vec<f32>,
    columns: usize,
) -> Matrix<'a> {
    let positions = shape.positions();
    let start = |picture: usize, output: usize| (picture * shape.outputs + output) * positions;
    if let [strip] = tile {
        let from = start(strip.picture, 0) + strip.row * shape.to()[1];
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
