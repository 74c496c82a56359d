#![doc = include_str!("../README.md")]
//!
//! A part of a recording (WAV, FLAC, MP3, Ogg Vorbis, AAC in MP4) is read into a
//! [`Recording`], which has a [`Wave`]; a [`FbankConfig`] says what the features look like (its default is the paper's 1024×128 map), and a
//! [`Fbank`], planned once for a configuration and a sample rate, turns any
//! number of waves into [`Features`], from any number of threads.
//!
//! The features are those of `torchaudio.compliance.kaldi.fbank` with a Hann
//! window, no dither and no energy column, taken from channel 0 of the wave
//! whose mean over all channels was subtracted; `tests/fixtures/torchaudio`
//! holds the recordings both were compared on.
//!
//! ```
//! use amst_fbank::{FbankConfig, Wave, fbank};
//!
//! let tone = |n: usize| (n as f32 * 440.0 * std::f32::consts::TAU / 16_000.0).sin();
//! let wave = Wave {
//!     samples: (0..16_000).map(tone).collect(),
//!     channels: 1,
//!     sample_rate: 16_000,
//! };
//! let features = fbank(&wave, &FbankConfig::default())?;
//! assert_eq!((features.frames, features.mels), (98, 128));
//! assert_eq!(features.padded(1024).len(), 1024 * 128);
//! # Ok::<(), amst_fbank::FbankError>(())
//! ```

#![warn(missing_docs)]

mod aac_noise;
mod compressed;
mod config;
mod error;
mod extractor;
mod features;
mod input;
mod kind;
mod log;
mod mel;
mod mismatch;
mod mp4;
mod part;
mod pcm;
mod recording;
mod resample;
mod riff;
mod sample_memory;
mod wave;

pub use config::FbankConfig;
pub use error::FbankError;
pub use extractor::{Fbank, fbank};
pub use features::Features;
pub use mismatch::HeaderMismatch;
pub use part::Part;
pub use recording::{Recording, seconds};
pub use resample::resample;
pub use wave::Wave;
