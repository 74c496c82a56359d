//! What a run directory says about its epochs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use amst_recipe::{CellResult, EVENT_SCHEMA, MethodName, Modality, RESULT_SCHEMA, Recipe};
use serde::Deserialize;

use crate::{FigureError, Split};

/// Name of the log in a run directory.
pub(crate) const EVENTS: &str = "events.jsonl";

/// The file that says that a folder holds a published log and no run that was trained here.
pub const PUBLISHED_FILE: &str = "published.json";

/// Folders below one that may hold runs, at most this deep: `runs/dataset/method/run`.
const DEPTH: usize = 6;

/// A run as its directory describes it, finished or not.
#[derive(Clone, Debug, PartialEq)]
pub struct RunLog {
    /// The run directory.
    pub folder: PathBuf,
    /// The recipe as it runs.
    pub recipe: Recipe,
    /// The method that was asked for, where the recipe names another that is the same.
    pub requested: Option<MethodName>,
    /// What was measured, by epoch from 0. An epoch that was trained again after a resume counts
    /// as it was the last time.
    pub epochs: BTreeMap<usize, EpochLog>,
    /// The result, of a finished run.
    pub result: Option<CellResult>,
    /// Whether it is a published log that was imported: it is never part of a mean over runs.
    pub is_published: bool,
}

/// One epoch of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EpochLog {
    /// The modalities that were trained.
    pub active: BTreeSet<Modality>,
    /// Learning rate.
    pub learning_rate: f64,
    /// Metrics on the training split by output; only of what was forwarded.
    pub train: BTreeMap<String, EpochMetrics>,
    /// Metrics on the validation split by output.
    pub validation: BTreeMap<String, EpochMetrics>,
    /// Metrics on the test split by output, of a run that tests every epoch.
    pub test: BTreeMap<String, EpochMetrics>,
    /// How far apart the modalities are, and what the method did about it: `discrepancy.audio`,
    /// `speed_gap`, `k.audio`, …; `None` where a number was not finite.
    pub balance: BTreeMap<String, Option<f64>>,
}

/// Metrics of one output on one split; `None` where a number was not finite or is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct EpochMetrics {
    /// Mean cross-entropy over samples, in nats.
    pub loss: Option<f64>,
    /// Share of samples whose largest logit is their class, in 0..1.
    pub accuracy: Option<f64>,
    /// Mean over classes of the largest probability among correct predictions, in 0..1.
    pub confidence: Option<f64>,
    /// Mean entropy of the predicted distribution, in nats.
    pub entropy: Option<f64>,
}

/// What every line has.
#[derive(Deserialize)]
struct LineHead {
    schema: Option<u32>,
    kind: String,
}

/// The first line of a run.
#[derive(Deserialize)]
struct StartLine {
    requested: Option<MethodName>,
}

/// The line of a finished epoch.
#[derive(Deserialize)]
struct EpochLine {
    epoch: usize,
    active: BTreeSet<Modality>,
    lr: f64,
    train: BTreeMap<String, EpochMetrics>,
    val: BTreeMap<String, EpochMetrics>,
    #[serde(default)]
    test: BTreeMap<String, EpochMetrics>,
    #[serde(default)]
    balance: BTreeMap<String, Option<f64>>,
}

impl RunLog {
    /// Reads `recipe.toml`, `events.jsonl` and, where there is one, `result.json`.
    ///
    /// # Errors
    ///
    /// The folder is no run directory, or a file cannot be read or understood. A last line that
    /// was cut in the middle is left out; any other broken line is an error.
    pub fn read(folder: &Path) -> Result<Self, FigureError> {
        let events = folder.join(EVENTS);
        let Some(bytes) = read_if_there(&events)? else {
            return Err(FigureError::NotARun {
                folder: folder.into(),
            });
        };
        let mut log = Self {
            folder: folder.into(),
            recipe: read_recipe(&folder.join("recipe.toml"))?,
            requested: None,
            epochs: BTreeMap::new(),
            result: read_result(&folder.join("result.json"))?,
            is_published: is_published(folder),
        };
        log.take_lines(&events, &bytes)?;
        Ok(log)
    }

    /// Reads every run in or below a folder, in the order of their paths.
    ///
    /// # Errors
    ///
    /// There is none, a folder cannot be listed, or a run cannot be [read](Self::read).
    pub fn read_below(folder: &Path) -> Result<Vec<Self>, FigureError> {
        find_runs(folder)?
            .iter()
            .map(|run| Self::read(run))
            .collect()
    }

    /// The method that was asked for.
    pub fn method(&self) -> &MethodName {
        self.requested.as_ref().unwrap_or(&self.recipe.method)
    }

    /// The data set's name.
    pub fn dataset(&self) -> &str {
        &self.recipe.dataset
    }

    /// The seed.
    pub fn seed(&self) -> u64 {
        self.recipe.seed
    }

