//! Methods without a step, for tests of what asks any of them.

use serde::{Deserialize, Serialize};

use crate::{MethodFacts, Methods, OwnSettings, Recipe, RecipeError};

/// What a toy answers.
#[derive(Clone, Copy)]
pub struct Toy {
    name: &'static str,
    section: Option<&'static str>,
    branches: &'static [&'static str],
    takes_turns: bool,
    skips: bool,
}

/// Trains everything at once, under settings of its own.
pub static TOGETHER: Toy = Toy {
    name: "together",
    section: Some("together"),
    branches: &[""],
    takes_turns: false,
    skips: false,
};

/// Trains one modality after the other.
pub static TURNS: Toy = Toy {
    name: "turns",
    section: None,
    takes_turns: true,
    skips: true,
    ..TOGETHER
};

/// Trains two networks.
pub static TWO_BRANCHES: Toy = Toy {
    name: "two-branches",
    branches: &["one", "two"],
    ..TURNS
};

/// The first two.
pub fn toys() -> Methods {
    Methods::new(vec![&TOGETHER, &TURNS], "together").unwrap()
}

#[derive(Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Spec {
    strength: f64,
    #[serde(alias = "w")]
    word: Word,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Word {
    #[serde(alias = "aus")]
    Off,
    On,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            strength: 1.0,
            word: Word::Off,
        }
    }
}

/// A card with nothing but what a card must have.
fn card(name: &str) -> String {
    let preset = "changes = 'nothing'\nset = {}\n";
    let presets: String = ["recommended", "published-code", "paper-text", "original"]
        .iter()
        .map(|preset_name| format!("[presets.{preset_name}]\n{preset}"))
        .collect();
    format!(
        "name = '{name}'\ntitle = 'Toy'\nsection = '1: toys'\nsummary = ['a', 'b', 'c', 'd', 'e']\n\
         applies = []\ndeviations = []\nparameters = []\n[reference]\nauthors = 'A'\ntitle = 'T'\n\
         venue = 'V'\nyear = 2026\n{presets}"
    )
}

impl Toy {
    /// A toy of another name.
    pub fn named(self, name: &'static str) -> &'static Self {
        Box::leak(Box::new(Self { name, ..self }))
    }

    /// A toy with settings in another section.
    pub fn in_section(self, section: &'static str) -> &'static Self {
        let section = Some(section);
        Box::leak(Box::new(Self { section, ..self }))
    }
}

impl MethodFacts for Toy {
    fn name(&self) -> &'static str {
        self.name
    }

    fn card(&self) -> &'static str {
        if self.name == "cardless" {
            return "name = 'cardless'";
        }
        Box::leak(card(self.name.trim_start_matches("false-")).into_boxed_str())
    }

    fn settings(&self) -> Option<OwnSettings> {
        self.section.map(OwnSettings::new::<Spec>)
    }

    fn check(&self, _: &Recipe) -> Result<(), RecipeError> {
        Ok(())
    }

    fn branches(&self) -> &'static [&'static str] {
        self.branches
    }

    fn takes_turns(&self) -> bool {
        self.takes_turns
    }

    fn skips(&self) -> bool {
        self.skips
    }

    fn epoch_cost(&self, _: &Recipe) -> u64 {
        crate::ENCODER_EPOCH
    }
}
