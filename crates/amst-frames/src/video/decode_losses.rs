//! What could not be decoded of a video.

use std::fmt;

/// What could not be decoded of a video that was read in part. Nothing replaces
/// it: what was decoded is returned, and this beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DecodeLosses {
    /// How many of the declared frames (or sampling instants of the sound) were not
    /// decoded. The last declared half second is not counted: containers round
    /// durations, and sound and picture seldom end together.
    ///
    /// Held against what the container declares of this stream. Where it declares only the
    /// length of the file, nothing is missing of a stream that ends earlier, as long as another
    /// one reaches the end of the file.
    pub missing: usize,
    /// What shows that the file was cut, such as `it stops inside a packet`. Only of whole files;
    /// of a span that lies before the cut everything is there.
    pub cut_short: Option<&'static str>,
    /// The first twenty lines of ffmpeg's error output.
    pub messages: Vec<String>,
}

impl DecodeLosses {
    /// Whether everything was decoded without an error message.
    pub fn is_empty(&self) -> bool {
        !self.is_incomplete() && self.messages.is_empty()
    }

    /// Whether something is surely not there: missing, or the file cut. ffmpeg complains of less
    /// too, such as a broken frame that it conceals.
    pub fn is_incomplete(&self) -> bool {
        self.missing > 0 || self.cut_short.is_some()
    }
}

/// As a reason in a list of samples: `2 missing; it stops inside a tag; ffmpeg: …`.
impl fmt::Display for DecodeLosses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} missing", self.missing)?;
        if let Some(reason) = self.cut_short {
            write!(f, "; {reason}")?;
        }
        if let Some(first) = self.messages.first() {
            write!(f, "; ffmpeg: {first}")?;
        }
        match self.messages.len() {
            0 | 1 => Ok(()),
            lines => write!(f, " (and {} lines more)", lines - 1),
        }
    }
}
