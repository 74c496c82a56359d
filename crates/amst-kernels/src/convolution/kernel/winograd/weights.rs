//! Images of kernels, `[outputs, 16, inputs]`, and the way back from theirs to a gradient.

use rayon::prelude::*;

use super::super::Shape;
use super::super::product::Matrix;
use super::IMAGE;
use super::lanes::{LANES, of_kernel, to_kernel, twice};
use crate::wide::wide;

/// Numbers between the images of one output and the next, beyond their own: rows that lie a power
/// of two apart would share a few places of the cache.
const APART: usize = 16;

/// Taps of a kernel.
const TAPS: usize = 9;

/// Images of all kernels.
pub struct Weights {
    images: Vec<f32>,
    inputs: usize,
    outputs: usize,
    /// Turned by half a turn, and from outputs to inputs.
    turned: bool,
}

impl Weights {
    /// Of `[outputs, inputs, 3, 3]`.
    pub fn of(kernels: &[f32], shape: &Shape) -> Self {
        let row = row(shape.inputs);
        let mut images = vec![0.0; shape.outputs * row];
        images
            .par_chunks_mut(row)
            .zip(kernels.par_chunks(shape.inputs * TAPS))
            .for_each(|(images, kernels)| {
                wide(|| map_row(kernels, images, shape.inputs));
            });
        Self {
            images,
            inputs: shape.inputs,
            outputs: shape.outputs,
            turned: false,
        }
    }

    /// Those of the convolution that is the input's gradient.
    ///
    /// A turned kernel's image is the kernel's with the first and the last of each side exchanged,
    /// as the two in the middle see no difference.
    pub fn turned(self) -> Self {
        Self {
            turned: true,
            ..self
        }
    }

    /// Number `n` of all images, `[outputs, inputs]`.
    pub fn matrix(&self, n: usize) -> Matrix<'_> {
        let of = |n: usize| {
            Matrix::new(
                &self.images[n * self.inputs..],
                [self.outputs, self.inputs],
                row(self.inputs),
            )
        };
        if !self.turned {
            return of(n);
        }
        let exchanged = |side: usize| [3, 1, 2, 0][side];
        of(exchanged(n / 4) * 4 + exchanged(n % 4)).turned()
    }
}

/// Numbers from the images of one output to those of the next.
pub fn row(inputs: usize) -> usize {
    IMAGE * inputs + APART
}

#[inline(always)]
fn map_row(kernels: &[f32], images: &mut [f32], inputs: usize) {
    for (block, kernels) in kernels.chunks(LANES * TAPS).enumerate() {
        let count = kernels.len() / TAPS;
        let mut square = [[[0.0; LANES]; 3]; 3];
        for (lane, kernel) in kernels.chunks_exact(TAPS).enumerate() {
            for tap in 0..TAPS {
                square[tap / 3][tap % 3][lane] = kernel[tap];
            }
        }
        let image = twice(square, of_kernel);
        for n in 0..IMAGE {
            let at = n * inputs + block * LANES;
            images[at..at + count].copy_from_slice(&image[n / 4][n % 4][..count]);
        }
    }
}

/// From the gradient of images, in rows as [`row`] says, to that of the kernels `[outputs, inputs,
/// 3, 3]`.
pub fn to_kernels(images: &[f32], kernels: &mut [f32], shape: &Shape) {
    let inputs = shape.inputs;
    images
        .par_chunks(row(inputs))
        .zip(kernels.par_chunks_mut(inputs * TAPS))
        .for_each(|(images, kernels)| {
            wide(|| gather_row(images, kernels, inputs));
        });
}

#[inline(always)]
fn gather_row(images: &[f32], kernels: &mut [f32], inputs: usize) {
    for (block, kernels) in kernels.chunks_mut(LANES * TAPS).enumerate() {
        let count = kernels.len() / TAPS;
        let mut image = [[[0.0; LANES]; 4]; 4];
        for n in 0..IMAGE {
            let at = n * inputs + block * LANES;
            image[n / 4][n % 4][..count].copy_from_slice(&images[at..at + count]);
        }
        let square = twice(image, to_kernel);
        for (lane, kernel) in kernels.chunks_exact_mut(TAPS).enumerate() {
            for tap in 0..TAPS {
                kernel[tap] = square[tap / 3][tap % 3][lane];
            }
        }
    }
}
