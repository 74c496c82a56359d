//! Runs by what they differ in.

use std::collections::{BTreeMap, BTreeSet};

use amst_recipe::Modality;
use serde_json::Value;

use crate::{FigureError, Panel, RunLog};

/// Panels of runs that differ in their seed only: one for each recipe, titled by method, and by data
/// set where there are several. Where recipes of one method differ, the title names the settings:
/// `amst-alt, skip.audio = 2`. Published runs have panels of their own.
///
/// The order is that in which the recipes first appear.
///
/// # Errors
///
/// A seed is there twice under one recipe.
pub fn panels_by_recipe(runs: Vec<RunLog>) -> Result<Vec<Panel>, FigureError> {
    let datasets: BTreeSet<String> = runs.iter().map(|run| run.dataset().into()).collect();
    let mut groups: Vec<Group> = Vec::new();
    for run in runs {
        let group = Group::of(&run);
        let known = groups.iter_mut().find(|known| known.is_same(&group));
        match known {
            Some(known) => known.runs.push(run),
            None => groups.push(Group {
                runs: vec![run],
                ..group
            }),
        }
    }
    let titles: Vec<String> = groups
        .iter()
        .map(|group| group.title(&groups, datasets.len() > 1))
        .collect();
    let mut panels = Vec::new();
    for (title, group) in titles.into_iter().zip(groups) {
        panels.push(Panel::new(title, group.runs)?);
    }
    Ok(panels)
}

/// Dotted keys of a recipe with their values, without what runs of one group may differ in.
pub(crate) fn settings(run: &RunLog) -> BTreeMap<String, Value> {
    let mut values = BTreeMap::new();
    let recipe = serde_json::to_value(&run.recipe).unwrap_or_default();
    flatten("", &recipe, &mut values);
    for key in ["seed", "init", "fold"] {
        values.remove(key);
    }
    let absent = Modality::ALL.into_iter();
    for modality in absent.filter(|modality| !run.recipe.modalities.contains(modality)) {
        // `skip.text`, `text.encoder`: settings that say nothing of these runs.
        values.retain(|key, _| !key.split('.').any(|part| part == modality.name()));
    }
    values
}

struct Group {
    dataset: String,
    method: String,
    is_published: bool,
    settings: BTreeMap<String, Value>,
    runs: Vec<RunLog>,
}

impl Group {
    fn of(run: &RunLog) -> Self {
        Self {
            dataset: run.dataset().into(),
            method: run.method().to_string(),
            is_published: run.is_published,
            settings: settings(run),
            runs: Vec::new(),
        }
    }

    fn is_same(&self, other: &Self) -> bool {
        self.method == other.method
            && self.settings == other.settings
            && self.is_published == other.is_published
    }

    fn title(&self, all: &[Self], names_dataset: bool) -> String {
        let mut title = if names_dataset {
            format!("{}, {}", self.dataset, self.method)
        } else {
            self.method.clone()
        };
        if self.is_published {
            title += " (published)";
        }
        let is_alike = |other: &&Self| {
            other.dataset == self.dataset
                && other.method == self.method
                && other.is_published == self.is_published
        };
        let alike: Vec<&Self> = all.iter().filter(is_alike).collect();
        let mut differing = BTreeSet::new();
        for other in &alike {
            differing.extend(differing_keys(&self.settings, &other.settings));
        }
        // A setting of a modality that one of them lacks follows from `modalities`.
        differing.retain(|key| alike.iter().all(|other| other.settings.contains_key(key)));
        for key in differing {
            title += &format!(", {key} = {}", text(&self.settings[&key]));
        }
        title
    }
}

/// The keys whose values are not the same in both.
pub(crate) fn differing_keys(
    first: &BTreeMap<String, Value>,
    other: &BTreeMap<String, Value>,
) -> BTreeSet<String> {
    let keys = first.keys().chain(other.keys());
    keys.filter(|key| first.get(*key) != other.get(*key))
        .cloned()
        .collect()
}

/// A value as a recipe's text has it.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, Value>) {
    let Value::Object(fields) = value else {
        into.insert(prefix.into(), value.clone());
        return;
    };
    for (name, value) in fields {
        let key = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        flatten(&key, value, into);
    }
}
