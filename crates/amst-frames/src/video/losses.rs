//! What did not come out of a file.

use std::fmt;

/// What is missing of a video that could be read in part. Nothing is put in its
/// place: what could be decoded is handed over, and this beside it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Losses {
    /// How many of the frames (or of the sampling instants of the sound) that
    /// the file declares did not come out. Containers round their durations and
    /// sound and picture seldom end together, so the last half second that is
    /// declared is not counted.
    pub missing: usize,
    /// What ffmpeg said was wrong, line by line; the first twenty lines.
    pub complaints: Vec<String>,
}

impl Losses {
    /// Whether everything came out, and without a complaint.
    pub fn is_empty(&self) -> bool {
        self.missing == 0 && self.complaints.is_empty()
    }
}

/// As a reason in a list of samples: `2 missing; ffmpeg: …`.
impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} missing", self.missing)?;
        if let Some(first) = self.complaints.first() {
            write!(f, "; ffmpeg: {first}")?;
        }
        match self.complaints.len() {
            0 | 1 => Ok(()),
            lines => write!(f, " (and {} lines more)", lines - 1),
        }
    }
}