    /// The epoch that the validation split chose, counted from 0; `None` in an unfinished run.
    pub fn selected_epoch(&self) -> Option<usize> {
        self.result.as_ref().map(|result| result.selected.epoch)
    }

    fn take_lines(&mut self, file: &Path, bytes: &[u8]) -> Result<(), FigureError> {
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').enumerate();
        for (index, line) in &mut lines {
            let was_cut = line.last() != Some(&b'\n');
            match self.take_line(file, line) {
                Err(FigureError::BrokenLine { .. }) if was_cut => {}
                Err(FigureError::BrokenLine { file, why, .. }) => {
                    return Err(FigureError::BrokenLine {
                        file,
                        line: index + 1,
                        why,
                    });
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// An error names line 0, which the caller replaces.
    fn take_line(&mut self, file: &Path, line: &[u8]) -> Result<(), FigureError> {
        let head: LineHead = parse_line(file, line)?;
        if head.schema.is_some_and(|schema| schema != EVENT_SCHEMA) {
            return Err(other_version(
                file,
                head.schema.map(u64::from),
                EVENT_SCHEMA,
            ));
        }
        match head.kind.as_str() {
            "start" => {
                let start: StartLine = parse_line(file, line)?;
                self.requested = start.requested;
            }
            "epoch" => {
                let read: EpochLine = parse_line(file, line)?;
                let epoch = EpochLog {
                    active: read.active,
                    learning_rate: read.lr,
                    train: read.train,
                    validation: read.val,
                    test: read.test,
                    balance: read.balance,
                };
                self.epochs.insert(read.epoch, epoch);
            }
            _ => {}
        }
        Ok(())
    }
}

impl EpochLog {
    /// Metrics by output of a split.
    pub fn split(&self, split: Split) -> &BTreeMap<String, EpochMetrics> {
        match split {
            Split::Train => &self.train,
            Split::Validation => &self.validation,
            Split::Test => &self.test,
        }
    }
}

/// The run directories in or below a folder, in the order of their paths.
///
/// # Errors
///
/// There is none, or a folder cannot be listed.
pub fn find_runs(folder: &Path) -> Result<Vec<PathBuf>, FigureError> {
    let mut found = Vec::new();
    look_into(folder, DEPTH, &mut found)?;
    if found.is_empty() {
        return Err(FigureError::NoRuns {
            folder: folder.into(),
        });
    }
    found.sort();
    Ok(found)
}

/// Whether a folder holds a published log. A run that does is never part of a mean.
pub fn is_published(folder: &Path) -> bool {
    folder.join(PUBLISHED_FILE).is_file()
}

fn look_into(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), FigureError> {
    if folder.join(EVENTS).is_file() {
        found.push(folder.into());
        return Ok(());
    }
    if depth == 0 {
        return Ok(());
    }
    let cannot_list = |cause| FigureError::Read {
        path: folder.into(),
        cause,
    };
    for entry in std::fs::read_dir(folder).map_err(cannot_list)? {
        let path = entry.map_err(cannot_list)?.path();
        if path.is_dir() {
            look_into(&path, depth - 1, found)?;
        }
    }
    Ok(())
}

pub(crate) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, FigureError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(FigureError::Read {
            path: path.into(),
            cause,
        }),
    }
}

fn read_recipe(path: &Path) -> Result<Recipe, FigureError> {
    let bytes = std::fs::read(path).map_err(|cause| FigureError::Read {
        path: path.into(),
        cause,
    })?;
    toml::from_slice(&bytes).map_err(|e| damaged(path, e.message().to_string()))
}

fn read_result(path: &Path) -> Result<Option<CellResult>, FigureError> {
    let Some(bytes) = read_if_there(path)? else {
        return Ok(None);
    };
    let value: serde_json::Value =
        serde_json::from_slice(&bytes).map_err(|e| damaged(path, e.to_string()))?;
    // The schema first: another version's fields would only give a confusing message.
    let schema = value.get("schema").and_then(serde_json::Value::as_u64);
    if schema != Some(RESULT_SCHEMA.into()) {
        return Err(other_version(path, schema, RESULT_SCHEMA));
    }
    let result = serde_json::from_value(value).map_err(|e| damaged(path, e.to_string()))?;
    Ok(Some(result))
}

fn parse_line<'a, T: Deserialize<'a>>(file: &Path, line: &'a [u8]) -> Result<T, FigureError> {
    serde_json::from_slice(line).map_err(|e| FigureError::BrokenLine {
        file: file.into(),
        line: 0,
        why: e.to_string(),
    })
}

pub(crate) fn damaged(file: &Path, why: String) -> FigureError {
    FigureError::Damaged {
        file: file.into(),
        why,
    }
}

fn other_version(file: &Path, found: Option<u64>, expected: u32) -> FigureError {
    FigureError::OtherVersion {
        file: file.into(),
        found: found.map_or("none".into(), |schema| schema.to_string()),
        expected,
    }
}
