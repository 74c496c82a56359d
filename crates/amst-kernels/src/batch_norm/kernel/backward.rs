//! The backward pass.

use super::moments::{BLOCK, LANES};
use super::planes::SharedPlanes;
use super::{Affine, Dims, Moments, for_each_channel};

/// What a backward pass reads.
#[derive(Clone, Copy, Debug)]
pub struct BackwardInputs<'a> {
    /// The forward pass's input.
    pub x: &'a [f32],
    /// Where ReLU was zero, and passes no gradient.
    pub relu: Relu<&'a [f32]>,
    /// Statistics of every channel.
    pub moments: &'a [Moments],
    /// Scales.
    pub gamma: &'a [f32],
    /// Added to the variance.
    pub epsilon: f64,
}

/// From what to tell where ReLU was zero.
#[derive(Clone, Copy, Debug)]
pub enum Relu<T> {
    /// There was no ReLU.
    None,
    /// From the output, computed again with this `beta`, so that it need not be kept.
    Recomputed(T),
    /// From the output itself, where a shortcut was added: the next block keeps it anyway.
    Output(T),
}

/// [`Relu`] as a compile-time parameter of the functions below.
const NONE: u8 = 0;
const RECOMPUTED: u8 = 1;
const OUTPUT: u8 = 2;

/// The gradients of one channel's parameters.
#[derive(Clone, Copy, Debug)]
pub struct ChannelGradients {
    /// Of the scale.
    pub gamma: f32,
    /// Of the shift.
    pub beta: f32,
}

/// The gradients of `gamma` and `beta` by channel, and the input's in place of the output's.
///
/// With z = scale (x - mean) + beta, r = 1/sqrt(variance + epsilon) for every channel, the
/// input's gradient is `gamma r (dz - mean(dz) - (x - mean) r² mean(dz (x - mean)))`. `gradient`
/// holds the output's gradient first and the input's in the end. Where a shortcut was added, the
/// input's gradient goes to `separate` instead, and `gradient` becomes dz, which is the shortcut's.
pub fn backward(
    inputs: BackwardInputs<'_>,
    gradient: &mut [f32],
    separate: Option<&mut [f32]>,
    dims: Dims,
) -> Vec<ChannelGradients> {
    let gradient = SharedPlanes::new(gradient, dims);
    let separate = separate.map(|s| SharedPlanes::new(s, dims));
    for_each_channel(dims, |channel| match inputs.relu {
        Relu::None => {
            channel_backward::<NONE>(inputs, inputs.x, 0.0, gradient, separate, dims, channel)
        }
        Relu::Recomputed(beta) => channel_backward::<RECOMPUTED>(
            inputs,
            inputs.x,
            beta[channel],
            gradient,
            separate,
            dims,
            channel,
        ),
        Relu::Output(output) => {
            channel_backward::<OUTPUT>(inputs, output, 0.0, gradient, separate, dims, channel)
        }
    })
}

/// `output` is only read if there was a ReLU; to compute it again, it is the input.
#[inline(always)]
fn channel_backward<const RELU: u8>(
    inputs: BackwardInputs<'_>,
    output: &[f32],
    beta: f32,
    gradient: SharedPlanes<'_>,
    separate: Option<SharedPlanes<'_>>,
    dims: Dims,
    channel: usize,
) -> ChannelGradients {
    let moments = inputs.moments[channel];
    let centre = moments.mean as f32;
    let affine = Affine::new(
        moments.mean,
        moments.variance(),
        [inputs.gamma[channel], beta],
        inputs.epsilon,
    );
    let mut sums = Sums::default();
    for picture in 0..dims.batch {
        // SAFETY: this task is the only one of the channel, and takes one plane at a time.
        let gradient = unsafe { gradient.plane(picture, channel) };
        sums.add::<RELU>(
            gradient,
            &inputs.x[dims.range(picture, channel)],
            &output[dims.range(picture, channel)],
            centre,
            affine,
        );
    }
    let [dz_sum, products] = sums.total();
    // The products were taken around the rounded mean.
    let rounding = moments.mean - f64::from(centre);
    let products = products - rounding * dz_sum;
    let root = (moments.variance() + inputs.epsilon).sqrt().recip();
    let map = InputGradient::new(
        f64::from(inputs.gamma[channel]) * root,
        root,
        [dz_sum, products],
        moments,
    );
    for picture in 0..dims.batch {
        // SAFETY: as above.
        let gradient = unsafe { gradient.plane(picture, channel) };
        let (x, output) = (
            &inputs.x[dims.range(picture, channel)],
            &output[dims.range(picture, channel)],
        );
        match separate {
            // SAFETY: as above, and this is another array.
            Some(separate) => map.write_separate::<RELU>(
                gradient,
                unsafe { separate.plane(picture, channel) },
                x,
                output,
                affine,
            ),
            None => map.write::<RELU>(gradient, x, output, affine),
        }
    }
    ChannelGradients {
        gamma: (products * root) as f32,
        beta: dz_sum as f32,
    }
}

/// dz: the output's gradient, and 0 where ReLU was zero. As in PyTorch, NaN passes it.
#[inline(always)]
fn through_relu<const RELU: u8>(gradient: f32, output: f32, affine: Affine) -> f32 {
    let output = if RELU == RECOMPUTED {
        affine.apply(output)
    } else {
        output
    };
    if RELU != NONE && output <= 0.0 {
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
    fn add<const RELU: u8>(
        &mut self,
        gradient: &[f32],
        x: &[f32],
        output: &[f32],
        centre: f32,
        affine: Affine,
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
            self.add_block::<RELU>(gradient, x, output, centre, affine);
        }
    }

    #[inline(always)]
    fn add_block<const RELU: u8>(
        &mut self,
        gradient: &[f32],
        x: &[f32],
        output: &[f32],
        centre: f32,
        affine: Affine,
    ) {
        let [mut plain, mut product] = self.lanes;
        let mut accumulate = |lane: usize, gradient: f32, x: f32, output: f32| {
            let dz = through_relu::<RELU>(gradient, output, affine);
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
                accumulate(lane, gradient[lane], x[lane], output[lane]);
            }
        }
        for (lane, ((&gradient, &x), &output)) in rest.0.iter().zip(rest.1).zip(rest.2).enumerate()
        {
            accumulate(lane, gradient, x, output);
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
struct InputGradient {
    scale: f32,
    slope: f32,
    shift: f32,
    centre: f32,
}

impl InputGradient {
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
    fn apply(&self, dz: f32, x: f32) -> f32 {
        dz * self.scale + ((x - self.centre) * self.slope + self.shift)
    }

    #[inline(always)]
    fn write<const RELU: u8>(
        &self,
        gradient: &mut [f32],
        x: &[f32],
        output: &[f32],
        affine: Affine,
    ) {
        for ((gradient, &x), &output) in gradient.iter_mut().zip(x).zip(output) {
            *gradient = self.apply(through_relu::<RELU>(*gradient, output, affine), x);
        }
    }

    #[inline(always)]
    fn write_separate<const RELU: u8>(
        &self,
        gradient: &mut [f32],
        separate: &mut [f32],
        x: &[f32],
        output: &[f32],
        affine: Affine,
    ) {
        for (((gradient, separate), &x), &output) in
            gradient.iter_mut().zip(separate).zip(x).zip(output)
        {
            let dz = through_relu::<RELU>(*gradient, output, affine);
            *gradient = dz;
            *separate = self.apply(dz, x);
        }
    }
}
