//! A run as the program that lists runs describes it.

use std::path::{Path, PathBuf};

/// What has become of a run.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum WatchedState {
    /// A process trains.
    Running,
    /// No process trains; it can go on.
    #[default]
    Stopped,
    /// It has its result.
    Finished,
    /// It ended with an error.
    Failed {
        /// The message of its end.
        why: String,
    },
    /// A loss or gradient was NaN or infinite.
    Diverged {
        /// The message of its end.
        why: String,
    },
    /// Its files are not what was written.
    Damaged {
        /// What is wrong.
        why: String,
    },
}

impl WatchedState {
    /// Every state's word, in the order in which they are counted.
    pub const WORDS: [&str; 6] = [
        "finished", "running", "stopped", "failed", "diverged", "damaged",
    ];

    /// One word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Running => "running",
            Self::Stopped => "stopped",
            Self::Failed { .. } => "failed",
            Self::Diverged { .. } => "diverged",
            Self::Damaged { .. } => "damaged",
        }
    }

    /// The message, of a run that has one.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Failed { why } | Self::Diverged { why } | Self::Damaged { why } => Some(why),
            Self::Finished | Self::Running | Self::Stopped => None,
        }
    }
}

/// A run as it is now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchedRun {
    /// What it is called in a list.
    pub name: String,
    /// The data set's name.
    pub dataset: String,
    /// The method's name.
    pub method: String,
    /// The seed, if it is known.
    pub seed: Option<u64>,
    /// What has become of it.
    pub state: WatchedState,
    /// Epochs that are done.
    pub epoch: usize,
    /// Epochs in all, once that is known.
    pub epochs: Option<usize>,
    /// The best fused validation accuracy so far, in 0..1.
    pub best_val_accuracy: Option<f64>,
    /// The fused test accuracy of a finished run, in 0..1.
    pub test_accuracy: Option<f64>,
    /// Estimated seconds that are left, of a run that goes on or could.
    pub seconds_left: Option<f64>,
    /// The run directory.
    pub folder: PathBuf,
}

impl WatchedRun {
    /// A stopped run without numbers, named by its folder `…/data set/method/seed-cell`.
    pub fn in_folder(folder: impl Into<PathBuf>) -> Self {
        let folder = folder.into();
        let [run, method, dataset] = [0, 1, 2].map(|up| last_word(&folder, up));
        let seed = run.split('-').next().and_then(|seed| seed.parse().ok());
        let parts = [dataset.as_str(), &method, &run];
        let known: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Self {
            name: known.join("/"),
            dataset,
            method,
            seed,
            folder,
            ..Self::default()
        }
    }

    /// The share of its epochs that is done, in 0..1.
    pub fn progress(&self) -> f64 {
        match (&self.state, self.epochs) {
            (WatchedState::Finished, _) => 1.0,
            (_, None | Some(0)) => 0.0,
            (_, Some(epochs)) => (self.epoch as f64 / epochs as f64).min(1.0),
        }
    }
}

/// The folder's name, or that of one above it.
fn last_word(folder: &Path, up: usize) -> String {
    let name = folder.ancestors().nth(up).and_then(Path::file_name);
    name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_says_what_a_run_is() {
        let run = WatchedRun::in_folder("a/b/digits/naive/12-1a2b3c4d.1");
        assert_eq!(
            (run.dataset.as_str(), run.method.as_str(), run.seed),
            ("digits", "naive", Some(12))
        );
        assert_eq!(run.name, "digits/naive/12-1a2b3c4d.1");
        let run = WatchedRun::in_folder("elsewhere");
        assert_eq!((run.name.as_str(), run.seed), ("elsewhere", None));
    }

    #[test]
    fn progress_is_never_more_than_all() {
        let mut run = WatchedRun::in_folder("x/0-1");
        assert_eq!(run.progress(), 0.0);
        (run.epoch, run.epochs) = (3, Some(2));
        assert_eq!(run.progress(), 1.0);
        run.epochs = Some(0);
        assert_eq!(run.progress(), 0.0);
        run.state = WatchedState::Finished;
        assert_eq!(run.progress(), 1.0);
    }
}
