//! Which samples a split holds: as published, without what an audit found, or apart by speaker.

mod clean;
mod independent;

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::{Annotation, AnnotationError, Dataset, Split};

/// A way to split a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Splitting {
    /// The published lists, as they are.
    #[default]
    Published,
    /// The published lists without what an audit found wrong with them; [`Reason`] says what that
    /// is.
    Clean,
    /// No speaker in two splits, by [`Dataset`]: CREMA-D by speaker, IEMOCAP by session, UR-FUNNY
    /// by its owners' folds.
    SpeakerIndependent,
}

impl Splitting {
    /// All three.
    pub const ALL: [Splitting; 3] = [Self::Published, Self::Clean, Self::SpeakerIndependent];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Published => "published",
            Self::Clean => "clean",
            Self::SpeakerIndependent => "speaker-independent",
        }
    }
}

impl fmt::Display for Splitting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The samples of a [`Splitting`], and what was left out.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Selection {
    /// The samples, each in its split, in the order of the published lists. `line` is that of the
    /// published list.
    pub samples: Vec<Annotation>,
    /// Lines of the published lists that are not among them, in the order of the lists.
    pub dropped: Vec<Dropped>,
}

/// A line of the published lists that was left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The sample.
    pub id: String,
    /// The list it stands in.
    pub split: Split,
    /// The line, from 1.
    pub line: usize,
    /// Why it was left out.
    pub reason: Reason,
}

/// Why a line was left out; the first reason of this order that applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Reason {
    /// The lists name the sample with several labels, so that the right one is unknown: all its
    /// lines go.
    ConflictingLabels {
        /// The labels.
        labels: Vec<String>,
    },
    /// The sample stands in a split that results are read from: it stays in `test`, else in `val`.
    AlsoIn {
        /// Where it stays.
        split: Split,
    },
    /// An earlier line of the same list names the sample.
    Repeated,
    /// Another sample, in a split that results are read from, has this transcript of three words or
    /// more.
    SameTranscript {
        /// That split.
        split: Split,
        /// That sample.
        id: String,
    },
    /// The owners' folds do not name the clip.
    NotInFolds,
}

impl Reason {
    /// The kind of reason.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ConflictingLabels { .. } => "with conflicting labels",
            Self::AlsoIn { .. } => "also in a split that results are read from",
            Self::Repeated => "on an earlier line of the same list",
            Self::SameTranscript { .. } => {
                "with a long transcript of a split that results are read from"
            }
            Self::NotInFolds => "not in the owners' folds",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConflictingLabels { labels } => {
                write!(f, "conflicting labels: {}", labels.join(" | "))
            }
            Self::AlsoIn { split } => write!(f, "also in {split}"),
            Self::Repeated => f.write_str("on an earlier line of the same list"),
            Self::SameTranscript { split, id } => write!(f, "same transcript as {id} in {split}"),
            Self::NotInFolds => f.write_str("not in the owners' folds"),
        }
    }
}

/// The samples of a splitting; the same for the same lists, everywhere.
///
/// `clean` keeps clips that are too short or whose sound is cut, and speakers and dialogues that
/// splits share: leaving them out would change the task, or empty the splits. `folds` are
/// UR-FUNNY's, by clip ([`ur_funny::folds`](crate::ur_funny::folds)).
///
/// # Errors
/// [`AnnotationError::NoSpeakers`] where the lists name no speakers (AVE, MVSA-Single);
/// [`AnnotationError::FoldsWanted`] for UR-FUNNY without folds; [`AnnotationError::Folds`] where
/// they name other clips.
pub fn select(
    splitting: Splitting,
    dataset: Dataset,
    samples: &[Annotation],
    folds: Option<&BTreeMap<String, Split>>,
) -> Result<Selection, AnnotationError> {
    match splitting {
        Splitting::Published => Ok(Selection {
            samples: samples.to_vec(),
            dropped: Vec::new(),
        }),
        Splitting::Clean => Ok(clean::clean(samples)),
        Splitting::SpeakerIndependent => independent::independent(dataset, samples, folds),
    }
}

/// Lines that stay and lines that go, in their order.
fn sieve(
    samples: &[Annotation],
    mut reason: impl FnMut(&Annotation) -> Option<Reason>,
) -> Selection {
    let mut selection = Selection {
        samples: Vec::new(),
        dropped: Vec::new(),
    };
    for sample in samples {
        match reason(sample) {
            None => selection.samples.push(sample.clone()),
            Some(reason) => {
                let Annotation {
                    id, split, line, ..
                } = sample;
                selection.dropped.push(Dropped {
                    id: id.clone(),
                    split: *split,
                    line: *line,
                    reason,
                });
            }
        }
    }
    selection
}
