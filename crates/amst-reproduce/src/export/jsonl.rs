//! One JSON object a run, and back.

use std::path::Path;

use serde_json::Value;

use super::planned_run::{PLANNED_RUN_SCHEMA, PlannedRun};
use crate::ReproduceError;

/// A line for each run.
pub(super) fn text(runs: &[PlannedRun]) -> String {
    runs.iter()
        .map(|run| serde_json::to_string(run).expect("a run is plain data") + "\n")
        .collect()
}

/// Reads the runs of a plan that `--format jsonl` wrote.
///
/// # Errors
///
/// The file cannot be read, a line is no run, or is one of another version of this program.
pub fn read_jsonl(file: &Path) -> Result<Vec<PlannedRun>, ReproduceError> {
    let text = std::fs::read_to_string(file).map_err(|source| ReproduceError::Io {
        action: "read",
        path: file.into(),
        source,
    })?;
    let mut runs = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let run = read_line(line).map_err(|why| ReproduceError::PlanLine {
            file: file.into(),
            line: at + 1,
            why,
        })?;
        runs.push(run);
    }
    Ok(runs)
}

fn read_line(line: &str) -> Result<PlannedRun, String> {
    let value: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
    // The schema first: another version's fields would only give a confusing message.
    let schema = value.get("schema").and_then(Value::as_u64);
    if schema != Some(PLANNED_RUN_SCHEMA.into()) {
        let found = schema.map_or("none".into(), |schema| schema.to_string());
        return Err(format!(
            "schema {found}, this version reads {PLANNED_RUN_SCHEMA}"
        ));
    }
    serde_json::from_value(value).map_err(|error| error.to_string())
}
