//! How long runs took, by phase.

use std::collections::BTreeMap;
use std::io::ErrorKind;

use amst_figures::{Panel, RunLog};
use amst_recipe::Timing;
use serde::Serialize;

use crate::ReportError;

/// The times of a row's finished runs.
#[derive(Clone, Debug, Serialize)]
pub struct TimeRow {
    /// Title of the row.
    pub title: String,
    /// Runs that the means are over.
    pub runs: usize,
    /// Seconds of a whole run, mean, with one decimal.
    pub seconds: String,
    /// Phases by descending time.
    pub phases: Vec<PhaseTime>,
    /// Largest resident memory in MiB, mean, where it was measured.
    pub peak_mib: Option<String>,
}

/// A phase of a run.
#[derive(Clone, Debug, Serialize)]
pub struct PhaseTime {
    /// `forward`.
    pub name: String,
    /// Seconds, mean, with one decimal.
    pub seconds: String,
    /// Share of all phases, in per cent with one decimal.
    pub share: String,
}

/// Runs without `timing.json` count in none of the means, rows without any are left out.
pub(crate) fn time_rows(panels: &[Panel]) -> Result<Vec<TimeRow>, ReportError> {
    let mut rows = Vec::new();
    for panel in panels {
        let mut timings = Vec::new();
        for run in panel.runs() {
            timings.extend(timing(run)?);
        }
        if !timings.is_empty() {
            rows.push(time_row(panel.title(), &timings));
        }
    }
    Ok(rows)
}

fn timing(run: &RunLog) -> Result<Option<Timing>, ReportError> {
    let path = run.folder.join("timing.json");
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(ReportError::Read { path, cause }),
    };
    let read = serde_json::from_slice(&bytes);
    read.map(Some).map_err(|e| ReportError::Damaged {
        path,
        why: e.to_string(),
    })
}

fn time_row(title: &str, timings: &[Timing]) -> TimeRow {
    let runs = timings.len() as f64;
    let mut phases: BTreeMap<&str, f64> = BTreeMap::new();
    for (name, seconds) in timings.iter().flat_map(|timing| &timing.phases) {
        *phases.entry(name).or_default() += seconds / runs;
    }
    let all: f64 = phases.values().sum();
    let mut by_time: Vec<(&str, f64)> = phases.into_iter().collect();
    by_time.sort_by(|a, b| b.1.total_cmp(&a.1));
    let phase = |(name, seconds): (&str, f64)| PhaseTime {
        name: name.into(),
        seconds: format!("{seconds:.1}"),
        share: format!("{:.1}", 100.0 * seconds / all.max(f64::MIN_POSITIVE)),
    };
    let peaks: Vec<f64> = timings
        .iter()
        .filter_map(|timing| timing.peak_mib)
        .collect();
    let peak = peaks.iter().sum::<f64>() / peaks.len() as f64;
    TimeRow {
        title: title.into(),
        runs: timings.len(),
        seconds: format!(
            "{:.1}",
            timings.iter().map(|t| t.seconds).sum::<f64>() / runs
        ),
        phases: by_time.into_iter().map(phase).collect(),
        peak_mib: (!peaks.is_empty()).then(|| format!("{peak:.0}")),
    }
}
