//! What could not be decoded of a video.

use std::fmt;

/// What could not be decoded of a video that was read in part. Nothing replaces
/// it: what was decoded is returned, and this beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeLosses {
    /// How many of the declared frames (or sampling instants of the sound) were not
    /// decoded. The last declared half second is not counted: containers round
    /// durations, and sound and picture seldom end together.
    pub missing: usize,
    /// The first twenty lines of ffmpeg's error output.
    pub messages: Vec<String>,
}

impl DecodeLosses {
    /// Whether everything was decoded without an error message.
    pub fn is_empty(&self) -> bool {
        self.missing == 0 && self.messages.is_empty()
    }
}

/// As a reason in a list of samples: `2 missing; ffmpeg: …`.
impl fmt::Display for DecodeLosses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} missing", self.missing)?;
        if let Some(first) = self.messages.first() {
            write!(f, "; ffmpeg: {first}")?;
        }
        match self.messages.len() {
            0 | 1 => Ok(()),
            lines => write!(f, " (and {} lines more)", lines - 1),
        }
    }
}
