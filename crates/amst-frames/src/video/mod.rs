//! Videos: which frames and what sound of them are used.
//!
//! Decoding is ffmpeg's, run as a process whose output comes through a pipe, so
//! nothing is written beside the video. One file of this folder, one step:
//! finding the programs, running one, asking what a file holds, the rule that
//! chooses frames, reading pictures, reading sound.

mod avi;
mod ffmpeg;
mod flv;
mod losses;
mod open;
mod pictures;
mod pipe;
mod ppm;
mod probe;
mod rule;
mod sound;
mod span;
mod together;

pub use ffmpeg::Ffmpeg;
pub use losses::Losses;
pub use open::{Video, audio, probe, sample};
pub use pictures::{Frames, VideoConfig, VideoFrame, VideoFrames};
pub use probe::{AudioStream, Rate, VideoProbe, VideoStream};
pub use rule::{KeepRule, frames_at_load};
pub use sound::Sound;
pub use span::Span;
pub use together::{declared_frames, sample_together};
