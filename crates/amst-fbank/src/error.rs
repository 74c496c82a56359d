//! Everything that can go wrong between a recording and its features.

use std::io;

use amst_files::ffmpeg_file;

/// What was wrong, and what to do about it.
///
/// `name` is the file's path as given to [`Recording::read`](crate::Recording::read),
/// or the name given to [`Recording::decode`](crate::Recording::decode).
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
    /// The bytes are of no kind that is known here.
    #[error(
        "{name}: not a WAV file ({reason}), nor FLAC, MP3, Ogg or MP4; convert it with \
         `ffmpeg -i {} out.wav`",
        ffmpeg_file(name)
    )]
    NotWav {
        /// The file.
        name: String,
        /// Which mark of a WAV file is missing.
        reason: &'static str,
    },
    /// The file ends before what its header announces.
    #[error(
        "{name}: truncated: {what} should take {expected} bytes and {found} are there; \
         copy or download it again"
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
         `ffmpeg -i {} -c:a pcm_s16le out.wav`",
        ffmpeg_file(name)
    )]
    Unsupported {
        /// The file.
        name: String,
        /// What is not supported.
        reason: String,
    },
    /// Sound of a kind that is known and not read here.
    #[error(
        "{name}: {found}, which is not read here; convert it with \
         `ffmpeg -i {} -vn -c:a flac out.flac`",
        ffmpeg_file(name)
    )]
    NotRead {
        /// The file.
        name: String,
        /// What it is.
        found: String,
    },
    /// A WAV file whose recorder ended before it wrote the length of the samples.
    #[error(
        "{name}: its header says that it has no samples, and {bytes} bytes follow: its recorder \
         did not finish it; repair it with `ffmpeg -i {} -c:a pcm_s16le out.wav`",
        ffmpeg_file(name)
    )]
    Unfinished {
        /// The file.
        name: String,
        /// Bytes after the header.
        bytes: u64,
    },
    /// A compressed file that cannot be decoded, or a FLAC one whose samples are not those that
    /// were encoded.
    #[error(
        "{name}: damaged {format}: {reason}; copy or download it again, or convert it with \
         `ffmpeg -i {} -vn out.wav`",
        ffmpeg_file(name)
    )]
    Damaged {
        /// The file.
        name: String,
        /// The kind of file.
        format: &'static str,
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

impl FbankError {
    pub(crate) fn io(name: &str, source: io::Error) -> Self {
        let name = name.into();
        Self::Io { name, source }
    }

    pub(crate) fn not_read(name: &str, found: &str) -> Self {
        let (name, found) = (name.into(), found.into());
        Self::NotRead { name, found }
    }
}
