//! From a wave to its log-mel energies.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use realfft::num_complex::Complex32;
use realfft::{RealFftPlanner, RealToComplex};

use crate::config::ensure;
use crate::log::floored_ln;
use crate::mel::MelBank;
use crate::{FbankConfig, FbankError, Features, Wave};

/// What the published features hold where a recording is shorter than a frame.
const TOO_SHORT: f32 = 0.01;

/// An extractor planned for one configuration and one sample rate.
///
/// It holds no state of its own between calls, so threads share one.
#[derive(Clone)]
pub struct Fbank {
    config: FbankConfig,
    sample_rate: u32,
    shift: usize,
    /// Symmetric Hann window; its length is the frame's.
    window: Vec<f32>,
    fft: Arc<dyn RealToComplex<f32>>,
    mel: Arc<MelBank>,
}

/// Working memory of one call.
struct Scratch {
    /// `[fft_len]`; its end stays 0, or is made 0 again after each transform.
    frame: Vec<f32>,
    spectrum: Vec<Complex32>,
    fft: Vec<Complex32>,
    power: Vec<f32>,
}

/// [`Fbank::compute`] for one wave; plan a [`Fbank`] when there are many.
///
/// # Errors
/// All errors of [`Fbank::new`] and [`Fbank::compute`].
pub fn fbank(wave: &Wave, config: &FbankConfig) -> Result<Features, FbankError> {
    Fbank::new(config, wave.sample_rate)?.compute(wave)
}

impl Fbank {
    /// Plans the window, the transform and the filters.
    ///
    /// # Errors
    /// [`FbankError::BadConfig`] when a value is out of range by itself
    /// ([`FbankConfig::validate`]) or at this sample rate.
    pub fn new(config: &FbankConfig, sample_rate: u32) -> Result<Self, FbankError> {
        config.validate()?;
        let nyquist = f64::from(sample_rate) / 2.0;
        let low = f64::from(config.low_hz);
        let high = config.high_hz.map_or(nyquist, f64::from);
        let remedy = format!("at {sample_rate} Hz, frequencies end at {nyquist} Hz");
        ensure(high <= nyquist, "high_hz", high, &remedy)?;
        ensure(low < high, "low_hz", low, &remedy)?;
        let length = samples_in(config.frame_length_ms, sample_rate);
        let shift = samples_in(config.frame_shift_ms, sample_rate);
        let remedy = format!("at {sample_rate} Hz, use 2 to {LONGEST} samples");
        let range = 2..=LONGEST;
        ensure(
            range.contains(&length),
            "frame_length_ms",
            config.frame_length_ms,
            &remedy,
        )?;
        let remedy = format!("at {sample_rate} Hz that is less than one sample");
        ensure(shift > 0, "frame_shift_ms", config.frame_shift_ms, &remedy)?;
        let fft_len = length.next_power_of_two();
        Ok(Self {
            config: config.clone(),
            sample_rate,
            shift,
            window: hann(length),
            fft: RealFftPlanner::new().plan_fft_forward(fft_len),
            mel: Arc::new(MelBank::new(config.mels, fft_len, sample_rate, low, high)),
        })
    }

    /// The configuration it was planned for.
    pub fn config(&self) -> &FbankConfig {
        &self.config
    }

    /// The sample rate it was planned for, in Hz.
    pub fn sample_rate(&self) -> u32 {
        self.sample_rate
    }

    /// Log-mel energies `[frames, mels]` of channel 0, one row for each frame
    /// that fits, at most `target_frames` and not padded.
    ///
    /// A wave shorter than one frame gives what the published features hold
    /// there: half of `target_frames` rows of 0.01 (one row if it is `None`).
    ///
    /// # Errors
    /// When the wave has another sample rate, no sample, samples that do not
    /// fill its channels, or a sample that is NaN, infinite or beyond 1e12.
    pub fn compute(&self, wave: &Wave) -> Result<Features, FbankError> {
        self.check(wave)?;
        let mels = self.config.mels;
        let Some(frames) = self.frames(wave.frames()) else {
            let frames = self
                .config
                .target_frames
                .map_or(1, |target| target.div_ceil(2));
            return Ok(Features {
                data: vec![TOO_SHORT; frames * mels],
                frames,
                mels,
            });
        };
        let signal = self.first_channel(wave);
        let mut scratch = self.scratch();
        let mut data = vec![0.0; frames * mels];
        for (index, row) in data.chunks_exact_mut(mels).enumerate() {
            let start = index * self.shift;
            self.power(&signal[start..start + self.window.len()], &mut scratch);
            self.mel.apply(&scratch.power, row);
            floored_ln(row);
        }
        Ok(Features { data, frames, mels })
    }

