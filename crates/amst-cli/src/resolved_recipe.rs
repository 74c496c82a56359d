//! `--resolved`: a recipe that another program, or an earlier run, has resolved.

use std::fmt::Display;
use std::path::Path;

use amst::methods::trainable;
use amst_recipe::{Recipe, RecipeError, ResolvedDataset};
use anyhow::Result;
use toml::{Table, Value};

use crate::failure::Usage;

/// Reads a file laid out as the `recipe.toml` of a run directory. Every key must be there: what
/// is run is what was resolved, not this program's defaults.
///
/// # Errors
///
/// A file that cannot be read ([`RecipeError::Io`]), is not a whole recipe, or contradicts itself
/// ([`Usage`]).
pub fn read(file: &Path) -> Result<Recipe> {
    let text = std::fs::read_to_string(file).map_err(|source| RecipeError::Io {
        path: file.into(),
        source,
    })?;
    let other_version =
        |error: &dyn Display| refused(file, &format!("is not a recipe of this version: {error}"));
    let recipe: Recipe = toml::from_str(&text).map_err(|error| other_version(&error))?;
    let given: Table = toml::from_str(&text)?;
    let whole = Table::try_from(trainable().defaults())?;
    if let Some(key) = missing_key(&whole, &given) {
        let why = format!("is not a resolved recipe: it does not say `{key}`");
        return Err(refused(file, &why).into());
    }
    let known = trainable().known(&recipe);
    let recipe = known.map_err(|error| other_version(&error))?;
    trainable()
        .validate(&recipe)
        .map_err(|error| refused(file, &format!("cannot be run: {error}")))?;
    Ok(recipe)
}

/// Refuses a data set that has another name than the one the recipe was resolved for.
pub fn refuse_other_dataset(recipe: &Recipe, dataset: &ResolvedDataset) -> Result<(), Usage> {
    let (wanted, given) = (&recipe.dataset, &dataset.spec.name);
    if wanted == given {
        return Ok(());
    }
    Err(Usage(format!(
        "the recipe of `--resolved` is for the data set `{wanted}`, and `--dataset` names \
         `{given}`: give `--dataset {wanted}`, or the folder of {wanted}"
    )))
}

fn refused(file: &Path, why: &str) -> Usage {
    Usage(format!(
        "{} {why}; `--resolved` takes the `recipe.toml` of a run directory",
        file.display()
    ))
}

/// The first key, with dots between sections, that only `whole` has.
fn missing_key(whole: &Table, given: &Table) -> Option<String> {
    for (key, value) in whole {
        match (value, given.get(key)) {
            (_, None) => return Some(key.clone()),
            (Value::Table(whole), Some(Value::Table(given))) => {
                if let Some(inner) = missing_key(whole, given) {
                    return Some(format!("{key}.{inner}"));
                }
            }
            _ => {}
        }
    }
    None
}
