//! Gradients.

use super::moments::{BLOCK, LANES};
use super::planes::Planes;
use super::{Affine, Dims, Moments, of_channels};

/// What a backward pass reads.
#[derive(Clone, Copy, Debug)]
pub struct Incoming<'a> {
    /// The forward pass's input.
    pub x: &'a [f32],
    /// Whether its output was rectified: there is no gradient where it is zero.
    pub rectified: Rectified<'a>,
    /// Statistics of every channel.
    pub moments: &'a [Moments],
    /// Scales.
    pub gamma: &'a [f32],
    /// Added to the variance.
    pub epsilon: f64,
}

/// Where an output was rectified.
#[derive(Clone, Copy, Debug)]
pub enum Rectified<'a> {
    /// Nowhere.
    No,
    /// Where the normalised input is, computed again from these `beta`: the output need not have
    /// been kept.
    Again(&'a [f32]),
    /// Where the output is zero.
    Output(&'a [f32]),
}

/// What the functions below are made for, of [`Rectified`].
const NO: u8 = 0;
const AGAIN: u8 = 1;
const OUTPUT: u8 = 2;

/// Gradients of `gamma` and `beta`, and the input's in place of the output's.
///
/// With z = scale (x - mean) + beta, r = 1/sqrt(variance + epsilon) and m numbers a channel, the
/// input's gradient is `gamma r (dz - mean(dz) - (x - mean) r² mean(dz (x - mean)))`. `gradient`
/// holds the output's and then the input's; with a `split`, where a shortcut was added, the input's
/// goes there and `gradient` becomes dz, which is the shortcut's.
pub fn backward(
    incoming: Incoming<'_>,
    gradient: &mut [f32],
    split: Option<&mut [f32]>,
    dims: Dims,
) -> Vec<[f32; 2]> {
    let gradient = Planes::new(gradient, dims);
    let split = split.map(|s| Planes::new(s, dims));
    of_channels(dims, |channel| match incoming.rectified {
        Rectified::No => {
            channel_backward::<NO>(incoming, incoming.x, 0.0, gradient, split, dims, channel)
        }
        Rectified::Again(beta) => channel_backward::<AGAIN>(
            incoming,
            incoming.x,
            beta[channel],
            gradient,
            split,
            dims,
            channel,
        ),
        Rectified::Output(output) => {
            channel_backward::<OUTPUT>(incoming, output, 0.0, gradient, split, dims, channel)
        }
    })
}

/// `output` is only read where it was rectified; what is computed again is so from the input, in
/// its place.
#[inline(always)]
fn channel_backward<const RECTIFIED: u8>(
    incoming: Incoming<'_>,
    output: &[f32],
    beta: f32,
    gradient: Planes<'_>,
    split: Option<Planes<'_>>,
    dims: Dims,
    channel: usize,
) -> [f32; 2] {
    let range =
        |picture| dims.start(picture, channel)..dims.start(picture, channel) + dims.positions;
    let moments = incoming.moments[channel];
    let centre = moments.mean as f32;
    let of_channel = [incoming.gamma[channel], beta];
    let again = Affine::new(
        moments.mean,
        moments.variance(),
        of_channel,
        incoming.epsilon,
    );
    let mut sums = Sums::default();
    for picture in 0..dims.batch {
        // SAFETY: this task is the only one of the channel, and takes one plane at a time.
        let gradient = unsafe { gradient.plane(picture, channel) };
        sums.add::<RECTIFIED>(
            gradient,
            &incoming.x[range(picture)],
            &output[range(picture)],
            centre,
            again,
        );
    }
    let [of_beta, products] = sums.total();
    let rounded_off = moments.mean - f64::from(centre);
    let products = products - rounded_off * of_beta;
    let root = (moments.variance() + incoming.epsilon).sqrt().recip();
    let map = Map::new(
        f64::from(incoming.gamma[channel]) * root,
        root,
        [of_beta, products],
        moments,
    );
    for picture in 0..dims.batch {
        // SAFETY: as above.
        let gradient = unsafe { gradient.plane(picture, channel) };
        let (x, output) = (&incoming.x[range(picture)], &output[range(picture)]);
        match split {
            // SAFETY: as above, and it is another array.
            Some(split) => map.write_split::<RECTIFIED>(
                gradient,
                unsafe { split.plane(picture, channel) },
                x,
                output,
                again,
            ),
            None => map.write::<RECTIFIED>(gradient, x, output, again),
        }
    }
    [(products * root) as f32, of_beta as f32]
}

/// The gradient of z: none where the output was rectified to zero; a NaN keeps it, as in PyTorch.
#[inline(always)]
fn passed<const RECTIFIED: u8>(gradient: f32, output: f32, again: Affine) -> f32 {
    let output = if RECTIFIED == AGAIN {
        again.of(output)
    } else {
        output
    };
    if RECTIFIED != NO && output <= 0.0 {
        0.0
    } else {
        gradient
    }
}

/// Sums of dz and of dz (x - centre): single precision within a block, double between blocks.
#[derive(Default)]
struct Sums {
    lanes: [[f32; LANES]; 2],
    added: usize,
    blocks: [f64; 2],
}

impl Sums {
    #[inline(always)]
    fn add<const RECTIFIED: u8>(
        &mut self,
        gradient: &[f32],
        x: &[f32],
        output: &[f32],
        centre: f32,
        again: Affine,
    ) {
        for ((gradient, x), output) in gradient
            .chunks(BLOCK)
            .zip(x.chunks(BLOCK))
            .zip(output.chunks(BLOCK))
        {
            if self.added + gradient.len() > BLOCK {
                self.close_block();
            }
            self.added += gradient.len();
            self.add_block::<RECTIFIED>(gradient, x, output, centre, again);
        }
    }

    #[inline(always)]
    fn add_block<const RECTIFIED: u8>(
        &mut self,
        gradient: &[f32],
        x: &[f32],
        output: &[f32],
        centre: f32,
        again: Affine,
    ) {
        let [mut plain, mut product] = self.lanes;
        let mut each = |lane: usize, gradient: f32, x: f32, output: f32| {
            let dz = passed::<RECTIFIED>(gradient, output, again);
            plain[lane] += dz;
            product[lane] += dz * (x - centre);
        };
        let (gradients, xs, outputs) = (
            gradient.chunks_exact(LANES),
            x.chunks_exact(LANES),
            output.chunks_exact(LANES),
        );
        let rest = (gradients.remainder(), xs.remainder(), outputs.remainder());
        for ((gradient, x), output) in gradients.zip(xs).zip(outputs) {
            for lane in 0..LANES {
                each(lane, gradient[lane], x[lane], output[lane]);
            }
        }
        for (lane, ((&gradient, &x), &output)) in rest.0.iter().zip(rest.1).zip(rest.2).enumerate()
        {
            each(lane, gradient, x, output);
        }
        self.lanes = [plain, product];
    }

    #[inline(always)]
    fn close_block(&mut self) {
        for (total, lanes) in self.blocks.iter_mut().zip(&mut self.lanes) {
            *total += lanes.iter().map(|&v| f64::from(v)).sum::<f64>();
            *lanes = [0.0; LANES];
        }
        self.added = 0;
    }

    #[inline(always)]
    fn total(mut self) -> [f64; 2] {
        self.close_block();
        self.blocks
    }
}

/// From dz to the input's gradient: `scale dz + slope (x - centre) + shift`.
#[derive(Clone, Copy)]
struct Map {
    scale: f32,
    slope: f32,
    shift: f32,
    centre: f32,
}

impl Map {
    fn new(scale: f64, root: f64, [plain, product]: [f64; 2], moments: Moments) -> Self {
        let centre = moments.mean as f32;
        let slope = -scale * root * root * product / moments.count;
        let shift = -scale * plain / moments.count - slope * (moments.mean - f64::from(centre));
        Self {
            scale: scale as f32,
            slope: slope as f32,
            shift: shift as f32,
            centre,
        }
    }

    #[inline(always)]
    fn of(&self, dz: f32, x: f32) -> f32 {
        dz * self.scale + ((x - self.centre) * self.slope + self.shift)
    }

    #[inline(always)]
    fn write<const RECTIFIED: u8>(
        &self,
        gradient: &mut [f32],
        x: &[f32],
        output: &[f32],
        again: Affine,
    ) {
        for ((gradient, &x), &output) in gradient.iter_mut().zip(x).zip(output) {
            *gradient = self.of(passed::<RECTIFIED>(*gradient, output, again), x);
        }
    }

    #[inline(always)]
    fn write_split<const RECTIFIED: u8>(
        &self,
        gradient: &mut [f32],
        split: &mut [f32],
        x: &[f32],
        output: &[f32],
        again: Affine,
    ) {
        for (((gradient, split), &x), &output) in gradient.iter_mut().zip(split).zip(x).zip(output)
        {
            let dz = passed::<RECTIFIED>(*gradient, output, again);
            *gradient = dz;
            *split = self.of(dz, x);
        }
    }
}
