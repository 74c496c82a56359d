//! How raw files are laid out: one file a layout.

pub(crate) mod check;
pub mod csv;

use std::collections::BTreeMap;
use std::fmt;

use amst_recipe::Modality;

/// One of the three parts of a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SplitName {
    /// What is learnt from.
    Train,
    /// What the epoch is chosen on.
    Val,
    /// What is reported.
    Test,
}

impl SplitName {
    /// All three.
    pub const ALL: [SplitName; 3] = [Self::Train, Self::Val, Self::Test];

    /// The word in a manifest.
    pub fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Val => "val",
            Self::Test => "test",
        }
    }

    /// The split of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == word)
    }
}

impl fmt::Display for SplitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One sample as its data set lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its name, unique.
    pub id: String,
    /// Index of its class.
    pub label: usize,
    /// The split it belongs to.
    pub split: SplitName,
    /// Where its modalities come from.
    pub raw: BTreeMap<Modality, Raw>,
}

/// Where one modality of a sample comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Raw {
    /// Files, by their path relative to the data set's folder.
    Files(Vec<String>),
    /// The text itself.
    Text(String),
}
