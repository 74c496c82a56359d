//! The convolution, and the input's gradient, which is one.

use rayon::prelude::*;

use super::super::Shape;
use super::super::product::{Matrix, Target};
use super::super::tiles::Strip;
use super::super::workspace::{Images, with_workspace};
use super::lanes::LANES;
use super::tiling::Tiling;
use super::weights::Weights;
use super::{CHANNELS_A_TASK, IMAGE};
use crate::wide::wide;

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: &Shape) {
    convolve(x, &Weights::of(kernels, shape), output, shape);
}

/// From the output's gradient `[batch, outputs, …]` to the input's.
pub fn of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: &Shape) {
    let turned = Shape {
        inputs: shape.outputs,
        outputs: shape.inputs,
        from: shape.to(),
        padding: shape.padding.map(|p| 2 - p),
        ..*shape
    };
    convolve(
        gradient,
        &Weights::of(kernels, shape).turned(),
        result,
        &turned,
    );
}

fn convolve(x: &[f32], weights: &Weights, output: &mut [f32], shape: &Shape) {
    let (tiling, mut images) = (Tiling::new(shape), Images::take());
    let output = Target::new(output);
    for turn in tiling.turns() {
        let row = tiling.tiles(&turn) + LANES;
        let [read, written] =
            images.of([shape.inputs, shape.outputs].map(|channels| channels * IMAGE * row));
        read.par_chunks_mut(IMAGE * row)
            .enumerate()
            .with_min_len(CHANNELS_A_TASK)
            .for_each(|(channel, images)| {
                with_workspace(|w| {
                    wide(|| tiling.map_input(x, channel, &turn, w.padded(), images))
                });
            });
        multiply(weights, read, Target::new(written), row);
        written
            .par_chunks(IMAGE * row)
            .enumerate()
            .with_min_len(CHANNELS_A_TASK)
            .for_each(|(channel, images)| {
                // SAFETY: every channel is in one task.
                unsafe { write_channel(&tiling, images, channel, &turn, output) };
            });
    }
    images.give_back();
}

/// Sixteen products of matrices, one for each number of the images.
fn multiply(weights: &Weights, read: &[f32], written: Target<'_>, row: usize) {
    let channels = read.len() / (IMAGE * row);
    (0..IMAGE).into_par_iter().with_max_len(1).for_each(|n| {
        let images = Matrix::new(&read[n * row..], [channels, row - LANES], IMAGE * row);
        // SAFETY: no number of the images is in two tasks.
        unsafe { written.multiply(n * row, IMAGE * row, weights.matrix(n), images, false) };
    });
}

/// # Safety
///
/// Nobody else may hold the channel of the output.
unsafe fn write_channel(
    tiling: &Tiling,
    images: &[f32],
    channel: usize,
    turn: &[Strip],
    output: Target<'_>,
) {
    let mut start = 0;
    with_workspace(|workspace| {
        for strip in turn {
            let (place, length) = tiling.place(strip, channel);
            // SAFETY: by this function's contract.
            let output = unsafe { output.part(place, length) };
            wide(|| tiling.write(images, start, &mut workspace.matrix, output));
            start += tiling.tiles(std::slice::from_ref(strip));
        }
    });
}
