//! Tables: experiments × seeds.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::suggest::hint;
use crate::{Cell, DataLock, Preset, Published, RecipeError, ResolvedDataset, resolve_preset};

const TABLES: [(&str, &str); 1] = [("table2", include_str!("../recipes/table2.toml"))];

/// A table of the paper: its rows, its seeds, the numbers it published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// `table2`.
    pub name: String,
    /// The caption.
    pub title: String,
    /// Seeds that are averaged unless others are asked for.
    pub seeds: Vec<u64>,
    /// Headings of the columns of ticks.
    pub ticks: Vec<String>,
    /// The rows.
    pub experiment: Vec<Experiment>,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// The number or name in the first column.
    pub id: String,
    /// What it is, in a few words.
    pub name: String,
    /// One for each of the grid's ticks.
    pub ticks: Vec<bool>,
    /// Settings of the recipe that make this row.
    pub set: Value,
    /// The paper's accuracies, by data set.
    pub published: BTreeMap<String, Published>,
}

impl Grid {
    /// A table by name.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownRecipe`], with the nearest name.
    pub fn named(name: &str) -> Result<Self, RecipeError> {
        let names = || TABLES.iter().map(|(n, _)| *n);
        let (_, text) = TABLES.iter().find(|(n, _)| *n == name).ok_or_else(|| RecipeError::UnknownRecipe {
            name: name.into(),
            hint: hint(name, names()),
            known: names().collect::<Vec<_>>().join(", "),
        })?;
        toml::from_str(text)
            .map_err(|e| RecipeError::Descriptor { file: Path::new("recipes").join(name), why: e.to_string() })
    }

    /// A row by its id.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownExperiment`], with the ids there are.
    pub fn experiment(&self, id: &str) -> Result<&Experiment, RecipeError> {
        let known = || self.experiment.iter().map(|e| e.id.as_str()).collect::<Vec<_>>().join(", ");
        self.experiment.iter().find(|e| e.id == id).ok_or_else(|| RecipeError::UnknownExperiment {
            recipe: self.name.clone(),
            id: id.into(),
            known: known(),
        })
    }

    /// The cell of one row and seed on a data set, under a preset that the row's own settings override.
    ///
    /// # Errors
    ///
    /// Whatever [`resolve_preset`] finds wrong with the settings.
    pub fn cell(
        &self,
        experiment: &Experiment,
        seed: u64,
        dataset: &ResolvedDataset,
        data: &DataLock,
        preset: Preset,
        assignments: &[String],
    ) -> Result<Cell, RecipeError> {
        let named = json!({ "dataset": dataset.spec.name, "seed": seed });
        let own = std::slice::from_ref(&dataset.spec.recipe);
        let recipe = resolve_preset(own, preset, &[experiment.set.clone(), named], assignments)?;
        Ok(Cell::new(recipe, data))
    }
}
