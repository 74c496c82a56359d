//! Where data sets lie and what they resolve to.

use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst_fetch::hub;
use amst_recipe::{
    Cell, DataLock, DatasetSpec, Grid, RecipeError, ResolvedDataset, TextModel, TextModels,
    find_dataset, find_raw,
};
use anyhow::Result;

use crate::args::Layers;

/// The folder of descriptors: `AMST_DATASETS`, or `datasets` here, or that of the source tree.
pub fn folder() -> PathBuf {
    let here = PathBuf::from("datasets");
    match std::env::var_os("AMST_DATASETS") {
        Some(given) => given.into(),
        None if here.is_dir() => here,
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets"),
    }
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

/// Resolves the arguments, reading descriptors and manifest only.
pub fn resolved(what: &Layers) -> Result<Resolved> {
    of(what, find_dataset(&what.dataset, &folder())?)
}

/// The same with the data set's raw files in a given folder.
pub fn resolved_in(what: &Layers, raw: &Path) -> Result<Resolved> {
    of(what, find_raw(&what.dataset, raw, &folder())?)
}

fn of(what: &Layers, dataset: ResolvedDataset) -> Result<Resolved> {
    let mut assignments = what.assignments.clone();
    assignments.extend(what.epochs.map(|n| format!("epochs={n}")));
    assignments.extend(what.precision.map(|p| format!("precision={p}")));
    assignments.extend(
        what.modalities
            .iter()
            .map(|list| format!("modalities={list}")),
    );
    let lock = DataLock::of(&dataset)?;
    let models = TextModels::new(hub::text_model);
    let (cell, text_model) = models.complete(&assignments, |assignments| {
        cell(what, &dataset, &lock, assignments)
    })?;
    Ok(Resolved {
        dataset,
        lock,
        cell,
        text_model,
    })
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
