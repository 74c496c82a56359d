//! The kernels' gradient.

use rayon::prelude::*;

use super::super::Shape;
use super::super::workspace::{TransformBuffers, with_workspace};
use super::tiling::Tiling;
use super::transforms::LANES;
use super::weights::{inverse_transform, row_length};
use super::{CHANNELS_PER_TASK, TILE_VALUES};
use crate::avx2::with_avx2;
use crate::matrix::{Matrix, SharedArray};

/// Writes the gradient of the kernels `[outputs, inputs, 3, 3]` to `result`, from the input and the
/// output's gradient.
pub fn gradient_of_weights(x: &[f32], gradient: &[f32], result: &mut [f32], shape: &Shape) {
    let (tiling, mut buffers) = (Tiling::new(shape), TransformBuffers::take());
    let mut sums = vec![0.0; shape.outputs * row_length(shape.inputs)];
    for (index, group) in tiling.groups().iter().enumerate() {
        let row = tiling.tiles(group) + LANES;
        let [read, gradients] = buffers
            .slices([shape.inputs, shape.outputs].map(|channels| channels * TILE_VALUES * row));
        read.par_chunks_mut(TILE_VALUES * row)
            .enumerate()
            .with_min_len(CHANNELS_PER_TASK)
            .for_each(|(channel, transformed)| {
                with_workspace(|w| {
                    with_avx2(|| tiling.transform_input(x, channel, group, w.padded(), transformed))
                });
            });
        gradients
            .par_chunks_mut(TILE_VALUES * row)
            .enumerate()
            .with_min_len(CHANNELS_PER_TASK)
            .for_each(|(channel, transformed)| {
                with_workspace(|w| {
                    with_avx2(|| {
                        tiling.transform_gradient(gradient, channel, group, w.padded(), transformed)
                    })
                });
            });
        multiply(
            gradients,
            read,
            SharedArray::new(&mut sums),
            shape,
            row,
            index > 0,
        );
    }
    buffers.give_back();
    inverse_transform(&sums, result, shape);
}

/// Sums over tiles: sixteen matrix products, one for each value of a transformed tile, added to
/// those of the groups before if `add`.
fn multiply(
    gradients: &[f32],
    read: &[f32],
    sums: SharedArray<'_>,
    shape: &Shape,
    row: usize,
    add: bool,
) {
    (0..TILE_VALUES)
        .into_par_iter()
        .with_max_len(1)
        .for_each(|n| {
            let of = |transformed, channels| {
                Matrix::new(transformed, [channels, row - LANES], TILE_VALUES * row)
            };
            let (left, right) = (
                of(&gradients[n * row..], shape.outputs),
                of(&read[n * row..], shape.inputs).transposed(),
            );
            // SAFETY: every value of the tiles is in one task.
            unsafe { sums.multiply(n * shape.inputs, row_length(shape.inputs), left, right, add) };
        });
}
