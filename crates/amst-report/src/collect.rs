//! Finished runs on disk, accepted only for the very recipe that is asked for.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use amst_recipe::{Cell, CellResult, Methods, RESULT_SCHEMA};

/// Why there is no number. Each message can stand below a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Missing {
    /// There is no `result.json`.
    #[error("not run yet")]
    NotRun,
    /// The file names another cell, or holds a recipe that is not this cell's.
    #[error("result of another recipe: {} has {found}; remove the file to run the cell again", file.display())]
    OtherRecipe {
        /// The file that was refused.
        file: PathBuf,
        /// What it says it is.
        found: String,
    },
    /// The file is damaged, or of another version of this software.
    #[error("unreadable: {}: {why}; remove the file to run the cell again", file.display())]
    Unreadable {
        /// The file that was refused.
        file: PathBuf,
        /// The parser's or the system's words.
        why: String,
    },
    /// The run was started and ended without a result.
    #[error("failed: {0}")]
    Failed(String),
    /// It is being trained elsewhere, or will be, or was taken out of a queue.
    #[error("{0}")]
    Waiting(String),
}

/// A run that a table asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Wanted {
    /// Id of the experiment.
    pub experiment: String,
    /// Name of the column, [`MeasuredDataset::name`](crate::MeasuredDataset::name).
    pub column: String,
    /// Recipe, seed and identity.
    pub cell: Cell,
}

/// One experiment and seed of a table in one column, and what became of it.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Id of the experiment.
    pub experiment: String,
    /// Name of the column.
    pub column: String,
    /// The seed.
    pub seed: u64,
    /// Recipe and identity.
    pub cell: Cell,
    /// Where its result is, or would be.
    pub file: PathBuf,
    /// The accepted result, or why there is none.
    pub outcome: Result<CellResult, Missing>,
}

/// Looks for the results of wanted runs under the folder of all runs.
pub fn collect(methods: &Methods, wanted: &[Wanted], runs: &Path) -> Vec<Entry> {
    let mut entries = Vec::new();
    for run in wanted {
        let file = runs.join(run.cell.run_dir()).join("result.json");
        entries.push(Entry {
            experiment: run.experiment.clone(),
            column: run.column.clone(),
            seed: run.cell.recipe.seed,
            outcome: read_result(methods, &run.cell, &file),
            cell: run.cell.clone(),
            file,
        });
    }
    entries
}

/// Reads a `result.json` and makes sure that it belongs to `cell`: its schema, its identity,
/// and that the recipe inside has that identity too.
///
/// # Errors
///
/// [`Missing`], with the reason.
pub fn read_result(methods: &Methods, cell: &Cell, file: &Path) -> Result<CellResult, Missing> {
    let unreadable = |why: String| Missing::Unreadable {
        file: file.into(),
        why,
    };
    let text = match std::fs::read_to_string(file) {
        Ok(text) => text,
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(Missing::NotRun),
        Err(e) => return Err(unreadable(e.to_string())),
    };
    let value: serde_json::Value =
        serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
    // The schema first: another version's fields would only give a confusing message.
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema != Some(RESULT_SCHEMA.into()) {
        let found = schema.map_or("none".into(), |s| s.to_string());
        return Err(unreadable(format!(
            "schema {found}, this version reads {RESULT_SCHEMA}"
        )));
    }
    let result: CellResult =
        serde_json::from_value(value).map_err(|e| unreadable(e.to_string()))?;
    methods
        .known(&result.recipe)
        .map_err(|e| unreadable(e.to_string()))?;
    belongs(methods, cell, &result).map_err(|found| Missing::OtherRecipe {
        file: file.into(),
        found,
    })?;
    plausible(&result).map_err(unreadable)?;
    Ok(result)
}

/// Whether a result is that of the cell; if not, what it is.
fn belongs(methods: &Methods, cell: &Cell, result: &CellResult) -> Result<(), String> {
    if result.cell != cell.id {
        return Err(format!(
            "cell {}, not {}",
            short(result.cell.as_str()),
            cell.id.short()
        ));
    }
    let inside = methods.cell_id(&result.recipe, &result.data);
    if inside != cell.id {
        return Err(format!(
            "a recipe whose identity is {}, not {}",
            inside.short(),
            cell.id.short()
        ));
    }
    Ok(())
}

/// A damaged file may claim any identity, short ones included.
fn short(id: &str) -> String {
    id.chars().take(8).collect()
}

fn plausible(result: &CellResult) -> Result<(), String> {
    let fused = result
        .test
        .outputs
        .get("fused")
        .ok_or("it has no output `fused`")?;
    let shares = [fused.accuracy, result.test.majority_rate];
    if shares.iter().all(|share| (0.0..=1.0).contains(share)) {
        Ok(())
    } else {
        Err(format!(
            "fused accuracy {} or majority rate {} is no share",
            fused.accuracy, result.test.majority_rate
        ))
    }
}
