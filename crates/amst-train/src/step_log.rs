//! `--log-steps`: what every step computed, for comparison with other implementations.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use amst::{Modality, StepReport, lettered};
use serde::Serialize;

use crate::TrainError;
use crate::metrics::OutputScores;

/// One JSON object a step, with the keys of docs/parity.md.
pub(crate) struct StepLog {
    path: PathBuf,
    file: BufWriter<File>,
}

#[derive(Serialize)]
struct Line {
    epoch: usize,
    step: usize,
    active: Vec<&'static str>,
    lr: f64,
    metrics: BTreeMap<String, f64>,
    loss: BTreeMap<String, f32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    balance: BTreeMap<String, f32>,
    /// Ids of the batch's samples, in order.
    samples: Vec<String>,
}

/// Where a step stands.
pub(crate) struct Place {
    pub epoch: usize,
    pub step: usize,
    pub lr: f64,
    pub active: Vec<Modality>,
    pub samples: Vec<String>,
}

impl StepLog {
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let file = File::create(path).map_err(|source| TrainError::Io { verb: "write", path: path.into(), source })?;
        Ok(Self { path: path.into(), file: BufWriter::new(file) })
    }

    pub fn add(&mut self, place: Place, report: &StepReport, labels: &[i64]) -> Result<(), TrainError> {
        let cross_entropy = |(name, logits): (&str, _)| {
            let mut scores = OutputScores::default();
            scores.add(logits, labels);
            Some((lettered(name), scores.metrics()?.loss))
        };
        let named = |values: &[(String, f32)]| values.iter().map(|(name, v)| (lettered(name), *v)).collect();
        let line = Line {
            epoch: place.epoch,
            step: place.step,
            active: place.active.into_iter().map(Modality::letter).collect(),
            lr: place.lr,
            metrics: report.outputs.iter().filter_map(cross_entropy).collect(),
            loss: named(&report.losses),
            balance: named(&report.balance),
            samples: place.samples,
        };
        let text = serde_json::to_string(&line).expect("plain data");
        writeln!(self.file, "{text}").map_err(|source| self.failed(source))
    }

    /// Everything on disk.
    pub fn finish(mut self) -> Result<(), TrainError> {
        self.file.flush().map_err(|source| self.failed(source))
    }

    fn failed(&self, source: std::io::Error) -> TrainError {
        TrainError::Io { verb: "write", path: self.path.clone(), source }
    }
}
