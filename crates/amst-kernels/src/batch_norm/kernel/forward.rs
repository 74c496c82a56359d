//! Normalising forward.

use super::planes::Planes;
use super::{Dims, Moments, of_channels};

/// An affine map of one channel, `scale (x - centre) + shift`.
///
/// The centre is subtracted before anything is multiplied: folded into the shift, a large mean
/// would cost the digits that the deviations are in.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    centre: f32,
    scale: f32,
    shift: f32,
}

impl Affine {
    /// `gamma (x - mean) / sqrt(variance + epsilon) + beta`.
    pub fn new(mean: f64, variance: f64, [gamma, beta]: [f32; 2], epsilon: f64) -> Self {
        let centre = mean as f32;
        let scale = f64::from(gamma) / (variance + epsilon).sqrt();
        // What rounding took off the mean goes where it still counts.
        let shift = f64::from(beta) - scale * (mean - f64::from(centre));
        Self {
            centre,
            scale: scale as f32,
            shift: shift as f32,
        }
    }

    /// Of one number.
    #[inline(always)]
    pub fn of(&self, x: f32) -> f32 {
        (x - self.centre) * self.scale + self.shift
    }
}

/// Training: statistics of every channel, and `output` from them.
pub fn forward(
    x: &[f32],
    shortcut: Option<&[f32]>,
    [gamma, beta]: [&[f32]; 2],
    epsilon: f64,
    relu: bool,
    output: &mut [f32],
    dims: Dims,
) -> Vec<Moments> {
    let output = Planes::new(output, dims);
    of_channels(dims, |channel| {
        let moments = Moments::of_channel(x, dims, channel);
        let map = Affine::new(
            moments.mean,
            moments.variance(),
            [gamma[channel], beta[channel]],
            epsilon,
        );
        write_channel(map, x, shortcut, relu, output, dims, channel);
        moments
    })
}

/// Evaluation: `output` from maps that are known.
pub fn affine(
    x: &[f32],
    shortcut: Option<&[f32]>,
    maps: &[Affine],
    relu: bool,
    output: &mut [f32],
    dims: Dims,
) {
    let output = Planes::new(output, dims);
    of_channels(dims, |channel| {
        write_channel(maps[channel], x, shortcut, relu, output, dims, channel)
    });
}

#[inline(always)]
fn write_channel(
    map: Affine,
    x: &[f32],
    shortcut: Option<&[f32]>,
    relu: bool,
    output: Planes<'_>,
    dims: Dims,
    channel: usize,
) {
    for picture in 0..dims.batch {
        let range = dims.start(picture, channel)..dims.start(picture, channel) + dims.positions;
        let x = &x[range.clone()];
        // SAFETY: this task is the only one of the channel, and takes one plane at a time.
        let output = unsafe { output.plane(picture, channel) };
        match (shortcut.map(|s| &s[range]), relu) {
            (None, false) => output.iter_mut().zip(x).for_each(|(o, &x)| *o = map.of(x)),
            (None, true) => output
                .iter_mut()
                .zip(x)
                .for_each(|(o, &x)| *o = rectified(map.of(x))),
            (Some(shortcut), _) => {
                let pairs = x.iter().zip(shortcut);
                output
                    .iter_mut()
                    .zip(pairs)
                    .for_each(|(o, (&x, &s))| *o = rectified(map.of(x) + s));
            }
        }
    }
}

/// `max(v, 0)` that lets a NaN through, as PyTorch's does.
#[inline(always)]
fn rectified(v: f32) -> f32 {
    if v <= 0.0 { 0.0 } else { v }
}
