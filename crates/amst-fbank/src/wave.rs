//! A recording as numbers.

use std::path::Path;

use crate::FbankError;
use crate::flac;
use crate::riff::{self, Encoding};

/// A sampled recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// `[frames, channels]`, interleaved; integer formats are scaled to
    /// `[-1, 1)`, floating point ones are kept as they are.
    pub samples: Vec<f32>,
    /// Channels, at least 1.
    pub channels: usize,
    /// Sampling instants a second, in Hz.
    pub sample_rate: u32,
}

impl Wave {
    /// Reads a WAV or FLAC file. WAV: 8-bit unsigned, 16/24/32-bit signed or 32/64-bit
    /// floating point samples, plain or `WAVE_FORMAT_EXTENSIBLE`, any rate and
    /// any number of channels, scaled as `torchaudio.load` scales them. FLAC: any of
    /// its sample sizes, rates and numbers of channels, scaled in the same way.
    ///
    /// # Errors
    /// When the file cannot be read, and all errors of [`Wave::decode`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FbankError> {
        let name = path.as_ref().display().to_string();
        match std::fs::read(&path) {
            Ok(bytes) => Self::decode(&bytes, &name),
            Err(source) => Err(FbankError::Io { name, source }),
        }
    }

    /// Decodes the bytes of a WAV or FLAC file, told apart by their first four;
    /// `name` stands in the errors.
    ///
    /// # Errors
    /// When the bytes are neither, are cut off or damaged, hold no sample, are
    /// stored in a way that is not supported, or a sample is NaN or infinite.
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, FbankError> {
        if bytes.starts_with(flac::MARKER) {
            return flac::decode(bytes, name);
        }
        let (format, data) = riff::parse(bytes, name)?;
        let wave = Self {
            samples: decode_samples(format.encoding, data),
            channels: format.channels,
            sample_rate: format.sample_rate,
        };
        wave.check_samples(name)?;
        Ok(wave)
    }

    /// Sampling instants: samples of one channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / self.channels.max(1)
    }

    /// Length in seconds.
    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate.max(1))
    }

    /// The stretch from `start` to `end`, in seconds, each rounded to the nearest sampling
    /// instant: half a minute of a long recording, or one word of it.
    ///
    /// # Errors
    /// [`FbankError::BadSpan`] when that is not inside the recording or has no length; `name`
    /// stands in the message.
    pub fn stretch(&self, [start, end]: [f64; 2], name: &str) -> Result<Self, FbankError> {
        let rate = f64::from(self.sample_rate);
        let [first, last] = [start, end].map(|seconds| (seconds * rate).round());
        // NaN is in no range.
        if !(0.0 <= first && first < last && last <= self.frames() as f64) {
            return Err(FbankError::BadSpan {
                name: name.into(),
                start,
                end,
                seconds: self.seconds(),
            });
        }
        let samples = first as usize * self.channels..last as usize * self.channels;
        Ok(Self {
            samples: self.samples[samples].to_vec(),
            channels: self.channels,
            sample_rate: self.sample_rate,
        })
    }

    /// Refuses samples that are NaN or infinite, or so large that their energy is
    /// beyond single precision.
    pub(crate) fn check_samples(&self, name: &str) -> Result<(), FbankError> {
        const LOUDEST: f32 = 1e12;
        // NaN is not within the range either. A block at a time, so that the
        // comparison is vectorised.
        let mut blocks = self.samples.chunks(64);
        if blocks.all(|block| block.iter().fold(true, |ok, x| ok & (x.abs() <= LOUDEST))) {
            return Ok(());
        }
        let is_bad = |x: &f32| x.is_nan() || x.abs() > LOUDEST;
        let Some(index) = self.samples.iter().position(is_bad) else {
            return Ok(());
        };
        let (frame, channel) = (index / self.channels, index % self.channels);
        let seconds = frame as f64 / f64::from(self.sample_rate);
        let value = self.samples[index];
        Err(FbankError::BadSample {
            name: name.into(),
            frame,
            channel,
            seconds,
            value,
        })
    }
}

fn decode_samples(encoding: Encoding, data: &[u8]) -> Vec<f32> {
    match encoding {
        Encoding::Unsigned8 => data
            .iter()
            .map(|&x| (f32::from(x) - 128.0) / 128.0)
            .collect(),
        Encoding::Signed16 => each(data, |b| f32::from(i16::from_le_bytes(b)) / 32_768.0),
        // Moved to the top of 32 bits, which extends the sign.
        Encoding::Signed24 => each(data, |[a, b, c]| {
            full_scale(i32::from_le_bytes([0, a, b, c]))
        }),
        Encoding::Signed32 => each(data, |b| full_scale(i32::from_le_bytes(b))),
        Encoding::Float32 => each(data, f32::from_le_bytes),
        Encoding::Float64 => each(data, |b| f64::from_le_bytes(b) as f32),
    }
}

fn full_scale(sample: i32) -> f32 {
    sample as f32 / 2_147_483_648.0
}

fn each<const N: usize>(data: &[u8], sample: impl Fn([u8; N]) -> f32) -> Vec<f32> {
    let (samples, _) = data.as_chunks::<N>();
    samples.iter().map(|&bytes| sample(bytes)).collect()
}
