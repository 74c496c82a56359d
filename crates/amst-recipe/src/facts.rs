//! What planning, reports and recipes need to know of a method, without training it.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Recipe, RecipeError, Section};

/// An epoch of one encoder, forward and backward, in the unit of [`MethodFacts::epoch_cost`].
pub const ENCODER_EPOCH: u64 = 100;

/// The facts of one method. Its settings, its checks and what it costs are kept beside its step;
/// nothing else in the program asks for a method by name.
pub trait MethodFacts: Send + Sync {
    /// The name used in recipes, on the command line and in folders: `amst-full`.
    fn name(&self) -> &'static str;

    /// Its [`MethodCard`](crate::MethodCard), as TOML.
    fn card(&self) -> &'static str;

    /// Its own section of the recipe, if it has settings of its own.
    fn settings(&self) -> Option<OwnSettings>;

    /// Keys of the whole recipe that only this method reads.
    fn further_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Refuses settings that the types allow and the method cannot use.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Value`], naming the key and a value that would do.
    fn check(&self, recipe: &Recipe) -> Result<(), RecipeError>;

    /// Names of the branches of its network; a single branch is called `""`.
    fn branches(&self) -> &'static [&'static str];

    /// Whether one modality after the other goes forward and backward, so that only one encoder's
    /// activations are held at a time.
    fn takes_turns(&self) -> bool;

    /// Whether the skip schedule decides which modality trains in which epoch.
    fn skips(&self) -> bool;

    /// What an epoch costs, in hundredths of an epoch of one encoder ([`ENCODER_EPOCH`]). Skipping
    /// is not counted.
    fn epoch_cost(&self, recipe: &Recipe) -> u64;

    /// The recipe under the name of the method that does the same, where these settings make this
    /// method equal to another; otherwise as it is.
    fn canonical(&self, recipe: Recipe) -> Recipe {
        recipe
    }

    /// What [`MethodFacts::canonical`] makes of the recipe, in words that follow "is": `amst-alt
    /// that never skips (D19)`. `None` where it keeps the method.
    fn equals(&self, recipe: &Recipe) -> Option<String> {
        let _ = recipe;
        None
    }
}

/// A method's own section of the recipe: its key, and the type that reads it.
#[derive(Clone, Copy)]
pub struct OwnSettings {
    section: &'static str,
    normalised: fn(Value) -> Result<Section, String>,
}

impl OwnSettings {
    /// The section `section` of type `T`, whose missing keys have their defaults.
    pub const fn new<T: Serialize + DeserializeOwned>(section: &'static str) -> Self {
        Self {
            section,
            normalised: through::<T>,
        }
    }

    /// The key of the section.
    pub fn section(&self) -> &'static str {
        self.section
    }

    /// The settings as the type writes them, missing ones filled in.
    ///
    /// # Errors
    ///
    /// What does not fit, in serde's words.
    pub fn normalised(&self, settings: Value) -> Result<Section, String> {
        (self.normalised)(settings)
    }

    /// The settings that a recipe has by default.
    ///
    /// # Panics
    ///
    /// When a setting of the type has no default.
    pub fn defaults(&self) -> Section {
        self.normalised(Value::Object(Default::default()))
            .expect("every setting has a default")
    }
}

fn through<T: Serialize + DeserializeOwned>(settings: Value) -> Result<Section, String> {
    let typed: T = serde_json::from_value(settings).map_err(|e| e.to_string())?;
    Ok(Section::from_settings(&typed))
}
