//! The numbers that a network is computed with.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::nearest;

/// How exactly convolutions and products are computed. Parameters, normalisation, losses and
/// updates are float32 under all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// float32: 24 binary digits.
    #[default]
    F32,
    /// float32 whose factors a GPU rounds to 11 binary digits.
    Tf32,
    /// Inputs, kernels and outputs of a ResNet's convolutions are rounded to bfloat16, 8 binary
    /// digits.
    Bf16,
}

impl Precision {
    /// All of them, the most exact first.
    pub const ALL: [Self; 3] = [Self::F32, Self::Tf32, Self::Bf16];

    /// As recipes and `--precision` spell it.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }

    /// Reads a name.
    ///
    /// # Errors
    ///
    /// A sentence that lists the names, and the nearest.
    pub fn parse(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|p| p.name() == name)
            .ok_or_else(|| {
                let hint = nearest(name, Self::ALL.map(Self::name))
                    .map(|n| format!("; did you mean `{n}`?"));
                format!(
                    "is no precision{}; there is f32, tf32 and bf16",
                    hint.unwrap_or_default()
                )
            })
    }
}

impl fmt::Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
