//! Layer normalisation of a sum on slices of `f32`, row by row.

use rayon::prelude::*;

use crate::avx2::with_avx2;
use crate::dropout::{Dropout, DroppedValues};
use crate::functions::sum;
use crate::rows::{rows_per_task, sums_of_tasks};

/// Mean and inverse deviation of a row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Moments {
    /// A number near the mean: a deviation from it is exact where the two are close.
    pivot: f32,
    /// The mean less the pivot.
    off: f32,
    inverse_deviation: f32,
}

impl Moments {
    #[inline(always)]
    fn new(row: &[f32], epsilon: f64) -> Self {
        let count = row.len() as f32;
        let pivot = sum(row.len(), |i| row[i]) / count;
        let off = sum(row.len(), |i| row[i] - pivot) / count;
        let squares = sum(row.len(), |i| (row[i] - pivot) * (row[i] - pivot));
        let variance = f64::from(squares / count) - f64::from(off) * f64::from(off);
        // Written so that a NaN stays one.
        let variance = if variance < 0.0 { 0.0 } else { variance };
        Self {
            pivot,
            off,
            inverse_deviation: (1.0 / (variance + epsilon).sqrt()) as f32,
        }
    }

    #[inline(always)]
    fn normalised(&self, value: f32) -> f32 {
        ((value - self.pivot) - self.off) * self.inverse_deviation
    }
}

/// Writes the sum of `x` after dropout and `shortcut`, and the normalised sum: `[rows, width]`.
pub fn forward(
    [x, shortcut]: [&[f32]; 2],
    dropout: Option<&Dropout>,
    [gamma, beta]: [&[f32]; 2],
    epsilon: f64,
    [sums, output]: [&mut [f32]; 2],
) -> Vec<Moments> {
    let width = gamma.len();
    let mut moments = vec![Moments::default(); x.len() / width];
    let rows = rows_per_task(width);
    let written = sums
        .par_chunks_mut(rows * width)
        .zip(output.par_chunks_mut(rows * width));
    written
        .zip(moments.par_chunks_mut(rows))
        .enumerate()
        .for_each(|(task, ((sums, output), moments))| {
            let lines = sums
                .chunks_exact_mut(width)
                .zip(output.chunks_exact_mut(width));
            for (index, ((sums, output), moments)) in lines.zip(moments).enumerate() {
                let start = (task * rows + index) * width;
                let (x, shortcut) = (&x[start..start + width], &shortcut[start..start + width]);
                let dropped = dropout.map(|dropout| dropout.part(start, width));
                with_avx2(|| {
                    add([x, shortcut], dropped, sums);
                    *moments = Moments::new(sums, epsilon);
                    for (i, output) in output.iter_mut().enumerate() {
                        *output = moments.normalised(sums[i]) * gamma[i] + beta[i];
                    }
                });
            }
        });
    moments
}

#[inline(always)]
fn add([x, shortcut]: [&[f32]; 2], dropped: Option<DroppedValues<'_>>, sums: &mut [f32]) {
    let pairs = x.iter().zip(shortcut);
    match dropped {
        Some(dropped) => {
            for (i, (sum, (&x, &shortcut))) in sums.iter_mut().zip(pairs).enumerate() {
                *sum = dropped.apply(i, x) + shortcut;
            }
        }
        None => {
            for (sum, (&x, &shortcut)) in sums.iter_mut().zip(pairs) {
                *sum = x + shortcut;
            }
        }
    }
}

/// What the backward pass reads.
pub struct BackwardInputs<'a> {
    pub sums: &'a [f32],
    pub moments: &'a [Moments],
    pub gamma: &'a [f32],
}

/// Turns the output's gradient into that of the sum, in place; the gradients of gamma and beta.
pub fn backward(inputs: BackwardInputs<'_>, gradient: &mut [f32]) -> [Vec<f32>; 2] {
    let BackwardInputs {
        sums,
        moments,
        gamma,
    } = inputs;
    let width = gamma.len();
    let rows = rows_per_task(width);
    let tasks = gradient
        .par_chunks_mut(rows * width)
        .zip(sums.par_chunks(rows * width))
        .zip(moments.par_chunks(rows))
        .map(|((gradient, sums), moments)| {
            with_avx2(|| backward_rows(gradient, sums, moments, gamma))
        });
    sums_of_tasks(tasks, width)
}

#[inline(always)]
fn backward_rows(
    gradient: &mut [f32],
    sums: &[f32],
    moments: &[Moments],
    gamma: &[f32],
) -> [Vec<f32>; 2] {
    let width = gamma.len();
    let mut normalised = vec![0.0; width];
    let [mut of_gamma, mut of_beta] = [vec![0.0; width], vec![0.0; width]];
    let rows = gradient
        .chunks_exact_mut(width)
        .zip(sums.chunks_exact(width));
    for ((gradient, sums), moments) in rows.zip(moments) {
        for i in 0..width {
            normalised[i] = moments.normalised(sums[i]);
            of_gamma[i] += gradient[i] * normalised[i];
            of_beta[i] += gradient[i];
        }
        for (gradient, &gamma) in gradient.iter_mut().zip(gamma) {
            *gradient *= gamma;
        }
        let mean = sum(width, |i| gradient[i]) / width as f32;
        let slope = sum(width, |i| gradient[i] * normalised[i]) / width as f32;
        for (gradient, &normalised) in gradient.iter_mut().zip(&normalised) {
            *gradient = (*gradient - mean - slope * normalised) * moments.inverse_deviation;
        }
    }
    [of_gamma, of_beta]
}

/// Writes the gradient before dropout from that after it.
pub fn before_dropout(gradient: &[f32], dropout: &Dropout, result: &mut [f32]) {
    let task = rows_per_task(1);
    result
        .par_chunks_mut(task)
        .zip(gradient.par_chunks(task))
        .enumerate()
        .for_each(|(index, (result, gradient))| {
            let dropped = dropout.part(index * task, result.len());
            with_avx2(|| {
                for (i, (to, &gradient)) in result.iter_mut().zip(gradient).enumerate() {
                    *to = dropped.apply(i, gradient);
                }
            });
        });
}
