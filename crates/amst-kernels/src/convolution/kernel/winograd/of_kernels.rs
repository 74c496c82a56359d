//! The kernels' gradient.

use rayon::prelude::*;

use super::super::Shape;
use super::super::product::{Matrix, Target};
use super::super::workspace::{Images, with_workspace};
use super::lanes::LANES;
use super::tiling::Tiling;
use super::weights::{row as row_of_weights, to_kernels};
use super::{CHANNELS_A_TASK, IMAGE};
use crate::wide::wide;

/// From the input and the output's gradient to that of `[outputs, inputs, 3, 3]`.
pub fn of_kernels(x: &[f32], gradient: &[f32], result: &mut [f32], shape: &Shape) {
    let (tiling, mut images) = (Tiling::new(shape), Images::take());
    let mut sums = vec![0.0; shape.outputs * row_of_weights(shape.inputs)];
    for (index, turn) in tiling.turns().iter().enumerate() {
        let row = tiling.tiles(turn) + LANES;
        let [read, given] =
            images.of([shape.inputs, shape.outputs].map(|channels| channels * IMAGE * row));
        read.par_chunks_mut(IMAGE * row)
            .enumerate()
            .with_min_len(CHANNELS_A_TASK)
            .for_each(|(channel, images)| {
                with_workspace(|w| wide(|| tiling.map_input(x, channel, turn, w.padded(), images)));
            });
        given
            .par_chunks_mut(IMAGE * row)
            .enumerate()
            .with_min_len(CHANNELS_A_TASK)
            .for_each(|(channel, images)| {
                with_workspace(|w| {
                    wide(|| tiling.map_gradient(gradient, channel, turn, w.padded(), images))
                });
            });
        multiply(given, read, Target::new(&mut sums), shape, row, index > 0);
    }
    images.give_back();
    to_kernels(&sums, result, shape);
}

/// Sums over tiles: sixteen products, one for each number of the images, added to those of the
/// turns before if `add`.
fn multiply(given: &[f32], read: &[f32], sums: Target<'_>, shape: &Shape, row: usize, add: bool) {
    (0..IMAGE).into_par_iter().with_max_len(1).for_each(|n| {
        let of = |images, channels| Matrix::new(images, [channels, row - LANES], IMAGE * row);
        let (left, right) = (
            of(&given[n * row..], shape.outputs),
            of(&read[n * row..], shape.inputs).turned(),
        );
        // SAFETY: no number of the images is in two tasks.
        unsafe {
            sums.multiply(
                n * shape.inputs,
                row_of_weights(shape.inputs),
                left,
                right,
                add,
            )
        };
    });
}
