//! Tables: experiments × seeds.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::row::{Layers, Unfit};
use crate::suggest::hint;
use crate::{Cell, DataLock, Methods, Preset, Published, RecipeError, ResolvedDataset};

const TABLES: [(&str, &str); 7] = [
    ("table1", include_str!("../recipes/table1.toml")),
    ("table2", include_str!("../recipes/table2.toml")),
    ("controls", include_str!("../recipes/controls.toml")),
    ("selection", include_str!("../recipes/selection.toml")),
    ("skip", include_str!("../recipes/skip.toml")),
    ("figure3", include_str!("../recipes/figure3.toml")),
    ("figure4", include_str!("../recipes/figure4.toml")),
];

/// A table of the paper, or one that it lacks: its rows, its seeds, the numbers it published.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grid {
    /// `table2`.
    pub name: String,
    /// The caption.
    pub title: String,
    /// Seeds that are averaged unless others are asked for.
    pub seeds: Vec<u64>,
    /// The split whose accuracy the table shows.
    #[serde(default)]
    pub split: ShownSplit,
    /// What is drawn of the runs besides.
    #[serde(default)]
    pub figure: Option<FigureKind>,
    /// Pairs of rows, the better one first if the paper is right, of which a sentence below the
    /// table says whether they differ by more than noise.
    #[serde(default)]
    pub pairs: Vec<[String; 2]>,
    /// Heading of the first column, in which rows then have their names; their ids if there is
    /// none.
    #[serde(default)]
    pub heading: Option<String>,
    /// Headings of the columns of ticks.
    #[serde(default)]
    pub ticks: Vec<String>,
    /// Rows above the others, there to compare with: they take no place in the ranking.
    #[serde(default)]
    pub reference: Vec<Experiment>,
    /// The rows.
    pub experiment: Vec<Experiment>,
}

/// The split whose accuracy a table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ShownSplit {
    /// What a result is.
    #[default]
    Test,
    /// What settings are chosen by, so that nothing of the test split is seen while choosing.
    Validation,
}

/// What is drawn of the runs of a table, a panel a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// A metric over epochs, as in the paper's Figure 3.
    Curves,
    /// Entropy by class at the selected epoch, as in its Figure 4.
    ClassEntropy,
}

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Experiment {
    /// What it is called on the command line: a number, or a name in lower case.
    pub id: String,
    /// What it is, in a few words; the text of the first column where that has a heading.
    pub name: String,
    /// One for each of the grid's ticks.
    #[serde(default)]
    pub ticks: Vec<bool>,
    /// Settings of the recipe that make this row.
    pub set: Value,
    /// The paper's accuracies, by data set; those that it leaves out are not there.
    #[serde(default)]
    pub published: BTreeMap<String, Published>,
}

impl Grid {
    /// The name of every table.
    pub fn names() -> impl Iterator<Item = &'static str> {
        TABLES.iter().map(|(name, _)| *name)
    }

    /// A table by name.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownRecipe`], with the nearest name.
    pub fn named(name: &str) -> Result<Self, RecipeError> {
        let (_, text) =
            TABLES
                .iter()
                .find(|(n, _)| *n == name)
                .ok_or_else(|| RecipeError::UnknownRecipe {
                    name: name.into(),
                    hint: hint(name, Self::names()),
                    known: Self::names().collect::<Vec<_>>().join(", "),
                })?;
        toml::from_str(text).map_err(|e| RecipeError::Descriptor {
            file: Path::new("recipes").join(name),
            why: e.to_string(),
        })
    }

    /// All rows in the order of the table.
    pub fn rows(&self) -> impl Iterator<Item = &Experiment> {
        self.reference.iter().chain(&self.experiment)
    }

    /// Whether a row is there to compare with only.
    pub fn is_reference(&self, id: &str) -> bool {
        self.reference.iter().any(|row| row.id == id)
    }

    /// A row by its id.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownExperiment`], with the ids there are.
    pub fn experiment(&self, id: &str) -> Result<&Experiment, RecipeError> {
        let known = || {
            self.rows()
                .map(|e| e.id.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        self.rows()
            .find(|e| e.id == id)
            .ok_or_else(|| RecipeError::UnknownExperiment {
                recipe: self.name.clone(),
                id: id.into(),
                known: known(),
            })
    }

    /// The cell of one row and seed on a data set, under a preset that the row's own settings
    /// override.
    ///
    /// # Errors
    ///
    /// [`RecipeError::NotApplicable`] where the row has no meaning on the data set (it lacks the
    /// modality, or two settings of theirs contradict each other); the errors of
    /// [`Methods::resolve_preset`].
    #[expect(clippy::too_many_arguments)]
    pub fn cell(
        &self,
        methods: &Methods,
        experiment: &Experiment,
        seed: u64,
        dataset: &ResolvedDataset,
        data: &DataLock,
        preset: Preset,
        assignments: &[String],
    ) -> Result<Cell, RecipeError> {
        let named = json!({ "dataset": dataset.spec.name, "seed": seed });
        let (own, row) = (&dataset.spec.recipe, &experiment.set);
        let layers = Layers {
            methods,
            dataset: own,
            preset,
            row,
            named: &named,
            assignments,
        };
        let recipe = layers.recipe().map_err(|unfit| match unfit {
            Unfit::Wrong(error) => error,
            Unfit::NotApplicable(why) => RecipeError::NotApplicable {
                recipe: self.name.clone(),
                id: experiment.id.clone(),
                dataset: dataset.spec.name.clone(),
                why,
            },
        })?;
        Ok(methods.cell(recipe, data))
    }
}
