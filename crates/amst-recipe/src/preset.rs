//! Which reading of a method: this project's, the published code's, the paper's, its authors'.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::RecipeError;
use crate::suggest::hint;

/// A named set of settings of the method that is trained. It overrides the data set's own settings
/// and is overridden by those of a table's row and of `--set`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Preset {
    /// What this project recommends: its answers to the deviations D1 to D22 of docs/paper.md.
    #[default]
    Recommended,
    /// What the published AMST code does.
    PublishedCode,
    /// What the paper says, where its code does something else.
    PaperText,
    /// What the method's own authors published, for the compared methods.
    Original,
}

impl Preset {
    /// Every preset, the default first.
    pub const ALL: [Preset; 4] = [
        Preset::Recommended,
        Preset::PublishedCode,
        Preset::PaperText,
        Preset::Original,
    ];

    /// The name used on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Recommended => "recommended",
            Preset::PublishedCode => "published-code",
            Preset::PaperText => "paper-text",
            Preset::Original => "original",
        }
    }

    /// What it means, in one line.
    pub fn meaning(self) -> &'static str {
        match self {
            Preset::Recommended => "this project's reading (the default)",
            Preset::PublishedCode => "what the published AMST code does",
            Preset::PaperText => "what the AMST paper says, where its code does something else",
            Preset::Original => "what the authors of a compared method published themselves",
        }
    }

    /// The preset of a name.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownPreset`], with the nearest name and all four.
    pub fn parse(name: &str) -> Result<Self, RecipeError> {
        let names = || Self::ALL.into_iter().map(Self::name);
        Self::ALL
            .into_iter()
            .find(|p| p.name() == name)
            .ok_or_else(|| RecipeError::UnknownPreset {
                name: name.into(),
                hint: hint(name, names()),
                known: names().collect::<Vec<_>>().join(", "),
            })
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
