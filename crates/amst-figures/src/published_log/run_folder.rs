//! Writes a published log as the folder of a run.

use std::collections::BTreeMap;
use std::path::Path;

use amst_files::{WriteError, write_file};
use amst_recipe::{EVENT_SCHEMA, JointMode};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{BestEpoch, PrintedBest, PublishedLog};
use crate::run_log::{EVENTS, PUBLISHED_FILE, is_published};
use crate::{EpochLog, EpochMetrics, FigureError, RunLog};

/// Version of the layout of [`PUBLISHED_FILE`].
const SCHEMA: u32 = 1;

/// What [`PUBLISHED_FILE`] holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PublishedRecord {
    /// Version of the layout.
    pub schema: u32,
    /// Name of the file that was imported.
    pub source: String,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
    /// Whether it breaks off.
    pub was_cut: bool,
    /// The system as the log calls it.
    pub method: String,
    /// The data set as the log calls it.
    pub dataset: String,
    /// Everything that its program was told, as printed.
    pub arguments: BTreeMap<String, String>,
    /// The best epoch as printed for the fused output.
    pub printed: Option<PrintedBest>,
    /// Those of other weightings of the modalities.
    pub printed_others: Vec<PrintedBest>,
    /// The best epoch by the validation accuracies of the tables.
    pub recomputed: Option<BestEpoch>,
    /// Accuracies on the test split by epoch and output, in 0..1.
    pub test_accuracy: BTreeMap<usize, BTreeMap<String, f64>>,
}

impl PublishedRecord {
    /// The best epoch: as printed, or else by the tables.
    pub fn best(&self) -> Option<BestEpoch> {
        let printed = self.printed.as_ref().map(BestEpoch::from);
        printed.or(self.recomputed)
    }

    /// Reads that of a folder.
    ///
    /// # Errors
    ///
    /// The file cannot be read or understood, or is of another version.
    pub fn read(folder: &Path) -> Result<Self, FigureError> {
        let path = folder.join(PUBLISHED_FILE);
        let text = std::fs::read_to_string(&path).map_err(|cause| FigureError::Read {
            path: path.clone(),
            cause,
        })?;
        let record: Self = serde_json::from_str(&text).map_err(|e| FigureError::Damaged {
            file: path.clone(),
            why: e.to_string(),
        })?;
        if record.schema != SCHEMA {
            return Err(FigureError::OtherVersion {
                file: path,
                found: record.schema.to_string(),
                expected: SCHEMA,
            });
        }
        Ok(record)
    }
}

impl PublishedLog {
    /// The log as a run in memory; without a result, which is one of a cell. `known_methods` are
    /// the names that the program has for methods ([`LogArguments::method_among`]).
    ///
    /// In the recipe, skipping is carried out as published, and the joint module of the full system
    /// is trained as in the published code.
    ///
    /// [`LogArguments::method_among`]: crate::LogArguments::method_among
    pub fn run_log(&self, folder: &Path, known_methods: &[&str]) -> RunLog {
        let joint_mode = if self.has_output(|name| name.starts_with("joint.")) {
            JointMode::Alternating
        } else {
            JointMode::Joint
        };
        let probes = self.has_output(|name| name.contains("probe."));
        RunLog {
            folder: folder.into(),
            recipe: self
                .arguments
                .recipe(self.modalities(), known_methods, joint_mode, probes),
            requested: None,
            epochs: self.epochs.clone(),
            result: None,
            is_published: true,
        }
    }

    /// Writes the log as the folder of a run, which [`RunLog::read`] reads: `recipe.toml`,
    /// `events.jsonl` and [`PUBLISHED_FILE`]. The folder is made; an imported log in it is
    /// replaced.
    ///
    /// # Errors
    ///
    /// [`FigureError::TakenFolder`]: a run that was trained here is in the folder. A folder or file
    /// cannot be written.
    pub fn write_run(&self, folder: &Path, known_methods: &[&str]) -> Result<(), FigureError> {
        if folder.join(EVENTS).exists() && !is_published(folder) {
            return Err(FigureError::TakenFolder {
                folder: folder.into(),
            });
        }
        std::fs::create_dir_all(folder).map_err(|cause| WriteError {
            path: folder.into(),
            cause,
        })?;
        let run = self.run_log(folder, known_methods);
        let recipe = toml::to_string(&run.recipe).expect("a recipe is plain data");
        let record = serde_json::to_string_pretty(&self.record()).expect("a record is plain data");
        // First, so that a folder that is not whole is never taken for a run.
        write_file(&folder.join(PUBLISHED_FILE), record + "\n")?;
        write_file(&folder.join("recipe.toml"), recipe)?;
        write_file(&folder.join(EVENTS), self.events())?;
        Ok(())
    }

    /// What [`write_run`](Self::write_run) keeps beside the curves.
    pub fn record(&self) -> PublishedRecord {
        let printed = self.printed_best();
        let others = self.printed.iter().filter(|best| Some(*best) != printed);
        PublishedRecord {
            schema: SCHEMA,
            source: self.name.clone(),
            sha256: self.sha256.clone(),
            was_cut: self.was_cut,
            method: self.arguments.method.clone(),
            dataset: self.arguments.dataset.clone(),
            arguments: self.arguments.printed.clone(),
            printed: printed.cloned(),
            printed_others: others.cloned().collect(),
            recomputed: self.recomputed_best(),
            test_accuracy: self
                .test
                .iter()
                .map(|(epoch, outputs)| (*epoch, accuracies(outputs)))
                .collect(),
        }
    }

    fn has_output(&self, is_wanted: impl Fn(&str) -> bool) -> bool {
        let mut epochs = self.epochs.values();
        epochs.any(|epoch| epoch.validation.keys().any(|name| is_wanted(name)))
    }

    /// The lines of `events.jsonl`.
    fn events(&self) -> String {
        let epochs = self.arguments.epochs;
        let mut lines = vec![json!({
            "schema": EVENT_SCHEMA, "kind": "start", "cell": "published", "epochs": epochs,
        })];
        for (number, log) in &self.epochs {
            lines.push(epoch_line(*number, epochs, log));
        }
        lines.iter().map(|line| format!("{line}\n")).collect()
    }
}

fn epoch_line(number: usize, epochs: usize, log: &EpochLog) -> Value {
    json!({
        "schema": EVENT_SCHEMA, "kind": "epoch", "epoch": number, "epochs": epochs,
        "active": log.active, "lr": log.learning_rate,
        "train": outputs(&log.train), "val": outputs(&log.validation),
    })
}

fn outputs(outputs: &BTreeMap<String, EpochMetrics>) -> Value {
    outputs
        .iter()
        .map(|(name, metrics)| {
            let metrics = json!({
                "loss": metrics.loss, "accuracy": metrics.accuracy,
                "confidence": metrics.confidence, "entropy": metrics.entropy,
            });
            (name.clone(), metrics)
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn accuracies(outputs: &BTreeMap<String, EpochMetrics>) -> BTreeMap<String, f64> {
    outputs
        .iter()
        .filter_map(|(name, metrics)| Some((name.clone(), metrics.accuracy?)))
        .collect()
}
