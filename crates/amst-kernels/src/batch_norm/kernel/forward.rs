//! The forward passes.

use super::planes::SharedPlanes;
use super::{Dims, Moments, for_each_channel};

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
        // The rounding error of `centre` is corrected in the shift.
        let shift = f64::from(beta) - scale * (mean - f64::from(centre));
        Self {
            centre,
            scale: scale as f32,
            shift: shift as f32,
        }
    }

    /// The map of one value.
    #[inline(always)]
    pub fn apply(&self, x: f32) -> f32 {
        (x - self.centre) * self.scale + self.shift
    }
}

/// Training: the statistics of every channel, and `output` normalised by them.
pub fn forward(
    x: &[f32],
    shortcut: Option<&[f32]>,
    [gamma, beta]: [&[f32]; 2],
    epsilon: f64,
    relu: bool,
    output: &mut [f32],
    dims: Dims,
) -> Vec<Moments> {
    let output = SharedPlanes::new(output, dims);
    for_each_channel(dims, |channel| {
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

/// Evaluation: `output` by given maps.
pub fn affine(
    x: &[f32],
    shortcut: Option<&[f32]>,
    maps: &[Affine],
    relu: bool,
    output: &mut [f32],
    dims: Dims,
) {
    let output = SharedPlanes::new(output, dims);
    for_each_channel(dims, |channel| {
        write_channel(maps[channel], x, shortcut, relu, output, dims, channel)
    });
}

#[inline(always)]
fn write_channel(
    map: Affine,
    x: &[f32],
    shortcut: Option<&[f32]>,
    has_relu: bool,
    output: SharedPlanes<'_>,
    dims: Dims,
    channel: usize,
) {
    for picture in 0..dims.batch {
        let range = dims.range(picture, channel);
        let x = &x[range.clone()];
        // SAFETY: this task is the only one of the channel, and takes one plane at a time.
        let output = unsafe { output.plane(picture, channel) };
        match (shortcut.map(|s| &s[range]), has_relu) {
            (None, false) => output
                .iter_mut()
                .zip(x)
                .for_each(|(o, &x)| *o = map.apply(x)),
            (None, true) => output
                .iter_mut()
                .zip(x)
                .for_each(|(o, &x)| *o = relu(map.apply(x))),
            (Some(shortcut), _) => {
                let pairs = x.iter().zip(shortcut);
                output
                    .iter_mut()
                    .zip(pairs)
                    .for_each(|(o, (&x, &s))| *o = relu(map.apply(x) + s));
            }
        }
    }
}

/// `max(v, 0)` that lets a NaN through, as PyTorch's does.
#[inline(always)]
fn relu(v: f32) -> f32 {
    if v <= 0.0 { 0.0 } else { v }
}
