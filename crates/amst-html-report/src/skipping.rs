//! What was trained in which epochs, and what skipping saved.

use amst_figures::{Panel, RunLog};
use amst_recipe::Modality;
use serde::Serialize;

/// The schedule of a row as it ran.
#[derive(Clone, Debug, Serialize)]
pub struct SkipRow {
    /// Title of the row.
    pub title: String,
    /// One a modality.
    pub modalities: Vec<TrainedModality>,
    /// Share of the epochs' encoder updates that were left out, in per cent with one decimal.
    pub saved: String,
    /// Whether anything was left out.
    pub skips: bool,
}

/// A modality of a row.
#[derive(Clone, Debug, Serialize)]
pub struct TrainedModality {
    /// `audio`.
    pub name: String,
    /// Epochs in which it was trained, mean over the runs, with one decimal unless whole.
    pub trained: String,
    /// Epochs that the runs had, mean over them.
    pub of: String,
    /// A character an epoch of the first run: `■` trained, `·` rested.
    pub epochs: String,
}

pub(crate) fn skip_rows(panels: &[Panel]) -> Vec<SkipRow> {
    let mut rows = Vec::new();
    for panel in panels {
        let runs = panel.runs();
        let epochs = mean(runs, |run| run.epochs.len());
        if epochs == 0.0 {
            continue;
        }
        let modalities = &runs[0].recipe.modalities;
        let mut trained_in_all = 0.0;
        let mut shown = Vec::new();
        for modality in modalities {
            let trained = mean(runs, |run| trained_epochs(run, *modality));
            trained_in_all += trained;
            shown.push(TrainedModality {
                name: modality.to_string(),
                trained: short(trained),
                of: short(epochs),
                epochs: epoch_signs(&runs[0], *modality),
            });
        }
        let saved = 1.0 - trained_in_all / (epochs * modalities.len() as f64);
        rows.push(SkipRow {
            title: panel.title().into(),
            modalities: shown,
            saved: format!("{:.1}", 100.0 * saved),
            skips: saved > 0.0,
        });
    }
    rows
}

fn trained_epochs(run: &RunLog, modality: Modality) -> usize {
    let epochs = run.epochs.values();
    epochs.filter(|log| log.active.contains(&modality)).count()
}

fn epoch_signs(run: &RunLog, modality: Modality) -> String {
    let trained = run
        .epochs
        .values()
        .map(|log| log.active.contains(&modality));
    trained
        .map(|trained| if trained { '■' } else { '·' })
        .collect()
}

fn mean(runs: &[RunLog], count: impl Fn(&RunLog) -> usize) -> f64 {
    let sum: usize = runs.iter().map(count).sum();
    sum as f64 / runs.len() as f64
}

/// `7`, or `7.3`.
fn short(number: f64) -> String {
    let text = format!("{number:.1}");
    match text.strip_suffix(".0") {
        Some(whole) => whole.into(),
        None => text,
    }
}
