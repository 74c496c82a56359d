//! A panel of a figure: a title and the runs whose mean it shows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::{FigureError, RunLog};

/// Runs of one recipe with several seeds (each on a split of its own, if their `fold` differs), under
/// a title.
#[derive(Clone, Debug, PartialEq)]
pub struct Panel {
    title: String,
    runs: Vec<RunLog>,
}

impl Panel {
    /// A panel of runs that differ in their seed only, in any order.
    ///
    /// # Errors
    ///
    /// There are no runs, their recipes differ in more than the seed, the fold and the initial
    /// weights, or a seed is there twice.
    pub fn new(title: impl Into<String>, mut runs: Vec<RunLog>) -> Result<Self, FigureError> {
        let title = title.into();
        // By seed, so that the order given changes nothing.
        runs.sort_by(|a, b| (a.seed(), &a.folder).cmp(&(b.seed(), &b.folder)));
        let Some(first) = runs.first() else {
            return Err(FigureError::EmptyPanel { panel: title });
        };
        for other in &runs[1..] {
            let differs = differing_keys(first, other);
            if !differs.is_empty() {
                return Err(FigureError::MixedRuns {
                    panel: title,
                    first: first.folder.clone(),
                    other: other.folder.clone(),
                    differs: differs.into_iter().collect::<Vec<_>>().join(", "),
                });
            }
        }
        for pair in runs.windows(2) {
            if pair[0].seed() == pair[1].seed() {
                return Err(FigureError::SeedTwice {
                    panel: title,
                    seed: pair[0].seed(),
                    first: pair[0].folder.clone(),
                    second: pair[1].folder.clone(),
                });
            }
        }
        Ok(Self { title, runs })
    }

    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }

    /// The runs in the order of their seeds, at least one.
    pub fn runs(&self) -> &[RunLog] {
        &self.runs
    }

    /// What the runs are: `amst-alt on spoken-digits, seeds 100, 101`.
    pub(crate) fn description(&self) -> String {
        let first = &self.runs[0];
        let seeds: Vec<String> = self.runs.iter().map(|run| run.seed().to_string()).collect();
        let word = if seeds.len() == 1 { "seed" } else { "seeds" };
        format!(
            "{} on {}, {word} {}",
            first.recipe.method,
            first.dataset(),
            seeds.join(", ")
        )
    }
}

/// Dotted keys whose values differ between the recipes, without seed, fold and initial weights.
fn differing_keys(first: &RunLog, other: &RunLog) -> BTreeSet<String> {
    let mut differs = BTreeSet::new();
    if first.recipe == other.recipe {
        return differs;
    }
    let values = [first, other].map(|run| {
        let mut values = BTreeMap::new();
        let recipe = serde_json::to_value(&run.recipe).unwrap_or_default();
        flatten("", &recipe, &mut values);
        values
    });
    for key in values[0].keys().chain(values[1].keys()) {
        let may_differ = ["seed", "init", "fold"].contains(&key.as_str());
        if !may_differ && values[0].get(key) != values[1].get(key) {
            differs.insert(key.clone());
        }
    }
    differs
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
