//! `amst init`.

use std::path::Path;

use amst::renames;
use amst_data::Prepared;
use amst_encoders::write_weights;
use amst_recipe::Recipe;
use anyhow::{Context, Result};
use burn::module::Module;
use sha2::{Digest, Sha256};

use crate::args::Init;
use crate::datasets::resolved;
use crate::device;
use crate::failure::Usage;

/// Writes the weights with which a run would start.
pub fn run(args: &Init) -> Result<()> {
    let resolved = resolved(&args.what)?;
    let recipe = &resolved.cell.recipe;
    let classes = classes(recipe, &resolved.dataset.spec.classes);
    let built = amst_train::build(recipe, classes, &device::open("flex")?.autodiff())?;
    let names = renames(&built.method.branches(), &recipe.modalities);
    write_weights(&built.net.valid(), &args.out, &names)?;
    println!("{}: {} with seed {}", args.out.display(), recipe.method.name(), recipe.seed);
    println!("  start from it with `amst train --init {}`", args.out.display());
    Ok(())
}

fn classes(recipe: &Recipe, named: &[String]) -> usize {
    match named.is_empty() {
        true => Prepared::synthetic(recipe).map_or(recipe.synthetic.classes, |data| data.classes().len()),
        false => named.len(),
    }
}

/// What the recipe says of a file of initial weights: its SHA-256, so that the result is known to come from it.
pub fn assignment(file: &Path) -> Result<String> {
    let bytes = std::fs::read(file).map_err(|e| Usage(format!("cannot read {}: {e}", file.display())));
    let bytes = bytes.context("reading initial weights")?;
    let hash: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("init=\"{hash}\""))
}
