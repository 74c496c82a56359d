//! What can be wrong with a picture, with a video or with the frame settings.

use std::path::PathBuf;

use thiserror::Error;

use crate::limits::MAX_SIDE;
use amst_files::ffmpeg_file;

/// Why this crate refuses something, with the remedy in the message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file could not be read at all.
    #[error(
        "cannot read the picture {}: {source}; check the path and its permissions",
        path.display()
    )]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The bytes are none of the kinds that are read.
    #[error(
        "{name} is not a picture that can be read (it begins like none of PNG, JPEG, WebP, GIF, \
         BMP and TIFF); convert it to one of them, or correct the path in the manifest"
    )]
    NotAPicture {
        /// The file's name.
        name: String,
    },
    /// The file stops before its end marker.
    #[error("{name} is a truncated {format}: {missing}; copy or download the file again")]
    Truncated {
        /// The file's name.
        name: String,
        /// `PNG`, `JPEG`, `WebP`, `GIF`, `BMP` or `TIFF`.
        format: &'static str,
        /// The part that is not there.
        missing: &'static str,
    },
    /// The decoder failed.
    #[error("{name} is a damaged {format}: {reason}; copy the file again or save it anew")]
    Damaged {
        /// The file's name.
        name: String,
        /// `PNG`, `JPEG`, `WebP`, `GIF`, `BMP` or `TIFF`.
        format: &'static str,
        /// The decoder's message.
        reason: String,
    },
    /// A JPEG of a kind that would be decoded wrongly.
    #[error(
        "{name} is a JPEG with a scan for each colour, which cannot be decoded correctly; save it \
         anew, for example with `ffmpeg -i {} -q:v 2 NEW.jpg`",
        ffmpeg_file(name)
    )]
    ScanPerColour {
        /// The file's name.
        name: String,
    },
    /// A picture of a kind that is not decoded, such as a TIFF with a palette.
    #[error(
        "{name} is a {format} of a kind that is not read: {reason}; convert it, for example with \
         `ffmpeg -i {} NEW.png`",
        ffmpeg_file(name)
    )]
    Unsupported {
        /// The file's name.
        name: String,
        /// `WebP`, `BMP` or `TIFF`.
        format: &'static str,
        /// What is not read.
        reason: String,
    },
    /// A side of the picture is zero.
    #[error(
        "{name} is a picture of {width}x{height} pixels, which holds nothing; \
         replace it or take its row out of the manifest"
    )]
    Empty {
        /// The file's name.
        name: String,
        /// Declared width in pixels.
        width: usize,
        /// Declared height in pixels.
        height: usize,
    },
    /// The header declares more pixels than this crate will allocate.
    #[error(
        "{name} declares {width}x{height} pixels; at most {limit} pixels, and {MAX_SIDE} a side, are \
         read (a guard against decompression bombs): write a smaller picture, for example with \
         `ffmpeg -i {} -vf scale=2048:2048:force_original_aspect_ratio=decrease NEW.png`",
        ffmpeg_file(name)
    )]
    TooLarge {
        /// The file's name.
        name: String,
        /// Declared width in pixels.
        width: usize,
        /// Declared height in pixels.
        height: usize,
        /// The most pixels that are decoded.
        limit: usize,
    },
    /// A hand-made [`Picture`](crate::Picture) whose buffer does not fit its sides.
    #[error(
        "a picture said to be {width}x{height} holds {found} bytes; \
         give it {width}x{height}x3 bytes of RGB, with no side zero or above {limit}"
    )]
    Inconsistent {
        /// Width in pixels.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// Length of the pixel buffer.
        found: usize,
        /// The longest side that can be resized.
        limit: usize,
    },
    /// A crop box that is empty or reaches outside the picture.
    #[error(
        "the crop of {crop_width}x{crop_height} at ({left}, {top}) is not inside a picture of \
         {width}x{height}; choose a non-empty box within it"
    )]
    CropOutside {
        /// Left edge of the box.
        left: usize,
        /// Top edge of the box.
        top: usize,
        /// Width of the box.
        crop_width: usize,
        /// Height of the box.
        crop_height: usize,
        /// Width of the picture.
        width: usize,
        /// Height of the picture.
        height: usize,
    },
    /// The target of a resize has a side of zero or of absurd length.
    #[error("cannot resize to {height}x{width} (height x width); give two sides from 1 to {limit}")]
    TargetSize {
        /// Height asked for.
        height: usize,
        /// Width asked for.
        width: usize,
        /// The longest side allowed.
        limit: usize,
    },
    /// The output slice has the wrong length.
    #[error(
        "a frame has {expected} values but the output slice has {found}; \
         allocate FrameConfig::volume() values"
    )]
    OutputLength {
        /// channels x height x width.
        expected: usize,
        /// Length of the slice given.
        found: usize,
    },
    /// A picture could not be written as a JPEG file.
    #[error("cannot write the picture as JPEG: {reason}; save it as PNG instead")]
    Encode {
        /// The encoder's message.
        reason: String,
    },
    /// ffmpeg or ffprobe is not installed.
    #[error(
        "cannot find {}, which reads videos and many kinds of sound; install it (Debian, Ubuntu: \
         `apt-get install ffmpeg`; conda: `conda install -c conda-forge ffmpeg`; macOS: \
         `brew install ffmpeg`), or let AMST_FFMPEG name the folder that holds ffmpeg and ffprobe",
        program.display()
    )]
    NoFfmpeg {
        /// The program looked for.
        program: PathBuf,
    },
    /// ffmpeg or ffprobe is there, but does not work.
    #[error(
        "{} does not work: {reason}; run it again, and check by `ffmpeg -version` that AMST_FFMPEG \
         or PATH leads to an ffmpeg of version 4.2 or later",
        program.display()
    )]
    FfmpegBroken {
        /// The program that was started.
        program: PathBuf,
        /// What went wrong.
        reason: String,
    },
    /// The video could not be opened at all.
    #[error(
        "cannot read the video {}: {source}; check the path and its permissions",
        path.display()
    )]
    VideoUnreadable {
        /// The file asked for.
        path: PathBuf,
        /// The operating system's error.
        source: std::io::Error,
    },
    /// The file is no video that ffmpeg knows, or one without its beginning or its index.
    #[error(
        "{} is not a video that can be read: {reason}; copy or download the file again, or take \
         its row out of the manifest",
        path.display()
    )]
    NotAVideo {
        /// The file asked for.
        path: PathBuf,
        /// ffprobe's message, or ours.
        reason: String,
    },
    /// A video without pictures, or without sound.
    #[error(
        "{} holds no {kind}; leave it out of the set, or leave out that modality",
        path.display()
    )]
    NoStream {
        /// The file asked for.
        path: PathBuf,
        /// `pictures` or `sound`.
        kind: &'static str,
    },
    /// A second has fewer frames than are to be kept of it.
    #[error(
        "{} has {rate} frames a second, of which {kept} cannot be kept; keep fewer frames a \
         second, or convert the video to a common frame rate",
        path.display()
    )]
    FrameRate {
        /// The file asked for.
        path: PathBuf,
        /// Frames over seconds, or `unknown`.
        rate: String,
        /// Frames to be kept of each second.
        kept: u32,
    },
    /// A span that does not run forward in time.
    #[error(
        "a span from {start} s to {end} s holds nothing; give a start from 0 on and an end after it"
    )]
    Span {
        /// Start in seconds.
        start: f64,
        /// End in seconds.
        end: f64,
    },
    /// A span that reaches past the end of its video.
    #[error(
        "{} is {duration} s long, but a span from {start} s to {end} s is wanted of it; correct \
         the annotation, or copy the video again if it was cut short",
        path.display()
    )]
    SpanOutside {
        /// The file asked for.
        path: PathBuf,
        /// Start in seconds.
        start: f64,
        /// End in seconds.
        end: f64,
        /// Length of the file in seconds.
        duration: f64,
    },
    /// Nothing of what was asked for could be decoded.
    #[error(
        "nothing of {} can be decoded: {reason}; copy or download the file again, or take its row \
         out of the manifest",
        path.display()
    )]
    Undecodable {
        /// The file asked for.
        path: PathBuf,
        /// ffmpeg's message, or its exit status.
        reason: String,
    },
    /// A setting of [`FrameConfig`](crate::FrameConfig) that makes no sense.
    #[error("frame setting `{key}` is {value}; {remedy}")]
    Config {
        /// The field.
        key: &'static str,
        /// What it holds.
        value: String,
        /// What it may hold.
        remedy: &'static str,
    },
}
