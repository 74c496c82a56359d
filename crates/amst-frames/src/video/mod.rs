//! Videos: which frames and what sound of them are used.
//!
//! ffmpeg decodes, as a process whose output is read through a pipe, so no files
//! are written.

mod avi;
mod cut_short;
mod decode_losses;
mod endings;
mod ffmpeg;
mod flv;
mod keep_rule;
mod open;
mod pictures;
mod ppm;
mod probe;
mod process;
mod reach;
mod several_clips;
mod sound;
mod span;

pub use decode_losses::DecodeLosses;
pub use endings::{VIDEO_ENDINGS, is_video_path};
pub use ffmpeg::Ffmpeg;
pub use keep_rule::{KeepRule, frames_at_load};
pub use open::{Video, audio, probe, sample};
pub use pictures::{Frames, VideoConfig, VideoFrame, VideoFrames};
pub use probe::{AudioStream, Rate, VideoProbe, VideoStream};
pub use several_clips::{declared_frames, sample_together};
pub use sound::Sound;
pub use span::Span;
