//! Another sample rate for a recording.

use std::f32::consts::PI;

use crate::{FbankError, Wave};

/// Zero crossings of the sinc on each side.
const CROSSINGS: f64 = 6.0;
/// The cut-off, as a share of the lower rate's highest frequency.
const ROLL_OFF: f64 = 0.99;
/// A rate that is wrong in the header would fill the memory.
const LARGEST_RATIO: u32 = 512;

/// The samples of one channel at another rate, as `torchaudio.functional.resample` computes them
/// with its defaults (a sinc under a Hann window, six zero crossings, roll-off 0.99):
/// `ceil(samples × to / from)` of them.
///
/// # Panics
/// When a rate is 0.
pub fn resample(samples: &[f32], from_hz: u32, to_hz: u32) -> Vec<f32> {
    assert!(from_hz > 0 && to_hz > 0, "a sample rate is at least 1 Hz");
    if from_hz == to_hz {
        return samples.to_vec();
    }
    Resampler::new(from_hz, to_hz, samples.len()).channel(samples.len(), |at| samples[at])
}

impl Wave {
    /// The recording at another rate in Hz, each channel by [`resample`].
    ///
    /// # Errors
    /// [`FbankError::BadWave`] when a rate is 0, or one is more than 512 times the other.
    pub fn resampled(&self, to_hz: u32) -> Result<Self, FbankError> {
        let (from_hz, channels) = (self.sample_rate, self.channels.max(1));
        let (low, high) = (from_hz.min(to_hz), from_hz.max(to_hz));
        if high / LARGEST_RATIO >= low {
            let reason = format!("{from_hz} Hz cannot be made {to_hz} Hz");
            return Err(FbankError::BadWave { reason });
        }
        if from_hz == to_hz {
            return Ok(self.clone());
        }
        let frames = self.samples.len() / channels;
        let resampler = Resampler::new(from_hz, to_hz, frames);
        let mut samples = vec![0.0; resampler.length(frames) * channels];
        for channel in 0..channels {
            let sample = |at: usize| self.samples[at * channels + channel];
            let own = resampler.channel(frames, sample);
            for (frame, sample) in samples.chunks_exact_mut(channels).zip(own) {
                frame[channel] = sample;
            }
        }
        Ok(Self {
            samples,
            channels: self.channels,
            sample_rate: to_hz,
        })
    }
}

/// Filters for each phase of the new rate against the old one.
struct Resampler {
    /// The rates without their common divisor.
    from: usize,
    to: usize,
    phases: Vec<Phase>,
}

/// The filter of one phase, where it is not zero.
struct Phase {
    /// Position of the first tap against the block's first sample.
    offset: isize,
    taps: Vec<f32>,
}

impl Resampler {
    /// For recordings of so many frames, which may be too few for all phases.
    fn new(from_hz: u32, to_hz: u32, frames: usize) -> Self {
        let divisor = common_divisor(from_hz, to_hz);
        let (from, to) = ((from_hz / divisor) as usize, (to_hz / divisor) as usize);
        let mut resampler = Self {
            from,
            to,
            phases: Vec::new(),
        };
        let phases = to.min(resampler.length(frames));
        resampler.phases = (0..phases)
            .map(|phase| Phase::new(phase, from, to))
            .collect();
        resampler
    }

    fn length(&self, frames: usize) -> usize {
        (frames as u128 * self.to as u128).div_ceil(self.from as u128) as usize
    }

    fn channel(&self, frames: usize, sample: impl Fn(usize) -> f32) -> Vec<f32> {
        let output = |index: usize| {
            let phase = &self.phases[index % self.to];
            let start = (index / self.to * self.from) as isize + phase.offset;
            // Beyond both ends there is silence.
            let skipped = (-start).max(0) as usize;
            let taps = phase.taps.get(skipped..).unwrap_or_default();
            let first = (start + skipped as isize) as usize;
            let taps = taps.iter().take(frames.saturating_sub(first));
            let products = taps.enumerate().map(|(at, tap)| tap * sample(first + at));
            products.sum::<f32>()
        };
        (0..self.length(frames)).map(output).collect()
    }
}

impl Phase {
    fn new(phase: usize, from: usize, to: usize) -> Self {
        let cut_off = from.min(to) as f64 * ROLL_OFF;
        let centre = phase as f64 / to as f64;
        // Beyond the last zero crossing the window is 0.
        let reach = CROSSINGS / cut_off;
        let first = ((centre - reach) * from as f64).ceil() as isize;
        let last = ((centre + reach) * from as f64).floor() as isize;
        // In single precision and in torchaudio's order: its rounding is up to 1e-5.
        let (crossings, scale) = (CROSSINGS as f32, (cut_off / from as f64) as f32);
        let tap = |at: isize| {
            let time = -(phase as f32) / to as f32 + at as f32 / from as f32;
            let time = (time * cut_off as f32).clamp(-crossings, crossings);
            let window = (time * PI / crossings / 2.0).cos().powi(2);
            let angle = time * PI;
            let sinc = if angle == 0.0 {
                1.0
            } else {
                angle.sin() / angle
            };
            sinc * (window * scale)
        };
        Self {
            offset: first,
            taps: (first..=last).map(tap).collect(),
        }
    }
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}
