//! `--log-steps`: what every step computed, for comparison with other implementations.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use amst::lettered;
use serde::Serialize;

use crate::TrainError;
use crate::metrics::OutputScores;
use crate::trainer::StepDone;

/// One JSON object a step, with the keys of docs/parity.md. Each line is handed to the system as
/// its step ends, so that a run which fails or is stopped leaves every step before that.
pub(crate) struct StepLog {
    path: PathBuf,
    file: File,
    bytes: u64,
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

impl StepLog {
    pub fn create(path: &Path) -> Result<Self, TrainError> {
        let file = File::create(path).map_err(|source| failed(path, source))?;
        Ok(Self {
            path: path.into(),
            file,
            bytes: 0,
        })
    }

    /// Goes on with a log that had so many bytes, and cuts away what came after them.
    pub fn resume(path: &Path, bytes: Option<u64>) -> Result<Self, TrainError> {
        let unfit = |why: &str| TrainError::Resume {
            why: format!("{}: {why}", path.display()),
        };
        let bytes = bytes.ok_or_else(|| unfit("the steps before were not logged"))?;
        if !std::fs::metadata(path).is_ok_and(|there| there.len() >= bytes) {
            return Err(unfit(
                "the log of the steps before is not there, or shorter than it was",
            ));
        }
        let opened = OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| {
                file.set_len(bytes)?;
                file.seek(SeekFrom::End(0))?;
                Ok(file)
            });
        Ok(Self {
            path: path.into(),
            file: opened.map_err(|source| failed(path, source))?,
            bytes,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that were written.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn add(&mut self, done: &StepDone<'_>) -> Result<(), TrainError> {
        let mut metrics = BTreeMap::new();
        for (name, logits) in done.report.outputs.iter() {
            let mut scores = OutputScores::default();
            scores.add(logits, &done.batch.labels);
            if let Some(own) = scores.metrics() {
                metrics.insert(lettered(name), own.loss);
            }
        }
        let line = Line {
            epoch: done.plan.epoch,
            step: done.number.step,
            active: done.plan.trains.iter().map(|m| m.letter()).collect(),
            lr: done.rate.lr,
            metrics,
            loss: with_letters(&done.report.losses),
            balance: with_letters(&done.report.balance),
            samples: (done.sample_ids)(),
        };
        let text = serde_json::to_string(&line).expect("plain data") + "\n";
        self.bytes += text.len() as u64;
        let written = self.file.write_all(text.as_bytes());
        written.map_err(|source| failed(&self.path, source))
    }
}

fn with_letters(values: &[(String, f32)]) -> BTreeMap<String, f32> {
    values
        .iter()
        .map(|(name, v)| (lettered(name), *v))
        .collect()
}

fn failed(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io {
        verb: "write",
        path: path.into(),
        source,
        option: "--log-steps",
    }
}
