//! Max-pooling on slices of `f32`. A plane, `[height, width]` of one channel, is one task.

use std::ops::Range;

use rayon::prelude::*;

use crate::avx2::with_avx2;

/// Values below which a thread costs more than it saves.
const WORTH_A_THREAD: usize = 16 * 1024;
/// A window without a tap yet.
const NO_TAP: u8 = u8::MAX;

/// Size, stride and padding of the windows, the same in both dimensions.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub size: usize,
    pub stride: usize,
    pub padding: usize,
}

/// Height and width of a plane before and after pooling.
#[derive(Clone, Copy, Debug)]
pub struct PlaneSizes {
    input_size: [usize; 2],
    pub output_size: [usize; 2],
    windows: Windows,
}

impl PlaneSizes {
    pub fn new(input_size: [usize; 2], windows: Windows) -> Self {
        let Windows {
            size,
            stride,
            padding,
        } = windows;
        Self {
            input_size,
            output_size: input_size.map(|length| (length + 2 * padding - size) / stride + 1),
            windows,
        }
    }

    /// The windows whose tap `tap` is inside the plane and not in the padding, along one dimension.
    fn windows_inside(&self, dimension: usize, tap: usize) -> Range<usize> {
        let Windows {
            stride, padding, ..
        } = self.windows;
        let first = padding.saturating_sub(tap).div_ceil(stride);
        let end = (self.input_size[dimension] + padding)
            .saturating_sub(tap)
            .div_ceil(stride)
            .min(self.output_size[dimension]);
        first..end.max(first)
    }

    /// The row of windows whose taps `tap_row` are in row `y` of the plane, if there is one.
    fn window_row(&self, y: usize, tap_row: usize) -> Option<usize> {
        let Windows {
            stride, padding, ..
        } = self.windows;
        let first = (y + padding).checked_sub(tap_row)?;
        (first.is_multiple_of(stride) && first / stride < self.output_size[0])
            .then_some(first / stride)
    }

    fn areas(&self) -> [usize; 2] {
        [self.input_size, self.output_size].map(|[height, width]| (height * width).max(1))
    }

    fn min_planes(&self) -> usize {
        (WORTH_A_THREAD / self.areas()[0]).max(1)
    }
}

/// The largest value of each window, and which tap of it that is, counted row by row.
pub fn forward(x: &[f32], output: &mut [f32], taps: &mut [u8], planes: PlaneSizes) {
    let [from, to] = planes.areas();
    let outputs = output.par_chunks_mut(to).zip(taps.par_chunks_mut(to));
    outputs
        .zip(x.par_chunks(from))
        .with_min_len(planes.min_planes())
        .for_each(|((output, taps), x)| {
            with_avx2(|| forward_plane(x, output, taps, planes));
        });
}

/// Goes through the input row by row, so that a window sees its taps in order.
#[inline(always)]
fn forward_plane(x: &[f32], output: &mut [f32], taps: &mut [u8], planes: PlaneSizes) {
    let Windows {
        size,
        stride,
        padding,
    } = planes.windows;
    let [width, output_width] = [planes.input_size[1], planes.output_size[1]];
    output.fill(f32::NEG_INFINITY);
    taps.fill(NO_TAP);
    let part = width.div_ceil(stride);
    let mut parts = vec![0.0; stride * part];
    for (y, x) in x.chunks_exact(width).enumerate() {
        split_by_remainder(x, stride, part, &mut parts);
        for tap_row in 0..size {
            let Some(row) = planes.window_row(y, tap_row) else {
                continue;
            };
            let (output, taps) = (
                &mut output[row * output_width..][..output_width],
                &mut taps[row * output_width..][..output_width],
            );
            for tap_column in 0..size {
                let inside = planes.windows_inside(1, tap_column);
                let Some(first) = (inside.start * stride + tap_column).checked_sub(padding) else {
                    continue;
                };
                let seen = &parts[first % stride * part + first / stride..];
                keep_largest(
                    &mut output[inside.clone()],
                    &mut taps[inside],
                    seen,
                    (tap_row * size + tap_column) as u8,
                );
            }
        }
    }
}

/// Sorts columns by their remainder modulo the stride, so that a tap of neighbouring windows reads
/// neighbouring values.
#[inline(always)]
fn split_by_remainder(x: &[f32], stride: usize, part: usize, parts: &mut [f32]) {
    if stride == 2 {
        // The compiler makes shuffles of this.
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
fn keep_largest(largest: &mut [f32], argmax: &mut [u8], seen: &[f32], tap: u8) {
    for ((largest, argmax), &value) in largest.iter_mut().zip(argmax).zip(seen) {
        let is_larger = value > *largest || value.is_nan() || *argmax == NO_TAP;
        *largest = if is_larger { value } else { *largest };
        *argmax = if is_larger { tap } else { *argmax };
    }
}

/// Adds each gradient to the value it came from. `result` is zero.
pub fn backward(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: PlaneSizes) {
    let [from, to] = planes.areas();
    let given = taps.par_chunks(to).zip(gradient.par_chunks(to));
    result
        .par_chunks_mut(from)
        .zip(given)
        .with_min_len(planes.min_planes())
        .for_each(|(result, (taps, gradient))| {
            backward_plane(taps, gradient, result, planes);
        });
}

fn backward_plane(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: PlaneSizes) {
    let Windows {
        size,
        stride,
        padding,
    } = planes.windows;
    let [width, output_width] = [planes.input_size[1], planes.output_size[1]];
    let rows = taps.chunks(output_width).zip(gradient.chunks(output_width));
    for (row, (taps, gradient)) in rows.enumerate() {
        for (column, (&tap, &gradient)) in taps.iter().zip(gradient).enumerate() {
            let [tap_row, tap_column] = [usize::from(tap) / size, usize::from(tap) % size];
            let [y, x] = [
                row * stride + tap_row - padding,
                column * stride + tap_column - padding,
            ];
            result[y * width + x] += gradient;
        }
    }
}
