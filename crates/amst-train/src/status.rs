//! How far the runs below a folder are.

use std::path::{Path, PathBuf};

use amst_recipe::{CellResult, RESULT_SCHEMA};
use serde::Serialize;

use crate::checkpoint::{Checkpoint, CheckpointDir, MANIFEST, RECIPE};
use crate::lock::{Holder, Lock};
use crate::run::{EVENTS, RESULT};
use crate::{Event, EventKind};

/// What has become of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum RunState {
    /// A process trains.
    Running {
        /// Which.
        by: Holder,
    },
    /// Nobody trains; the same command goes on.
    Stopped,
    /// It has its result.
    Finished {
        /// Fused test accuracy.
        test_accuracy: f64,
    },
    /// A loss or gradient was no number.
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

/// A run directory, as it lies on disk now.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RunStatus {
    /// Below the folder that was asked for, with `/`.
    pub name: String,
    /// Where it lies.
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
    /// Seconds that the epochs which are left will take, as long as the last ones did; of runs that
    /// go on or could.
    pub seconds_left: Option<f64>,
}

/// Every run below a folder, by name. Manifests of checkpoints are checked, and lengths of their
/// files; hashes are not, which takes long. Runs that were set aside are runs too.
pub fn status(runs: &Path) -> Vec<RunStatus> {
    let mut dirs = Vec::new();
    find(runs, 0, &mut dirs);
    dirs.sort();
    dirs.into_iter().map(|dir| of(runs, dir)).collect()
}

/// Run directories lie at most four deep: runs, data set, method, run.
fn find(dir: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    if dir.join(RECIPE).is_file() && !dir.join(MANIFEST).exists() {
        found.push(dir.into());
    } else if depth < 4 {
        let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
        let is_hidden = |path: &Path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with('.'))
        };
        entries
            .map(|e| e.path())
            .filter(|p| p.is_dir() && !is_hidden(p))
            .for_each(|p| find(&p, depth + 1, found));
    }
}

/// What a run's events say.
#[derive(Default)]
struct Told {
    epoch: usize,
    epochs: Option<usize>,
    best: Option<f64>,
    /// Seconds of each epoch.
    seconds: Vec<f64>,
    failed: Option<(u8, String)>,
}

impl Told {
    /// Lines that are cut short, or of another version, say nothing.
    fn by(dir: &Path) -> Self {
        let text = std::fs::read_to_string(dir.join(EVENTS)).unwrap_or_default();
        let mut told = Self::default();
        text.lines()
            .filter_map(|line| serde_json::from_str(line).ok())
            .for_each(|event: Event| told.hear(event.kind));
        told
    }

    fn hear(&mut self, event: EventKind) {
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
                self.best = Some(
                    self.best
                        .map_or(val_accuracy, |best| best.max(val_accuracy)),
                );
                self.seconds.push(seconds);
            }
            EventKind::Failed { code, message } => self.failed = Some((code, message)),
            EventKind::Step { .. } | EventKind::Stopped { .. } | EventKind::Done { .. } => {}
        }
    }

    /// By the mean of the last few epochs; skipping makes them differ.
    fn left(&self) -> Option<f64> {
        let last = &self.seconds[self.seconds.len().saturating_sub(10)..];
        let mean = (!last.is_empty()).then(|| last.iter().sum::<f64>() / last.len() as f64)?;
        Some(mean * self.epochs?.saturating_sub(self.epoch) as f64)
    }
}

fn of(runs: &Path, dir: PathBuf) -> RunStatus {
    let told = Told::by(&dir);
    let state = state(&dir, &told);
    let parts = dir
        .strip_prefix(runs)
        .unwrap_or(&dir)
        .iter()
        .map(|part| part.to_string_lossy().into_owned());
    let goes_on = matches!(
        state,
        RunState::Running { .. } | RunState::Stopped | RunState::Failed { .. }
    );
    let result = matches!(state, RunState::Finished { .. });
    RunStatus {
        name: parts.collect::<Vec<_>>().join("/"),
        epoch: told.epoch,
        epochs: if result {
            Some(told.epoch)
        } else {
            told.epochs
        },
        best_val_accuracy: told.best,
        seconds_left: told.left().filter(|_| goes_on),
        state,
        dir,
    }
}

fn state(dir: &Path, told: &Told) -> RunState {
    if let Some(by) = Lock::holder(dir) {
        return RunState::Running { by };
    }
    let result = dir.join(RESULT);
    if let Ok(text) = std::fs::read_to_string(&result) {
        return match serde_json::from_str::<CellResult>(&text) {
            Ok(found)
                if found.schema == RESULT_SCHEMA && found.test.outputs.contains_key("fused") =>
            {
                RunState::Finished {
                    test_accuracy: found.test.outputs["fused"].accuracy,
                }
            }
            Ok(_) => RunState::Damaged {
                why: format!("{}: of another version", result.display()),
            },
            Err(e) => RunState::Damaged {
                why: format!("{}: {e}", result.display()),
            },
        };
    }
    let newest = CheckpointDir::in_run(dir).newest_state();
    if let Some(why) = newest.and_then(|newest| fault(&newest)) {
        return RunState::Damaged { why };
    }
    match &told.failed {
        Some((4, why)) => RunState::Diverged { why: why.clone() },
        Some((_, why)) => RunState::Failed { why: why.clone() },
        None => RunState::Stopped,
    }
}

/// What is wrong with a checkpoint, as far as lengths tell.
fn fault(checkpoint: &Path) -> Option<String> {
    let opened = match Checkpoint::open_folder(checkpoint) {
        Ok(opened) => opened,
        Err(error) => return Some(error.to_string()),
    };
    opened.manifest().files.iter().find_map(|(name, file)| {
        let path = checkpoint.join(name);
        let length = std::fs::metadata(&path).map(|there| there.len()).ok();
        (length != Some(file.bytes)).then(|| {
            format!(
                "{} is damaged: it has not the length it had",
                path.display()
            )
        })
    })
}