    /// Frames that fit into so many samples, cut at the target.
    fn frames(&self, samples: usize) -> Option<usize> {
        let beyond_first = samples.checked_sub(self.window.len())?;
        let frames = 1 + beyond_first / self.shift;
        Some(frames.min(self.config.target_frames.unwrap_or(frames)))
    }

    fn check(&self, wave: &Wave) -> Result<(), FbankError> {
        let (expected, found) = (self.sample_rate, wave.sample_rate);
        if expected != found {
            return Err(FbankError::RateMismatch { expected, found });
        }
        let (samples, channels) = (wave.samples.len(), wave.channels);
        if channels == 0 || !samples.is_multiple_of(channels) {
            let reason = format!("{samples} samples do not fill {channels} channels");
            return Err(FbankError::BadWave { reason });
        }
        if samples == 0 {
            return Err(FbankError::Empty {
                name: "waveform".into(),
            });
        }
        wave.check_samples("waveform")
    }

    /// Channel 0, without the mean over all channels if that is asked for.
    fn first_channel<'w>(&self, wave: &'w Wave) -> Cow<'w, [f32]> {
        if !self.config.remove_mean && wave.channels == 1 {
            return Cow::Borrowed(&wave.samples);
        }
        let mean = if self.config.remove_mean {
            mean(&wave.samples)
        } else {
            0.0
        };
        // A plain loop where it can be: the compiler vectorises it.
        if wave.channels == 1 {
            return wave.samples.iter().map(|x| x - mean).collect();
        }
        wave.samples
            .iter()
            .step_by(wave.channels)
            .map(|x| x - mean)
            .collect()
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            frame: self.fft.make_input_vec(),
            spectrum: self.fft.make_output_vec(),
            fft: self.fft.make_scratch_vec(),
            power: vec![0.0; self.fft.len() / 2],
        }
    }

    /// Power spectrum of one frame, without its Nyquist bin.
    fn power(&self, samples: &[f32], scratch: &mut Scratch) {
        self.weigh(samples, &mut scratch.frame);
        self.fft
            .process_with_scratch(&mut scratch.frame, &mut scratch.spectrum, &mut scratch.fft)
            .expect("the buffers were made by this plan");
        for (power, bin) in scratch.power.iter_mut().zip(&scratch.spectrum) {
            *power = bin.re * bin.re + bin.im * bin.im;
        }
    }

    /// The frame without its mean, pre-emphasised, times the window, and
    /// zeros up to the length of the transform (which leaves its input dirty).
    fn weigh(&self, samples: &[f32], frame: &mut [f32]) {
        let (mean, share) = (mean(samples), self.config.preemphasis);
        let (head, tail) = frame.split_at_mut(samples.len());
        tail.fill(0.0);
        // The first sample is its own predecessor; Hann's first weight is 0.
        head[0] = self.window[0] * (samples[0] - mean) * (1.0 - share);
        let pairs = samples[1..].iter().zip(samples);
        for ((out, weight), (x, before)) in head[1..].iter_mut().zip(&self.window[1..]).zip(pairs) {
            *out = weight * ((x - mean) - share * (before - mean));
        }
    }
}

impl fmt::Debug for Fbank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fbank")
            .field("config", &self.config)
            .field("sample_rate", &self.sample_rate)
            .finish_non_exhaustive()
    }
}

/// The longest frame in samples: ten seconds at 400 kHz.
const LONGEST: usize = 1 << 22;

/// Whole samples in so many milliseconds.
fn samples_in(milliseconds: f32, sample_rate: u32) -> usize {
    let exact = f64::from(sample_rate) * f64::from(milliseconds) / 1000.0;
    // 12.7 ms is not 12.7 in binary: a hair keeps whole numbers whole.
    (exact * (1.0 + 1e-6)) as usize
}

/// Hann window whose last weight is 0 as its first.
fn hann(length: usize) -> Vec<f32> {
    let step = std::f64::consts::TAU / (length as f64 - 1.0);
    (0..length)
        .map(|n| (0.5 - 0.5 * (step * n as f64).cos()) as f32)
        .collect()
}

/// The mean, summed in eight lanes so that the compiler can vectorise it, in
/// blocks short enough for single precision.
fn mean(samples: &[f32]) -> f32 {
    let mut total = 0.0;
    for block in samples.chunks(512) {
        let (lanes, rest) = block.as_chunks::<8>();
        let sums = lanes.iter().fold([0.0_f32; 8], |sums, lane| {
            std::array::from_fn(|index| sums[index] + lane[index])
        });
        total += f64::from(sums.iter().chain(rest).sum::<f32>());
    }
    (total / samples.len() as f64) as f32
}
