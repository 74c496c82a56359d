//! What can be wrong with a picture or with the frame settings.

use std::path::PathBuf;

use thiserror::Error;

/// Everything this crate refuses, with the remedy in the message.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// The file could not be read at all.
    #[error("cannot read the picture {}: {source}; check the path and its permissions", path.display())]
    Unreadable {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The bytes are neither PNG nor JPEG.
    #[error(
        "{name} is not a picture that can be read (it begins like neither a PNG nor a JPEG); \
         convert it to one of the two, or correct the path in the manifest"
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
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// The part that is not there.
        missing: &'static str,
    },
    /// The decoder gave up.
    #[error("{name} is a damaged {format}: {reason}; copy the file again or save it anew")]
    Damaged {
        /// The file's name.
        name: String,
        /// `PNG` or `JPEG`.
        format: &'static str,
        /// The decoder's own words.
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
        "{name} declares {width}x{height} pixels, more than the {limit} allowed \
         (a guard against decompression bombs); shrink the picture first"
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
        "the crop of {crop_width}x{crop_height} at ({left}, {top}) does not lie inside a picture of \
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
