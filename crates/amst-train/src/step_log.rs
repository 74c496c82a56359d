//! `--log-steps`: what every step computed, for comparison with other implementations.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use amst::{Modality, StepReport, lettered};
use serde::Serialize;

use crate::TrainError;
use crate::metrics::OutputScores;

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

    /// Where it lies, and how long it is.
    pub fn place(&self) -> (&Path, u64) {
        (&self.path, self.bytes)
    }

    pub fn add(
        &mut self,
        place: Place,
        report: &StepReport,
        labels: &[i64],
    ) -> Result<(), TrainError> {
        let cross_entropy = |(name, logits): (&str, _)| {
            let mut scores = OutputScores::default();
            scores.add(logits, labels);
            Some((lettered(name), scores.metrics()?.loss))
        };
        let named = |values: &[(String, f32)]| {
            values
                .iter()
                .map(|(name, v)| (lettered(name), *v))
                .collect()
        };
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
        let text = serde_json::to_string(&line).expect("plain data") + "\n";
        self.bytes += text.len() as u64;
        self.file
            .write_all(text.as_bytes())
            .map_err(|source| failed(&self.path, source))
    }
}

fn failed(path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io {
        verb: "write",
        path: path.into(),
        source,
        option: "--log-steps",
    }
}
