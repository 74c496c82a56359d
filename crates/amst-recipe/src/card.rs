//! One card a method: what it does, where it comes from, its settings, its presets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{MethodName, Modality, Preset, RecipeError};

/// What a newcomer needs to know of a method, and what each preset makes of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MethodCard {
    /// The method.
    pub name: MethodName,
    /// Its name in the paper's Table 1.
    pub title: String,
    /// Where docs/paper.md defines it: `§<section> <title>`.
    pub section: String,
    /// What it does, in five lines.
    pub summary: [String; 5],
    /// What it was published for, and what is an extension.
    pub applies: Vec<String>,
    /// The deviations that matter to it, by id.
    pub deviations: Vec<String>,
    /// The work that it comes from.
    pub reference: Reference,
    /// Its settings.
    pub parameters: Vec<Parameter>,
    /// Settings for the paper's data sets, below those of their descriptors.
    #[serde(default)]
    pub datasets: BTreeMap<String, Value>,
    /// What each preset sets.
    pub presets: Presets,
}

/// A published work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// Its number in the AMST paper's list of references, where that cites it.
    #[serde(default)]
    pub number: Option<u32>,
    /// As cited.
    pub authors: String,
    /// As printed.
    pub title: String,
    /// Conference or journal.
    pub venue: String,
    /// Of publication.
    pub year: u32,
    /// Which part of it, or how it relates.
    #[serde(default)]
    pub note: String,
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    /// The recipe's key.
    pub key: String,
    /// What it does, in a few words.
    pub meaning: String,
}

/// An answer for each of the four presets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Presets {
    /// [`Preset::Recommended`].
    pub recommended: PresetCard,
    /// [`Preset::PublishedCode`].
    pub published_code: PresetCard,
    /// [`Preset::PaperText`].
    pub paper_text: PresetCard,
    /// [`Preset::Original`].
    pub original: PresetCard,
}

/// What a preset does with a method.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum PresetCard {
    /// There is none.
    Refused {
        /// Why, and what to use instead.
        refused: String,
    },
    /// It sets something, or nothing.
    Settings {
        /// In one line.
        changes: String,
        /// What of the source cannot be had here; empty for nothing.
        #[serde(default)]
        missing: String,
        /// The only sets of modalities for which it exists; empty for all.
        #[serde(default)]
        only: Vec<Vec<Modality>>,
        /// Settings of the recipe.
        set: Value,
        /// Further settings in certain cases, later ones over earlier ones.
        #[serde(default)]
        case: Vec<Case>,
    },
}

/// Settings of a preset that hold on one data set, or for one set of modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The data set's name; none for all.
    #[serde(default)]
    pub dataset: Option<String>,
    /// Exactly these modalities, in training order; empty for all.
    #[serde(default)]
    pub modalities: Vec<Modality>,
    /// Settings of the recipe.
    pub set: Value,
}

impl MethodCard {
    /// Settings for one of the paper's data sets, below those of its descriptor.
    pub fn defaults(&self, dataset: &str) -> Value {
        self.datasets
            .get(dataset)
            .cloned()
            .unwrap_or_else(|| Value::Object(Map::new()))
    }

    /// What a preset answers.
    pub fn answer(&self, preset: Preset) -> &PresetCard {
        match preset {
            Preset::Recommended => &self.presets.recommended,
            Preset::PublishedCode => &self.presets.published_code,
            Preset::PaperText => &self.presets.paper_text,
            Preset::Original => &self.presets.original,
        }
    }

    /// The settings of a preset, on a data set and for modalities in training order.
    ///
    /// # Errors
    ///
    /// [`RecipeError::NoPreset`] where there is none for this method or these modalities.
    pub fn preset(
        &self,
        preset: Preset,
        dataset: &str,
        modalities: &[Modality],
    ) -> Result<Value, RecipeError> {
        let none = |why: String| RecipeError::NoPreset {
            method: self.name.name().into(),
            preset,
            why,
        };
        match self.answer(preset) {
            PresetCard::Refused { refused } => Err(none(refused.clone())),
            PresetCard::Settings { only, .. }
                if !only.is_empty() && !only.iter().any(|o| o == modalities) =>
            {
                let sets = only.iter().map(|o| words(o)).collect::<Vec<_>>().join("; ");
                Err(none(format!(
                    "it is defined for {sets}, not for {}: use `recommended`",
                    words(modalities)
                )))
            }
            PresetCard::Settings { set, case, .. } => {
                let mut all = set.clone();
                for case in case.iter().filter(|c| c.holds(dataset, modalities)) {
                    overlay(&mut all, &case.set);
                }
                Ok(all)
            }
        }
    }
}

impl Case {
    fn holds(&self, dataset: &str, modalities: &[Modality]) -> bool {
        self.dataset.as_deref().is_none_or(|d| d == dataset)
            && (self.modalities.is_empty() || self.modalities == modalities)
    }
}

fn words(modalities: &[Modality]) -> String {
    modalities
        .iter()
        .map(|m| m.name())
        .collect::<Vec<_>>()
        .join(" and ")
}

/// Nested settings over others.
fn overlay(below: &mut Value, above: &Value) {
    match (below, above) {
        (Value::Object(below), Value::Object(above)) => {
            for (key, value) in above {
                overlay(below.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (below, above) => *below = above.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn settings_override_others_key_by_key() {
        let mut below = json!({ "a": { "x": 1, "y": 2 }, "b": 3 });
        overlay(
            &mut below,
            &json!({ "a": { "y": 5, "z": { "w": 6 } }, "c": 7 }),
        );
        assert_eq!(
            below,
            json!({ "a": { "x": 1, "y": 5, "z": { "w": 6 } }, "b": 3, "c": 7 })
        );
    }

    #[test]
    fn a_case_holds_where_all_that_it_names_holds() {
        let av = [Modality::Audio, Modality::Visual];
        let case = |dataset: Option<&str>, modalities: &[Modality]| Case {
            dataset: dataset.map(String::from),
            modalities: modalities.to_vec(),
            set: Value::Null,
        };
        assert!(case(None, &[]).holds("ave", &av));
        assert!(case(Some("ave"), &av).holds("ave", &av));
        assert!(!case(Some("ave"), &av).holds("crema-d", &av));
        assert!(!case(Some("ave"), &[Modality::Audio]).holds("ave", &av));
    }
}
