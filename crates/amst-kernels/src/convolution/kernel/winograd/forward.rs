//! The convolution, and the input's gradient, which is a convolution too.

use rayon::prelude::*;

use super::super::Shape;
use super::super::tiles::Strip;
use super::super::workspace::{TransformBuffers, with_workspace};
use super::tiling::Tiling;
use super::transforms::LANES;
use super::weights::TransformedWeights;
use super::{CHANNELS_PER_TASK, TILE_VALUES};
use crate::avx2::with_avx2;
use crate::matrix::{Matrix, SharedArray};

/// Convolves `[batch, inputs, height, width]` into `output`, `[batch, outputs, …]`.
pub fn forward(x: &[f32], kernels: &[f32], output: &mut [f32], shape: &Shape) {
    convolve(x, &TransformedWeights::new(kernels, shape), output, shape);
}

/// Writes the input's gradient to `result`, from the output's, `[batch, outputs, …]`.
pub fn gradient_of_input(gradient: &[f32], kernels: &[f32], result: &mut [f32], shape: &Shape) {
    let rotated = Shape {
        inputs: shape.outputs,
        outputs: shape.inputs,
        input_size: shape.output_size(),
        padding: shape.padding.map(|p| 2 - p),
        ..*shape
    };
    convolve(
        gradient,
        &TransformedWeights::new(kernels, shape).rotated(),
        result,
        &rotated,
    );
}

fn convolve(x: &[f32], weights: &TransformedWeights, output: &mut [f32], shape: &Shape) {
    let (tiling, mut buffers) = (Tiling::new(shape), TransformBuffers::take());
    let output = SharedArray::new(output);
    for group in tiling.groups() {
        let row = tiling.tiles(&group) + LANES;
        let [read, written] = buffers
            .slices([shape.inputs, shape.outputs].map(|channels| channels * TILE_VALUES * row));
        read.par_chunks_mut(TILE_VALUES * row)
            .enumerate()
            .with_min_len(CHANNELS_PER_TASK)
            .for_each(|(channel, transformed)| {
                with_workspace(|w| {
                    with_avx2(|| {
                        tiling.transform_input(x, channel, &group, w.padded(), transformed)
                    })
                });
            });
        multiply(weights, read, SharedArray::new(written), row);
        written
            .par_chunks(TILE_VALUES * row)
            .enumerate()
            .with_min_len(CHANNELS_PER_TASK)
            .for_each(|(channel, transformed)| {
                // SAFETY: every channel is in one task.
                unsafe { write_channel(&tiling, transformed, channel, &group, output) };
            });
    }
    buffers.give_back();
}

/// Sixteen matrix products, one for each value of a transformed tile.
fn multiply(weights: &TransformedWeights, read: &[f32], written: SharedArray<'_>, row: usize) {
    let channels = read.len() / (TILE_VALUES * row);
    (0..TILE_VALUES)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|n| {
            let transformed =
                Matrix::new(&read[n * row..], [channels, row - LANES], TILE_VALUES * row);
            // SAFETY: every value of the tiles is in one task.
            unsafe {
                written.multiply(
                    n * row,
                    TILE_VALUES * row,
                    weights.matrix(n),
                    transformed,
                    false,
                )
            };
        });
}

/// # Safety
///
/// No other borrow of the channel of the output may be alive.
unsafe fn write_channel(
    tiling: &Tiling,
    transformed: &[f32],
    channel: usize,
    group: &[Strip],
    output: SharedArray<'_>,
) {
    let mut start = 0;
    with_workspace(|workspace| {
        for strip in group {
            let (place, length) = tiling.place(strip, channel);
            // SAFETY: by this function's contract.
            let output = unsafe { output.part(place, length) };
            with_avx2(|| tiling.write_output(transformed, start, &mut workspace.matrix, output));
            start += tiling.tiles(std::slice::from_ref(strip));
        }
    });
}
