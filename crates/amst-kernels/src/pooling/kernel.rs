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
        let Windows { size, stride, padding } = windows;
        Self { from, to: from.map(|length| (length + 2 * padding - size) / stride + 1), windows }
    }

    /// The windows whose tap `at` lies inside of what is pooled, along one dimension.
    fn inside(&self, dimension: usize, at: usize) -> Range<usize> {
        let Windows { stride, padding, .. } = self.windows;
        let first = padding.saturating_sub(at).div_ceil(stride);
        let end = (self.from[dimension] + padding).saturating_sub(at).div_ceil(stride).min(self.to[dimension]);
        first..end.max(first)
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
    outputs.zip(x.par_chunks(from)).with_min_len(planes.at_least()).for_each(|((output, taps), x)| {
        wide(|| forward_plane(x, output, taps, planes));
    });
}

#[inline(always)]
fn forward_plane(x: &[f32], output: &mut [f32], taps: &mut [u8], planes: Planes) {
    let Windows { size, stride, padding } = planes.windows;
    let [width, wide] = [planes.from[1], planes.to[1]];
    output.fill(f32::NEG_INFINITY);
    taps.fill(NONE);
    for down in 0..size {
        for row in planes.inside(0, down) {
            let start = (row * stride + down - padding) * width;
            let x = &x[start..start + width];
            let (output, taps) = (&mut output[row * wide..][..wide], &mut taps[row * wide..][..wide]);
            for right in 0..size {
                let inside = planes.inside(1, right);
                let Some(first) = (inside.start * stride + right).checked_sub(padding) else { continue };
                let seen = x.iter().skip(first).step_by(stride);
                let kept = output[inside.clone()].iter_mut().zip(&mut taps[inside]);
                keep_largest(kept, seen, (down * size + right) as u8);
            }
        }
    }
}

#[inline(always)]
fn keep_largest<'a>(
    kept: impl Iterator<Item = (&'a mut f32, &'a mut u8)>,
    seen: impl Iterator<Item = &'a f32>,
    tap: u8,
) {
    for ((largest, chosen), &value) in kept.zip(seen) {
        let is_larger = value > *largest || value.is_nan() || *chosen == NONE;
        *largest = if is_larger { value } else { *largest };
        *chosen = if is_larger { tap } else { *chosen };
    }
}

/// Adds each gradient where its number came from. `result` is zero.
pub fn backward(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: Planes) {
    let [from, to] = planes.sizes();
    let given = taps.par_chunks(to).zip(gradient.par_chunks(to));
    result.par_chunks_mut(from).zip(given).with_min_len(planes.at_least()).for_each(|(result, (taps, gradient))| {
        backward_plane(taps, gradient, result, planes);
    });
}

fn backward_plane(taps: &[u8], gradient: &[f32], result: &mut [f32], planes: Planes) {
    let Windows { size, stride, padding } = planes.windows;
    let [width, wide] = [planes.from[1], planes.to[1]];
    let rows = taps.chunks(wide).zip(gradient.chunks(wide));
    for (row, (taps, gradient)) in rows.enumerate() {
        for (column, (&tap, &gradient)) in taps.iter().zip(gradient).enumerate() {
            let [down, right] = [usize::from(tap) / size, usize::from(tap) % size];
            let [y, x] = [row * stride + down - padding, column * stride + right - padding];
            result[y * width + x] += gradient;
        }
    }
}
