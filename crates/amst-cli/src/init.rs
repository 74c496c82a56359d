//! `amst init`.

use std::path::Path;

use amst_data::Prepared;
use amst_encoders::{WeightsError, write_weights};
use amst_recipe::{Precision, Recipe};
use amst_train::{Built, TrainError};
use anyhow::Result;
use burn::module::Module;
use burn::tensor::Device;
use sha2::{Digest, Sha256};

use crate::args::Init;
use crate::datasets::{Resolved, resolved};
use crate::device;

/// Writes the weights with which a run would start.
pub fn run(args: &Init) -> Result<()> {
    let resolved = resolved(&args.what)?;
    let recipe = &resolved.cell.recipe;
    let built = build(&resolved, &device::open("flex", Precision::F32)?)?;
    write_weights(&built.net.valid(), &args.out, &built.names())
        .map_err(|error| unwritable(error, &args.out))?;
    println!(
        "{}: {} with seed {}",
        args.out.display(),
        recipe.method.name(),
        recipe.seed
    );
    println!(
        "  start from it with `amst train --init {}`",
        args.out.display()
    );
    Ok(())
}

/// Refuses a file that does not fit the network, before anything is prepared or written.
pub fn check(file: &Path, resolved: &Resolved, device: &Device) -> Result<()> {
    build(resolved, device)?
        .read_weights(file)
        .map_err(|error| match error {
            TrainError::Weights(WeightsError::File { why, .. }) => unreadable(file, why),
            other => other,
        })?;
    Ok(())
}

fn unreadable(file: &Path, why: String) -> TrainError {
    WeightsError::File {
        path: file.into(),
        why: format!("{why}; `amst init --out FILE` writes such a file"),
    }
    .into()
}

fn unwritable(error: WeightsError, file: &Path) -> TrainError {
    match error {
        WeightsError::File { why, .. } => {
            let source = std::io::Error::other(why);
            TrainError::Io {
                verb: "write",
                path: file.into(),
                source,
                option: "--out",
            }
        }
        other => other.into(),
    }
}

fn build(resolved: &Resolved, device: &Device) -> Result<Built, TrainError> {
    let recipe = &resolved.cell.recipe;
    amst_train::build(
        recipe,
        resolved.text_model.as_ref(),
        classes(recipe, &resolved.dataset.spec.classes),
        &device.clone().autodiff(),
    )
}

fn classes(recipe: &Recipe, named: &[String]) -> usize {
    match named.is_empty() {
        true => Prepared::synthetic(recipe)
            .map_or(recipe.synthetic.classes, |data| data.classes().len()),
        false => named.len(),
    }
}

/// What the recipe's `init` says of a file of initial weights: its SHA-256, so that the result is
/// known to come from it.
pub fn digest(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).map_err(|e| unreadable(file, e.to_string()))?;
    Ok(Sha256::digest(&bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect())
}
