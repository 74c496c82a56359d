//! The progress of the runs below a folder.

use std::path::{Path, PathBuf};

use amst_lease::{Holder, holder};
use amst_recipe::{CellResult, RESULT_SCHEMA};
use serde::Serialize;

use crate::checkpoint::{Checkpoint, CheckpointDir, MANIFEST, RECIPE};
use crate::run::{EVENTS, RESULT};
use crate::{Event, EventKind};

/// What has become of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum RunState {
    /// A process trains.
    Running {
        /// Which process.
        by: Holder,
    },
    /// No process trains; the same command resumes it.
    Stopped,
    /// It has its result.
    Finished {
        /// Fused test accuracy.
        test_accuracy: f64,
    },
    /// A loss or gradient was NaN or infinite.
    Diverged {
        /// The message of its end.
        why: String,
    },
    /// It ended with another error; the same command tries again.
    Failed {
        /// The message of its end.
        why: String,
    },
    /// Its result or its newest checkpoint is not what was written.
    Damaged {
        /// What is wrong.
        why: String,
    },
}

impl RunState {
    /// One word.
    pub fn name(&self) -> &'static str {
        match self {
            RunState::Running { .. } => "running",
            RunState::Stopped => "stopped",
            RunState::Finished { .. } => "finished",
            RunState::Diverged { .. } => "diverged",
            RunState::Failed { .. } => "failed",
            RunState::Damaged { .. } => "damaged",
        }
    }
}

/// A run directory, as it is on disk now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunStatus {
    /// Below the folder that was asked for, with `/`.
    pub name: String,
    /// Its path.
    pub dir: PathBuf,
    /// What has become of it.
    #[serde(flatten)]
    pub state: RunState,
    /// Epochs that are done.
    pub epoch: usize,
    /// Epochs in all, once that is known.
    pub epochs: Option<usize>,
    /// The best fused validation accuracy so far.
    pub best_val_accuracy: Option<f64>,
    /// Estimated seconds of the epochs that are left; only of runs that go on or could.
    pub seconds_left: Option<f64>,
}

/// Every run below a folder, by name. Manifests of checkpoints are checked, and lengths of their
/// files; hashes are not, which takes long. Runs that were set aside are runs too.
pub fn status(runs: &Path) -> Vec<RunStatus> {
    let mut dirs = Vec::new();
    find(runs, 0, &mut dirs);
    dirs.sort();
    dirs.into_iter()
        .map(|dir| status_of_run(runs, dir))
        .collect()
}

/// Run directories are at most four deep: runs, data set, method, run.
fn find(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if dir.join(RECIPE).is_file() && !dir.join(MANIFEST).exists() {
        found.push(dir.into());
    } else if depth < 4 {
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !is_hidden && entry.path().is_dir() {
                find(&entry.path(), depth + 1, found);
            }
        }
    }
}

/// Summary of a run's events.
#[derive(Default)]
struct EventLog {
    epoch: usize,
    epochs: Option<usize>,
    best: Option<f64>,
    /// Seconds of each epoch.
    seconds: Vec<f64>,
    /// Exit code and message of a run that ended with an error.
    failed: Option<(u8, String)>,
}

impl EventLog {
    /// Reads `events.jsonl`; lines that are cut short, or of another version, are skipped.
    fn read(dir: &Path) -> Self {
        let text = std::fs::read_to_string(dir.join(EVENTS)).unwrap_or_default();
        let mut log = Self::default();
        for line in text.lines() {
            if let Ok(event) = serde_json::from_str::<Event>(line) {
                log.add(event.kind);
            }
        }
        log
    }

    fn add(&mut self, event: EventKind) {
        self.failed = None;
        match event {
            EventKind::Start { epochs, .. } => self.epochs = Some(epochs),
            EventKind::Resumed { epochs, epoch, .. } => {
                (self.epochs, self.epoch) = (Some(epochs), epoch)
            }
            EventKind::Epoch {
                epoch,
                epochs,
                val_accuracy,
                seconds,
                ..
            } => {
                (self.epoch, self.epochs) = (epoch + 1, Some(epochs));
                let best = self.best.unwrap_or(val_accuracy);
                self.best = Some(best.max(val_accuracy));
                self.seconds.push(seconds);
            }
            EventKind::Failed { code, message } => self.failed = Some((code, message)),
            EventKind::Step { .. }
            | EventKind::Skip { .. }
            | EventKind::Stopped { .. }
            | EventKind::Done { .. } => {}
        }
    }

    /// Estimated from the mean of the last ten epochs, because skipping makes epochs differ.
    fn seconds_left(&self) -> Option<f64> {
        let last = &self.seconds[self.seconds.len().saturating_sub(10)..];
        let mean = (!last.is_empty()).then(|| last.iter().sum::<f64>() / last.len() as f64)?;
        Some(mean * self.epochs?.saturating_sub(self.epoch) as f64)
    }
}

fn status_of_run(runs: &Path, dir: PathBuf) -> RunStatus {
    let log = EventLog::read(&dir);
    let state = state(&dir, &log);
    let parts = dir.strip_prefix(runs).unwrap_or(&dir).iter();
    let parts: Vec<String> = parts
        .map(|part| part.to_string_lossy().into_owned())
        .collect();
    let goes_on = matches!(
        state,
        RunState::Running { .. } | RunState::Stopped | RunState::Failed { .. }
    );
    let is_finished = matches!(state, RunState::Finished { .. });
    RunStatus {
        name: parts.join("/"),
        epoch: log.epoch,
        epochs: if is_finished {
            Some(log.epoch)
        } else {
            log.epochs
        },
        best_val_accuracy: log.best,
        seconds_left: log.seconds_left().filter(|_| goes_on),
        state,
        dir,
    }
}

fn state(dir: &Path, log: &EventLog) -> RunState {
    if let Some(by) = holder(dir) {
        return RunState::Running { by };
    }
    let result = dir.join(RESULT);
    if let Ok(text) = std::fs::read_to_string(&result) {
        let why = match serde_json::from_str::<CellResult>(&text) {
            Ok(found) => match found.test.outputs.get("fused") {
                Some(fused) if found.schema == RESULT_SCHEMA => {
                    return RunState::Finished {
                        test_accuracy: fused.accuracy,
                    };
                }
                _ => "of another version".into(),
            },
            Err(e) => e.to_string(),
        };
        return RunState::Damaged {
            why: format!("{}: {why}", result.display()),
        };
    }
    let newest = CheckpointDir::in_run(dir).newest_state();
    if let Some(why) = newest.and_then(|newest| fault(&newest)) {
        return RunState::Damaged { why };
    }
    match &log.failed {
        Some((4, why)) => RunState::Diverged { why: why.clone() },
        Some((_, why)) => RunState::Failed { why: why.clone() },
        None => RunState::Stopped,
    }
}

/// What is wrong with a checkpoint, as far as its manifest and the lengths of its files show.
fn fault(folder: &Path) -> Option<String> {
    let checkpoint = match Checkpoint::open_folder(folder) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Some(error.to_string()),
    };
    for (name, file) in &checkpoint.manifest().files {
        let path = folder.join(name);
        if std::fs::metadata(&path).map(|there| there.len()).ok() != Some(file.bytes) {
            return Some(format!(
                "{} is damaged: its length is not the one that it was written with",
                path.display()
            ));
        }
    }
    None
}
