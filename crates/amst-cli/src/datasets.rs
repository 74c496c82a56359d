//! From the arguments to a data set and a recipe.

use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst_fetch::hub;
use amst_recipe::{
    Cell, DEFAULT_DATASET, DataLock, DatasetSpec, Grid, Recipe, RecipeError, ResolvedDataset,
    TextModel, TextModels, find_dataset, find_raw,
};
use amst_report::with_suggested_skips;
use anyhow::Result;

use crate::args::Layers;
use crate::resolved_recipe;

/// The folder of descriptors: `AMST_DATASETS`, or `datasets` here, or the one that is installed with
/// this program, or that of the source tree.
pub fn folder() -> PathBuf {
    if let Some(given) = std::env::var_os("AMST_DATASETS") {
        return given.into();
    }
    let here = PathBuf::from("datasets");
    if here.is_dir() {
        return here;
    }
    installed_folder()
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets"))
}

/// Where `cargo xtask dist` puts them: a program `bin/amst` has `share/amst/datasets` beside `bin`.
fn installed_folder() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?;
    let folder = program.parent()?.parent()?.join("share/amst/datasets");
    folder.is_dir().then_some(folder)
}

/// Everything that the arguments name.
pub struct Resolved {
    /// The data set.
    pub dataset: ResolvedDataset,
    /// The identity of its content.
    pub lock: DataLock,
    /// What is to be run on it.
    pub cell: Cell,
    /// The pretrained text encoder, if it has one.
    pub text_model: Option<TextModel>,
}

/// Where `skip.MODALITY=suggested` is looked up by commands that keep no runs.
pub const RUNS: &str = "runs";

/// Resolves the arguments, reading descriptors and manifest only, and what was suggested in the
/// folder of all runs.
pub fn resolved(what: &Layers, runs: &Path) -> Result<Resolved> {
    let given = given_recipe(what)?;
    let dataset = find_dataset(dataset_name(what, given.as_ref()), &folder())?;
    complete(what, runs, given, dataset)
}

/// The same with the data set's raw files in a given folder.
pub fn resolved_in(what: &Layers, runs: &Path, raw: &Path) -> Result<Resolved> {
    let given = given_recipe(what)?;
    let dataset = find_raw(dataset_name(what, given.as_ref()), raw, &folder())?;
    complete(what, runs, given, dataset)
}

fn given_recipe(what: &Layers) -> Result<Option<Recipe>> {
    what.resolved
        .as_deref()
        .map(resolved_recipe::read)
        .transpose()
}

fn dataset_name<'a>(what: &'a Layers, given: Option<&'a Recipe>) -> &'a str {
    let recipes_own = given.map(|recipe| recipe.dataset.as_str());
    what.dataset
        .as_deref()
        .or(recipes_own)
        .unwrap_or(DEFAULT_DATASET)
}

fn complete(
    what: &Layers,
    runs: &Path,
    given: Option<Recipe>,
    dataset: ResolvedDataset,
) -> Result<Resolved> {
    let lock = DataLock::of(&dataset)?;
    let (cell, text_model) = match given {
        Some(recipe) => {
            resolved_recipe::refuse_other_dataset(&recipe, &dataset)?;
            let text_model = TextModels::new(hub::text_model).of(&recipe)?;
            if let Some(model) = &text_model {
                model.check(&recipe)?;
            }
            (trainable().cell(recipe, &lock), text_model)
        }
        None => from_layers(what, runs, &dataset, &lock)?,
    };
    Ok(Resolved {
        dataset,
        lock,
        cell,
        text_model,
    })
}

fn from_layers(
    what: &Layers,
    runs: &Path,
    dataset: &ResolvedDataset,
    lock: &DataLock,
) -> Result<(Cell, Option<TextModel>)> {
    let name = &dataset.spec.name;
    let mut assignments = with_suggested_skips(&what.assignments, runs, name, lock)?;
    assignments.extend(what.epochs.map(|n| format!("epochs={n}")));
    assignments.extend(what.precision.map(|p| format!("precision={p}")));
    assignments.extend(
        what.modalities
            .iter()
            .map(|list| format!("modalities={list}")),
    );
    let found = TextModels::new(hub::text_model).complete(&assignments, |assignments| {
        cell(what, dataset, lock, assignments)
    })?;
    Ok(found)
}

fn cell(
    what: &Layers,
    dataset: &ResolvedDataset,
    lock: &DataLock,
    assignments: &[String],
) -> Result<Cell, RecipeError> {
    if let (Some(table), Some(row)) = (&what.recipe, &what.experiment) {
        let grid = Grid::named(table)?;
        return grid.cell(
            trainable(),
            grid.experiment(row)?,
            what.seed,
            dataset,
            lock,
            what.preset,
            assignments,
        );
    }
    let named = serde_json::json!({ "dataset": dataset.spec.name, "seed": what.seed });
    let own = std::slice::from_ref(&dataset.spec.recipe);
    let recipe = trainable().resolve_preset(own, what.preset, &[named], assignments)?;
    Ok(trainable().cell(recipe, lock))
}

/// Where a data set's prepared features are kept.
pub fn store(out: &Path, dataset: &DatasetSpec) -> PathBuf {
    out.join(".store").join(&dataset.name)
}
