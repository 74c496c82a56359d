use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of input that one encoder reads.
///
/// The order is alphabetical, as in the published code: within a batch the alternating
/// module trains audio, then text, then visual (Algorithm 1, line 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Modality {
    /// A log-mel filterbank of the sound, `[1, time, mel]`.
    Audio,
    /// Token ids and their mask, `[length]`.
    Text,
    /// One or more pictures, `[channels, frames, height, width]`.
    Visual,
}

impl Modality {
    /// Every modality, in training order.
    pub const ALL: [Modality; 3] = [Modality::Audio, Modality::Text, Modality::Visual];

    /// The name used in recipes, tables and result files.
    pub fn name(self) -> &'static str {
        match self {
            Modality::Audio => "audio",
            Modality::Text => "text",
            Modality::Visual => "visual",
        }
    }

    /// The letter used in weight files (`encoder.a.conv1.weight`).
    pub fn letter(self) -> &'static str {
        &self.name()[..1]
    }

    /// The modality of a letter or name.
    pub fn parse(text: &str) -> Option<Modality> {
        Modality::ALL
            .into_iter()
            .find(|m| m.name() == text || m.letter() == text)
    }
}

impl fmt::Display for Modality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
