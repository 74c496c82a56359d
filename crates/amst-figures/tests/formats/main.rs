//! Figures as PDF and PNG, and PNG in event files.

mod pdf;
mod png;

use amst_figures::{CurveOptions, EpochLog, EpochMetrics, Figure, Panel, RunLog, draw_curves};
use amst_recipe::{Modality, Recipe};

/// A run of two epochs, written by hand.
fn run() -> RunLog {
    let epoch = |accuracy: f64| {
        let metrics = |share: f64| EpochMetrics {
            accuracy: Some(accuracy * share),
            ..EpochMetrics::default()
        };
        let outputs = [("audio", 1.0), ("visual", 0.5), ("fused", 0.8)];
        EpochLog {
            active: [Modality::Audio, Modality::Visual].into(),
            learning_rate: 0.01,
            train: outputs
                .map(|(name, share)| (name.to_string(), metrics(share)))
                .into(),
            ..EpochLog::default()
        }
    };
    RunLog {
        folder: "runs/digits/naive/0-1a2b3c4d".into(),
        recipe: Recipe::default(),
        requested: None,
        epochs: [(0, epoch(0.25)), (1, epoch(0.5))].into(),
        result: None,
        is_published: false,
    }
}

/// Two panels, with headings in bold.
fn figure(title: &str) -> Figure {
    let panels = [title, "Joint"].map(|title| Panel::new(title, vec![run()]).unwrap());
    draw_curves(&panels, &CurveOptions::default()).unwrap()
}
