//! Every metric of runs in long form, for other programs.

use serde::Serialize;

use crate::tensorboard::measured;
use crate::{RunLog, Split};

/// One metric of one output in one epoch of one run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MetricRow {
    /// The run directory's name, `0-1a2b3c4d`: seed and cell.
    pub run: String,
    /// The data set's name.
    pub dataset: String,
    /// The method that was asked for.
    pub method: String,
    /// The seed.
    pub seed: u64,
    /// Counted from 0.
    pub epoch: usize,
    /// `train`, `val` or, where every epoch was tested, `test`.
    pub split: &'static str,
    /// `audio`, `fused`, `alt.visual`, ….
    pub output: String,
    /// `accuracy` (in 0..1), `loss`, `entropy` (in nats) or `confidence` (in 0..1).
    pub metric: &'static str,
    /// The number.
    pub value: f64,
}

/// Every metric that runs recorded, in the order of the runs, epochs, splits and outputs.
pub fn metric_rows(runs: &[RunLog]) -> Vec<MetricRow> {
    let mut rows = Vec::new();
    for run in runs {
        let name = run.folder.file_name().unwrap_or_default();
        for (epoch, log) in &run.epochs {
            for split in Split::ALL {
                for (output, metrics) in log.split(split) {
                    for (metric, value) in measured(metrics) {
                        rows.push(MetricRow {
                            run: name.to_string_lossy().into_owned(),
                            dataset: run.dataset().into(),
                            method: run.method().to_string(),
                            seed: run.seed(),
                            epoch: *epoch,
                            split: split.name(),
                            output: output.clone(),
                            metric: metric.name(),
                            value,
                        });
                    }
                }
            }
        }
    }
    rows
}

/// The rows as CSV with a line of headings.
pub fn metrics_csv(rows: &[MetricRow]) -> String {
    let mut out = csv::Writer::from_writer(Vec::new());
    for row in rows {
        out.serialize(row).expect("writing to memory does not fail");
    }
    let bytes = out.into_inner().expect("writing to memory does not fail");
    String::from_utf8(bytes).expect("strings were written")
}

/// The rows as JSON, one object a line.
pub fn metrics_jsonl(rows: &[MetricRow]) -> String {
    let mut out = String::new();
    for row in rows {
        out += &serde_json::to_string(row).expect("a row is plain data");
        out.push('\n');
    }
    out
}
