//! The published lists of a data set's samples.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// The files that list the samples of each split, relative to the data set's folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Lists {
    /// Whose lists they are, for `published-features`; the other layouts have their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<ListFormat>,
    /// What is learnt from.
    pub train: PathBuf,
    /// What the epoch is chosen on.
    pub val: PathBuf,
    /// What is reported.
    pub test: PathBuf,
}

impl Lists {
    /// Train, val, test.
    pub fn all(&self) -> [&Path; 3] {
        [&self.train, &self.val, &self.test]
    }
}

/// How a line of a list is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ListFormat {
    /// `1086_ITS_SAD_XX.flv Sad`
    CremaD,
    /// `c---zaDCTaE.mp4 Church bell`
    Ave,
    /// `897.jpg positive`
    Mvsa,
    /// `Ses05F_impro07_F013, exc, 60.2400, 64.5700 ### text`
    Iemocap,
    /// `10397, NOTFUNNY, ### text`
    UrFunny,
}

/// How many samples the published lists have, lines that name one again included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Samples {
    /// Of train.
    pub train: usize,
    /// Of val.
    pub val: usize,
    /// Of test.
    pub test: usize,
}

impl Samples {
    /// Of all three.
    pub fn total(&self) -> usize {
        self.train + self.val + self.test
    }
}
