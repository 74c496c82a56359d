//! A recording as numbers.

use std::path::Path;

use crate::{FbankError, Part, Recording};

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
    /// Reads all of a file, of any kind that [`Recording::read`] reads; that function also tells of
    /// a wrong length in the file's header, and reads a part.
    ///
    /// # Errors
    /// Those of [`Recording::read`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, FbankError> {
        Recording::read(path, Part::Whole).map(|recording| recording.wave)
    }

    /// Decodes all of the bytes of such a file; `name` stands in the errors.
    ///
    /// # Errors
    /// Those of [`Recording::decode`].
    pub fn decode(bytes: &[u8], name: &str) -> Result<Self, FbankError> {
        Recording::decode(bytes, Part::Whole, name).map(|recording| recording.wave)
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
        let part = Part::Span([start, end]);
        let frames = part.of(self.frames() as u64, self.sample_rate, name)?;
        let samples = frames.start as usize * self.channels..frames.end as usize * self.channels;
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
