//! What there is: methods, data sets, recipes, presets.

use std::fmt;
use std::path::Path;

use serde_json::{Map, Value};

use crate::page::Page;
use crate::{
    Grid, MethodCard, Methods, Modality, PAPER_DATASETS, Preset, PresetCard, RecipeError,
    describe_dataset, find_dataset, known_datasets,
};

/// A small table. [`fmt::Display`] aligns it within 100 columns, [`Listing::json`] is for programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listing {
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

impl Listing {
    /// Every method with the first line of its card.
    pub fn methods(methods: &Methods) -> Self {
        let row = |card: &MethodCard| {
            let name = card.name.name().into();
            vec![name, card.title.clone(), card.summary[0].clone()]
        };
        Self {
            columns: &["method", "title", "does"],
            rows: methods.cards().iter().map(row).collect(),
        }
    }

    /// Every preset, and the methods that have none.
    pub fn presets(methods: &Methods) -> Self {
        let row = |p: Preset| {
            let without = methods
                .cards()
                .iter()
                .filter(|card| matches!(card.answer(p), PresetCard::Refused { .. }))
                .map(|card| card.name.name());
            let without = without.collect::<Vec<_>>().join(", ");
            vec![
                p.name().into(),
                p.meaning().into(),
                if without.is_empty() {
                    "-".into()
                } else {
                    without
                },
            ]
        };
        Self {
            columns: &["preset", "is", "methods without it"],
            rows: Preset::ALL.map(row).into(),
        }
    }

    /// Every table of the paper that can be made.
    ///
    /// # Errors
    ///
    /// A recipe file that cannot be read.
    pub fn recipes() -> Result<Self, RecipeError> {
        let row = |name: &str| {
            let grid = Grid::named(name)?;
            let seeds = grid
                .seeds
                .iter()
                .map(u64::to_string)
                .collect::<Vec<_>>()
                .join(",");
            let ids: Vec<&str> = grid.experiment.iter().map(|e| e.id.as_str()).collect();
            Ok(vec![grid.name.clone(), seeds, ids.join(" "), grid.title])
        };
        let rows = Grid::names().map(row).collect::<Result<_, RecipeError>>()?;
        Ok(Self {
            columns: &["recipe", "seeds", "experiments", "title"],
            rows,
        })
    }

    /// Every data set under a folder, and those of the paper.
    ///
    /// # Errors
    ///
    /// A descriptor that cannot be read.
    pub fn datasets(folder: &Path) -> Result<Self, RecipeError> {
        let known = known_datasets(folder);
        let absent = PAPER_DATASETS
            .iter()
            .map(|d| d.name.to_string())
            .filter(|n| !known.contains(n));
        let names: Vec<String> = known.iter().cloned().chain(absent).collect();
        let row = |name: String| {
            let spec = describe_dataset(&name, folder)?;
            let state = match find_dataset(&name, folder) {
                Ok(_) => "here".to_string(),
                Err(RecipeError::NotBrought { access, .. }) => format!("not here: {access}"),
                Err(error) => return Err(error),
            };
            Ok(vec![name, spec.title, modalities(&spec.recipe), state])
        };
        let rows = names
            .into_iter()
            .map(row)
            .collect::<Result<_, RecipeError>>()?;
        Ok(Self {
            columns: &["data set", "title", "modalities", "state"],
            rows,
        })
    }

    /// An array of objects, one a row.
    pub fn json(&self) -> Value {
        let object = |row: &Vec<String>| {
            let named = self
                .columns
                .iter()
                .map(|c| c.replace(' ', "_"))
                .zip(row.iter().cloned().map(Value::String));
            Value::Object(named.collect::<Map<_, _>>())
        };
        self.rows.iter().map(object).collect()
    }
}

/// Those that a descriptor names; the recipe's own where it names none.
fn modalities(recipe: &Value) -> String {
    let named = serde_json::from_value::<Vec<Modality>>(recipe["modalities"].clone());
    let modalities = named.unwrap_or_else(|_| crate::Recipe::default().modalities);
    modalities
        .iter()
        .map(|m| m.name())
        .collect::<Vec<_>>()
        .join(" ")
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut page = Page::default();
        let head = self.columns.iter().map(|c| c.to_string()).collect();
        page.table(0, &[vec![head], self.rows.clone()].concat());
        write!(f, "{page}")
    }
}
