//! Transformed kernels, `[outputs, 16, inputs]`, and the inverse transform of their gradients.

use rayon::prelude::*;

use super::super::Shape;
use super::TILE_VALUES;
use super::transforms::{LANES, to_kernel, transform_2d, transform_kernel};
use crate::avx2::with_avx2;
use crate::matrix::Matrix;

/// Unused values at the end of a row: rows a power of two apart would compete for a few cache
/// lines.
const PADDING: usize = 16;

/// Taps of a kernel.
const TAPS: usize = 9;

/// All kernels, transformed.
pub struct TransformedWeights {
    transformed: Vec<f32>,
    inputs: usize,
    outputs: usize,
    /// Whether [`matrix`](Self::matrix) gives the kernels rotated by 180°, from outputs to inputs.
    rotated: bool,
}

impl TransformedWeights {
    /// Transforms `[outputs, inputs, 3, 3]`.
    pub fn new(kernels: &[f32], shape: &Shape) -> Self {
        let row = row_length(shape.inputs);
        let mut transformed = vec![0.0; shape.outputs * row];
        transformed
            .par_chunks_mut(row)
            .zip(kernels.par_chunks(shape.inputs * TAPS))
            .for_each(|(transformed, kernels)| {
                with_avx2(|| transform_row(kernels, transformed, shape.inputs));
            });
        Self {
            transformed,
            inputs: shape.inputs,
            outputs: shape.outputs,
            rotated: false,
        }
    }

    /// The kernels of the convolution that is the input's gradient.
    ///
    /// Rotating a kernel by 180° exchanges the first and the last row of its transform, and the
    /// first and the last column; the two in the middle are symmetric.
    pub fn rotated(self) -> Self {
        Self {
            rotated: true,
            ..self
        }
    }

    /// Value `n` of all transformed kernels, `[outputs, inputs]`.
    pub fn matrix(&self, n: usize) -> Matrix<'_> {
        const EXCHANGED: [usize; 4] = [3, 1, 2, 0];
        let n = if self.rotated {
            EXCHANGED[n / 4] * 4 + EXCHANGED[n % 4]
        } else {
            n
        };
        let matrix = Matrix::new(
            &self.transformed[n * self.inputs..],
            [self.outputs, self.inputs],
            row_length(self.inputs),
        );
        if self.rotated {
            matrix.transposed()
        } else {
            matrix
        }
    }
}

/// Values from the transformed kernels of one output to those of the next.
pub fn row_length(inputs: usize) -> usize {
    TILE_VALUES * inputs + PADDING
}

#[inline(always)]
fn transform_row(kernels: &[f32], transformed: &mut [f32], inputs: usize) {
    for (block, kernels) in kernels.chunks(LANES * TAPS).enumerate() {
        let count = kernels.len() / TAPS;
        let mut square = [[[0.0; LANES]; 3]; 3];
        for (lane, kernel) in kernels.chunks_exact(TAPS).enumerate() {
            for tap in 0..TAPS {
                square[tap / 3][tap % 3][lane] = kernel[tap];
            }
        }
        let values = transform_2d(square, transform_kernel);
        for n in 0..TILE_VALUES {
            let at = n * inputs + block * LANES;
            transformed[at..at + count].copy_from_slice(&values[n / 4][n % 4][..count]);
        }
    }
}

/// Transforms the gradient of transformed kernels, in rows of [`row_length`], to that of the
/// kernels `[outputs, inputs, 3, 3]`.
pub fn inverse_transform(transformed: &[f32], kernels: &mut [f32], shape: &Shape) {
    let inputs = shape.inputs;
    transformed
        .par_chunks(row_length(inputs))
        .zip(kernels.par_chunks_mut(inputs * TAPS))
        .for_each(|(transformed, kernels)| {
            with_avx2(|| inverse_transform_row(transformed, kernels, inputs));
        });
}

#[inline(always)]
fn inverse_transform_row(transformed: &[f32], kernels: &mut [f32], inputs: usize) {
    for (block, kernels) in kernels.chunks_mut(LANES * TAPS).enumerate() {
        let count = kernels.len() / TAPS;
        let mut values = [[[0.0; LANES]; 4]; 4];
        for n in 0..TILE_VALUES {
            let at = n * inputs + block * LANES;
            values[n / 4][n % 4][..count].copy_from_slice(&transformed[at..at + count]);
        }
        let square = transform_2d(values, to_kernel);
        for (lane, kernel) in kernels.chunks_exact_mut(TAPS).enumerate() {
            for tap in 0..TAPS {
                kernel[tap] = square[tap / 3][tap % 3][lane];
            }
        }
    }
}
