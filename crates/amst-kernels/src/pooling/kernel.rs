//! Pooling of planes, on slices of `f32`. A plane is one task.

use std::ops::Range;

use rayon::prelude::*;

use super::operation::Windows;
use crate::wide::wide;

/// Numbers below which a thread costs more than it saves.
const WORTH_A_THREAD: usize = 16 * 1024;
/// No tap of a window yet.
const NONE: u8 = u8::MAX;

/// Height and width of a plane before and after.
#[derive(Clone, Copy, Debug)]
pub struct Planes {
    from: [usize; 2],
    pub to: [usize; 2],
    windows: Windows,
}

impl Planes {
    pub fn new(from: [usize; 2], windows: Windows) -> Self {
        let Windows {
            size,
            stride,
            padding,
        } = windows;
        Self {
            from,
            to: from.map(|length| (length + 2 * padding - size) / stride + 1),
            windows,
        }
    }

    /// The windows whose tap `at` lies inside of what is pooled, along one dimension.
    fn inside(&self, dimension: usize, at: usize) -> Range<usize> {
        let Windows {
            stride, padding, ..
        } = self.windows;
        let first = padding.saturating_sub(at).div_ceil(stride);
        let end = (self.from[dimension] + padding)
            .saturating_sub(at)
            .div_ceil(stride)
            .min(self.to[dimension]);
        first..end.max(first)
    }

    /// The row of windows whose taps `down` lie in a row of what is pooled.
    fn row(&self, y: usize, down: usize) -> Option<usize> {
        let Windows {
            stride, padding, ..
        } = self.windows;
        let first = (y + padding).checked_sub(down)?;
        (first.is_multiple_of(stride) && first / stride < self.to[0]).then_some(first / stride)
    }

    fn sizes(&self) -> [usize; 2] {
        [self.from, self.to].map(|[height, width]| (height * width).max(1))
    }

    fn at_least(&self) -> usize {
        (WORTH_A_THREAD / self.sizes()[0]).max(1)
    }
}

/// The largest of each window, and which of its taps that is, counted in rows.
pub fn forward(x: &[f32], output: &mut [f32], taps: &mut [u8], planes: Planes) {
    let [from, to] = planes.sizes();
    let outputs = output.par_chunks_mut(to).zip(taps.par_chunks_mut(to));
    outputs
        .zip(x.par_chunks(from))
        .with_min_len(planes.at_least())
        .for_each(|((output, taps), x)| {
            wide(|| forward_plane(x, output, taps, planes));
        });
}

/// Row by row of what is pooled, so that a window sees its taps in their order.
#[inline(always)]
fn forward_plane(x: &[f32], output: &mut [f32], taps: &mut [u8], planes: Planes) {
    let Windows {
        size,
        stride,
        padding,
    } = planes.windows;
    let [width, wide] = [planes.from[1], planes.to[1]];
    output.fill(f32::NEG_INFINITY);
    taps.fill(NONE);
    let part = width.div_ceil(stride);
    let mut parts = vec![0.0; stride * part];
    for (y, x) in x.chunks_exact(width).enumerate() {
        by_remainder(x, stride, part, &mut parts);
        for down in 0..size {
            let Some(row) = planes.row(y, down) else {
                continue;
            };
            let (output, taps) = (
                &mut output[row * wide..][..wide],
                &mut taps[row * wide..][..wide],
            );
            for right in 0..size {
                let inside = planes.inside(1, right);
                let Some(first) = (inside.start * stride + right).checked_sub(padding) else {
                    continue;
                };
                let seen = &parts[first % stride * part + first / stride..];
                keep_largest(
                    &mut output[inside.clone()],
                    &mut taps[inside],
                    seen,
                    (down * size + right) as u8,
                );
            }
        }
    }
}

/// Columns sorted by their remainder modulo the stride, so that neighbouring windows see
/// neighbouring numbers.
#[inline(always)]
fn by_remainder(x: &[f32], stride: usize, part: usize, parts: &mut [f32]) {
    if stride == 2 {
        // What the compiler makes shuffles of.
        let (even, odd) = parts.split_at_mut(part);
        let (pairs, last) = x.as_chunks::<2>();
        for ((pair, even), odd) in pairs.iter().zip(&mut *even).zip(odd) {
            (*even, *odd) = (pair[0], pair[1]);
        }
        last.iter().for_each(|&last| even[pairs.len()] = last);
        return;
    }
    for (remainder, part) in parts.chunks_exact_mut(part.max(1)).enumerate() {
        part.iter_mut()
            .zip(x.iter().skip(remainder).step_by(stride))
            .for_each(|(to, &value)| *to = value);
    }
}

#[inline(always)]
fn keep_largest(largest: &mut [f32], chosen: &mut [u8], seen: &[f32], tap: u8) {
    for ((largest, chosen), &value) in largest.iter_mut().zip(chosen).zip(seen) {
        let is_larger = value > *largest || value.is_nan() || *chosen == NONE;
        *largest = if is_larger { value } else { *largest };
        *chosen = if is_larger { tap } else { *chosen };
    }
}

/// Adds each gradient where its number came from. `result` is zero.
pub fn backward(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: Planes) {
    let [from, to] = planes.sizes();
    let given = taps.par_chunks(to).zip(gradient.par_chunks(to));
    result
        .par_chunks_mut(from)
        .zip(given)
        .with_min_len(planes.at_least())
        .for_each(|(result, (taps, gradient))| {
            backward_plane(taps, gradient, result, planes);
        });
}

fn backward_plane(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: Planes) {
    let Windows {
        size,
        stride,
        padding,
    } = planes.windows;
    let [width, wide] = [planes.from[1], planes.to[1]];
    let rows = taps.chunks(wide).zip(gradient.chunks(wide));
    for (row, (taps, gradient)) in rows.enumerate() {
        for (column, (&tap, &gradient)) in taps.iter().zip(gradient).enumerate() {
            let [down, right] = [usize::from(tap) / size, usize::from(tap) % size];
            let [y, x] = [
                row * stride + down - padding,
                column * stride + right - padding,
            ];
            result[y * width + x] += gradient;
        }
    }
}
