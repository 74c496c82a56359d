//! Everything that can go wrong between a recording and its features.

use std::io;

/// What was wrong, and what to do about it.
///
/// `name` is the file's path as given to [`Wave::read`](crate::Wave::read),
/// or the name given to [`Wave::decode`](crate::Wave::decode).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FbankError {
    /// The operating system would not hand the file over.
    #[error("{name}: cannot be read ({source}); check that the path exists and may be read")]
    Io {
        /// The file.
        name: String,
        /// The operating system's reason.
        source: io::Error,
    },
    /// The bytes are neither a RIFF/WAVE file nor a FLAC one.
    #[error("{name}: not a WAV file ({reason}); convert it with `ffmpeg -i {name} out.wav`")]
    NotWav {
        /// The file.
        name: String,
        /// Which mark of a WAV file is missing.
        reason: &'static str,
    },
    /// The file ends before what its header announces.
    #[error(
        "{name}: truncated: {what} should take {expected} bytes and {found} are there; \
         copy or download it again (a recording written to a pipe has no length in its \
         header: write it to a file)"
    )]
    Truncated {
        /// The file.
        name: String,
        /// The part that is cut off.
        what: &'static str,
        /// Bytes the header announces.
        expected: u64,
        /// Bytes that are there.
        found: u64,
    },
    /// There is no sample in the file.
    #[error("{name}: holds no samples; remove it from the manifest or record it again")]
    Empty {
        /// The file.
        name: String,
    },
    /// A WAV file, but not of a kind that is read here.
    #[error(
        "{name}: unsupported WAV: {reason}; convert it with \
         `ffmpeg -i {name} -c:a pcm_s16le out.wav`"
    )]
    Unsupported {
        /// The file.
        name: String,
        /// What is not supported.
        reason: String,
    },
    /// A FLAC file that cannot be decoded, or whose samples are not those that were encoded.
    #[error(
        "{name}: damaged FLAC: {reason}; copy or download it again, or convert it with \
         `ffmpeg -i {name} out.wav`"
    )]
    DamagedFlac {
        /// The file.
        name: String,
        /// What the decoder found.
        reason: String,
    },
    /// A stretch of a recording that begins or ends outside it, or has no length.
    #[error(
        "{name}: {start} s to {end} s is no stretch of it: it is {seconds} s long; \
         correct the start and the end in the manifest"
    )]
    BadSpan {
        /// The file.
        name: String,
        /// The start in seconds.
        start: f64,
        /// The end in seconds.
        end: f64,
        /// The recording's length in seconds.
        seconds: f64,
    },
    /// A sample is NaN, infinite or absurdly large.
    #[error(
        "{name}: the sample at {seconds:.4} s (frame {frame}, channel {channel}) is {value}; \
         samples lie in -1..1: repair or re-export the recording"
    )]
    BadSample {
        /// The file, or `waveform` for a wave made by hand.
        name: String,
        /// Sampling instant, counted from 0.
        frame: usize,
        /// Channel, counted from 0.
        channel: usize,
        /// The instant in seconds.
        seconds: f64,
        /// The offending value.
        value: f32,
    },
    /// A [`Wave`](crate::Wave) whose parts do not fit together.
    #[error("waveform: {reason}; samples are interleaved, `frames × channels` of them")]
    BadWave {
        /// What does not fit.
        reason: String,
    },
    /// A configuration value out of its range.
    #[error("fbank configuration: `{key}` is {value}; {remedy}")]
    BadConfig {
        /// The key in [`FbankConfig`](crate::FbankConfig).
        key: &'static str,
        /// The value it has.
        value: String,
        /// Which values are possible.
        remedy: String,
    },
    /// The extractor was planned for another sample rate.
    #[error(
        "waveform: its sample rate is {found} Hz and the extractor was planned for {expected} Hz; \
         plan one `Fbank` for each sample rate"
    )]
    RateMismatch {
        /// The extractor's rate in Hz.
        expected: u32,
        /// The wave's rate in Hz.
        found: u32,
    },
}
