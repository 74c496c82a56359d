//! One line that names a sample.

use std::fmt;

use serde::Serialize;

/// One of the three parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Split {
    /// What is learnt from.
    Train,
    /// What the epoch is chosen on.
    Val,
    /// What is reported.
    Test,
}

impl Split {
    /// All three, in this order everywhere.
    pub const ALL: [Split; 3] = [Self::Train, Self::Val, Self::Test];

    /// `train`, `val` or `test`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// The split of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|split| split.name() == word)
    }
}

impl fmt::Display for Split {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A part of a recording, in seconds from its start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Where it begins, at least 0.
    pub start: f64,
    /// Where it ends, after `start`.
    pub end: f64,
}

impl Span {
    /// Its length in seconds.
    pub fn seconds(&self) -> f64 {
        self.end - self.start
    }
}

/// A sample as a line of a list describes it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Annotation {
    /// The sample's name: of its file without the ending, or of its turn. Fit to be a file's name.
    pub id: String,
    /// One of [`Dataset::classes`](crate::Dataset::classes).
    pub label: String,
    /// The list it stands in.
    pub split: Split,
    /// The part of a longer recording that it is (IEMOCAP); `None`: the whole file.
    pub span: Option<Span>,
    /// What is said, where the line has it (IEMOCAP, UR-FUNNY).
    pub text: Option<String>,
    /// What it shares with other samples: the speaker (CREMA-D, `1001`), the dialogue (IEMOCAP,
    /// `Ses05F_impro07`).
    pub group: Option<String>,
    /// The line of the list, from 1.
    pub line: usize,
}
