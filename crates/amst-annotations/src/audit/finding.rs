//! One thing that an audit found.

use std::fmt;

use serde::Serialize;

use crate::{Conflict, Split};

/// One thing that an audit found. Names are in the order of the lists.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Finding {
    /// Samples that stand in two splits.
    SharedSamples {
        /// One split.
        first: Split,
        /// The other.
        second: Split,
        /// Their names.
        ids: Vec<String>,
    },
    /// Samples that one split names more than once, whatever the labels.
    RepeatedSamples {
        /// The split.
        split: Split,
        /// Their names.
        ids: Vec<String>,
    },
    /// Samples with several labels in one split.
    ConflictingLabels {
        /// The split.
        split: Split,
        /// Where they stand and as what.
        conflicts: Vec<Conflict>,
    },
    /// Samples whose labels differ between splits.
    ConflictingLabelsBetween {
        /// Where they stand and as what.
        conflicts: Vec<Conflict>,
    },
    /// Samples of the second split with the transcript of another sample in the first.
    SharedTranscripts {
        /// Where the transcripts stand too.
        first: Split,
        /// Whose samples are counted.
        second: Split,
        /// How many of its samples.
        rows: usize,
        /// How many of them have three words or more.
        long_rows: usize,
        /// Samples of the second split.
        of: usize,
        /// Their names.
        ids: Vec<String>,
    },
    /// Samples of a split that have one transcript together.
    RepeatedTranscripts {
        /// The split.
        split: Split,
        /// Transcripts that are there more than once.
        texts: usize,
        /// Samples that have them.
        rows: usize,
        /// How many of these samples have three words or more.
        long_rows: usize,
        /// The names of these samples.
        ids: Vec<String>,
    },
    /// Speakers or dialogues of the second split that are in the first too.
    SharedGroups {
        /// `speaker` or `dialogue`.
        unit: String,
        /// Where they stand too.
        first: Split,
        /// Whose groups and samples are counted.
        second: Split,
        /// How many.
        groups: usize,
        /// How many the second split has.
        of_groups: usize,
        /// How many samples of the second split are of them.
        rows: usize,
        /// How many samples the second split has.
        of: usize,
    },
    /// Videos that do not yield as many frames as a sample needs: the first stands for all.
    ShortClips {
        /// The split.
        split: Split,
        /// How many frames a sample needs.
        frames: u32,
        /// Samples that could be checked.
        of: usize,
        /// Names of those that are too short.
        ids: Vec<String>,
    },
    /// Sound that is longer than what the features hold: its end is not used.
    CutSound {
        /// The split.
        split: Split,
        /// Seconds that they hold.
        seconds: f64,
        /// Samples that could be checked.
        of: usize,
        /// Names of those that are cut.
        ids: Vec<String>,
    },
}

impl Finding {
    /// How many samples it is about.
    pub fn count(&self) -> usize {
        match self {
            Self::SharedSamples { ids, .. }
            | Self::RepeatedSamples { ids, .. }
            | Self::ShortClips { ids, .. }
            | Self::CutSound { ids, .. } => ids.len(),
            Self::ConflictingLabels { conflicts, .. }
            | Self::ConflictingLabelsBetween { conflicts } => conflicts.len(),
            Self::SharedTranscripts { rows, .. }
            | Self::RepeatedTranscripts { rows, .. }
            | Self::SharedGroups { rows, .. } => *rows,
        }
    }

    /// The names of its samples; none where that would be whole splits.
    pub fn ids(&self) -> Vec<&str> {
        match self {
            Self::SharedSamples { ids, .. }
            | Self::RepeatedSamples { ids, .. }
            | Self::SharedTranscripts { ids, .. }
            | Self::RepeatedTranscripts { ids, .. }
            | Self::ShortClips { ids, .. }
            | Self::CutSound { ids, .. } => ids.iter().map(String::as_str).collect(),
            Self::ConflictingLabels { conflicts, .. }
            | Self::ConflictingLabelsBetween { conflicts } => conflicts
                .iter()
                .map(|conflict| conflict.id.as_str())
                .collect(),
            Self::SharedGroups { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SharedSamples { first, second, .. } => {
                write!(f, "samples in both {first} and {second}")
            }
            Self::RepeatedSamples { split, .. } => write!(f, "samples of {split} on several lines"),
            Self::ConflictingLabels { split, .. } => {
                write!(f, "samples of {split} with conflicting labels")
            }
            Self::ConflictingLabelsBetween { .. } => {
                write!(f, "samples with another label in another split")
            }
            Self::SharedTranscripts {
                first,
                second,
                long_rows,
                of,
                ..
            } => {
                write!(
                    f,
                    "of {of} in {second} with a transcript of {first}; {long_rows} of three words \
                     or more"
                )
            }
            Self::RepeatedTranscripts {
                split,
                texts,
                long_rows,
                ..
            } => {
                write!(
                    f,
                    "of {split} sharing {texts} transcripts among them; {long_rows} of three words \
                     or more"
                )
            }
            Self::SharedGroups {
                unit,
                first,
                second,
                groups,
                of_groups,
                of,
                ..
            } => {
                write!(
                    f,
                    "of {of} in {second} by a {unit} of {first}: {groups} of {of_groups} {unit}s"
                )
            }
            Self::ShortClips {
                split, frames, of, ..
            } => {
                write!(
                    f,
                    "of {of} in {split} too short for {frames} frames: the first stands for all"
                )
            }
            Self::CutSound {
                split, seconds, of, ..
            } => {
                write!(
                    f,
                    "of {of} in {split} with sound beyond {seconds} s, which is cut off"
                )
            }
        }
    }
}
