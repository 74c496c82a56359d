//! The machines and versions that runs were made with.

use std::io::ErrorKind;

use amst_figures::RunLog;
use serde::Serialize;
use serde_json::{Map, Value};

use crate::ReportError;

/// What `env.json` says, and of how many runs.
#[derive(Clone, Debug, Serialize)]
pub struct EnvironmentRow {
    /// Its entries with their values as text, those without a value left out.
    pub entries: Vec<(String, String)>,
    /// Runs that have these.
    pub runs: usize,
}

/// Each environment once, in the order in which they first appear.
pub(crate) fn environment_rows(runs: &[&RunLog]) -> Result<Vec<EnvironmentRow>, ReportError> {
    let mut rows: Vec<EnvironmentRow> = Vec::new();
    for run in runs {
        let Some(entries) = entries(run)? else {
            continue;
        };
        match rows.iter_mut().find(|row| row.entries == entries) {
            Some(row) => row.runs += 1,
            None => rows.push(EnvironmentRow { entries, runs: 1 }),
        }
    }
    Ok(rows)
}

fn entries(run: &RunLog) -> Result<Option<Vec<(String, String)>>, ReportError> {
    let path = run.folder.join("env.json");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(ReportError::Read { path, cause }),
    };
    let read: Map<String, Value> =
        serde_json::from_slice(&bytes).map_err(|e| ReportError::Damaged {
            path,
            why: e.to_string(),
        })?;
    let mut entries = Vec::new();
    for (name, value) in read {
        match value {
            Value::Null => {}
            Value::String(text) => entries.push((name, text)),
            other => entries.push((name, other.to_string())),
        }
    }
    Ok(Some(entries))
}
