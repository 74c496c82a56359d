#![doc = include_str!("../README.md")]
//!
//! A file becomes a [`Picture`] (8-bit RGB), and a transform turns the picture
//! into planar values `[channels, height, width]`, `f32` or bytes ([`Value`]):
//!
//! * [`TrainTransform`]: a random crop of the picture, resized, perhaps
//!   mirrored, normalised. The caller passes the random numbers, so the
//!   augmentation is as reproducible as they are.
//! * [`EvalTransform`]: the whole picture resized to exactly the configured
//!   size (the aspect ratio is not kept), normalised.
//!
//! The steps follow torchvision on PIL pictures, the setting of the paper:
//! resizing is antialiased bilinear in two passes, each rounded to 8 bits. The
//! 8-bit steps are public too: [`random_crop_box`], [`crop_resize`],
//! [`resize`]. [`FrameConfig`] says how large the frames are, and switches the
//! augmentation off where it would destroy the class (a mirrored digit).
//!
//! A [`Video`] yields pictures too: those that the published rule keeps
//! ([`KeepRule`], [`VideoConfig`]), of the whole file or of a [`Span`] of it, and
//! its [`Sound`]. [`frames_at_load`] says which of the kept ones a sample uses.
//! Decoding is done by the programs ffmpeg and ffprobe ([`Ffmpeg`] says where they
//! are looked for), through a pipe and without temporary files. What could not be
//! decoded of a damaged file is returned beside the rest, as [`DecodeLosses`]. Short
//! flv clips are read several at a time by [`sample_together`], since starting a
//! process takes longer than decoding such a clip.
//!
//! ```
//! use amst_frames::{FrameError, KeepRule, VideoConfig, frames_at_load, sample};
//!
//! // A clip of 90 frames at 29.97 a second, one kept of each second.
//! let rule = KeepRule::new(29.97, 1).expect("a second has frames");
//! let kept: Vec<usize> = (0..90).filter(|&index| rule.keeps(index)).collect();
//! assert_eq!(kept, [0, 29, 58, 87]);
//! let used = frames_at_load(kept.len(), 3);
//! assert_eq!(used.iter().map(|&nth| kept[nth]).collect::<Vec<_>>(), [0, 29, 58]);
//!
//! // What cannot be read is an error that says so.
//! let error = sample("no/such/clip.flv", &VideoConfig::default()).unwrap_err();
//! assert!(matches!(error, FrameError::VideoUnreadable { .. } | FrameError::NoFfmpeg { .. }));
//! ```
#![warn(missing_docs)]

mod config;
mod crop;
mod crop_scale_serde;
mod decode;
mod error;
mod gif_picture;
mod jpeg;
mod limits;
mod luma;
mod normalise;
mod picture;
mod resize;
mod tiff_picture;
mod transform;
mod truncation;
mod video;

pub use config::FrameConfig;
pub use crop::{CropBox, random_crop_box};
pub use error::FrameError;
pub use limits::MAX_PIXELS;
pub use normalise::Value;
pub use picture::Picture;
pub use resize::{crop_resize, resize};
pub use transform::{EvalTransform, TrainTransform};
pub use video::{
    AudioStream, DecodeLosses, Ffmpeg, Frames, KeepRule, Rate, Sound, Span, VIDEO_ENDINGS, Video,
    VideoConfig, VideoFrame, VideoFrames, VideoProbe, VideoStream, audio, declared_frames,
    frames_at_load, is_video_path, probe, sample, sample_together,
};
