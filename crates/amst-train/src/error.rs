use std::path::{Path, PathBuf};

use amst::MethodError;
use amst_data::DataError;
use amst_encoders::{ConfigError, WeightsError};
use amst_lease::LeaseError;
use amst_recipe::RecipeError;

use crate::checkpoint::CheckpointError;
use crate::interrupt::Signal;

/// What can end a run. [`TrainError::exit_code`] is what the command line program returns.
#[derive(Debug, thiserror::Error)]
pub enum TrainError {
    /// The recipe does not work.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The method's settings do not work.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// The data cannot be used.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A file of weights cannot be used.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The configuration of a text model cannot be used.
    #[error(transparent)]
    TextModel(#[from] ConfigError),
    /// A batch that a method looks at before an epoch cannot be made.
    #[error("cannot read a batch: {0}")]
    Supply(String),
    /// The loss became NaN or infinite.
    #[error(
        "the loss `{output}` became {value} in epoch {epoch}, step {step} (samples {samples}): \
         lower `optim.lr`, or look at these samples"
    )]
    Diverged {
        /// Which loss.
        output: String,
        /// NaN or infinite.
        value: f32,
        /// Counted from 0.
        epoch: usize,
        /// Counted from 0 in the epoch.
        step: usize,
        /// Ids of the batch, the first few; or the split in which it was seen.
        samples: String,
    },
    /// A gradient is NaN or infinite, though the loss is finite.
    #[error(
        "the gradient of `{parameter}` is NaN or infinite in epoch {epoch}, step {step} (samples \
         {samples}); its update did not happen: lower `optim.lr`, or look at these samples"
    )]
    Gradient {
        /// By its name in files of weights.
        parameter: String,
        /// Counted from 0.
        epoch: usize,
        /// Counted from 0 in the epoch.
        step: usize,
        /// Ids of the batch, the first few.
        samples: String,
    },
    /// The run was asked to stop, and can be resumed.
    #[error(
        "stopped by {signal} in epoch {epoch}, after {step} of its steps: {} holds everything up \
         to there, and the same command goes on from it",
        dir.display()
    )]
    Interrupted {
        /// By what.
        signal: Signal,
        /// Counted from 0.
        epoch: usize,
        /// Steps done in it.
        step: usize,
        /// The run's directory.
        dir: PathBuf,
    },
    /// Another process trains there, or this one no longer owns the run's directory.
    #[error(transparent)]
    Lease(LeaseError),
    /// Not enough disk space.
    #[error(
        "not enough disk space for {}: {need} bytes are needed and {free} are free; free some \
         space or choose another place with --out",
        path.display()
    )]
    Space {
        /// The file, or the run's directory.
        path: PathBuf,
        /// Its bytes.
        need: u64,
        /// Bytes that are free there.
        free: u64,
    },
    /// A checkpoint that the run cannot resume from.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// An option that contradicts what the run has done already.
    #[error("{why}; start over with --fresh, which keeps what is there aside")]
    Resume {
        /// What contradicts it.
        why: String,
    },
    /// A file or folder of the run cannot be written or read.
    #[error(
        "cannot {verb} {}: {source}; free some space or choose another place with {option}",
        path.display()
    )]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's words.
        source: std::io::Error,
        /// The option of the command line program that says where it is.
        option: &'static str,
    },
    /// There is no trained network where one was looked for.
    #[error("{}: {why}", path.display())]
    NoNetwork {
        /// Where.
        path: PathBuf,
        /// What is missing, and what to give instead.
        why: String,
    },
    /// Files that are not a trained network of this version, or are damaged.
    #[error("{}: {why}; give a run that this version of amst trained", path.display())]
    NotANetwork {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// A network that does not fit the data, or what is asked of it.
    #[error("{0}")]
    Unfit(String),
    /// A run directory with files of another run, program or version.
    #[error("{}: {why}; move the folder aside to run this cell again", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl TrainError {
    /// For `map_err`: `verb` failed for the file or folder at `path`, which `option` of the command
    /// line program names. A lease that was lost is the error itself, whatever was tried without it.
    pub fn io(
        verb: &'static str,
        path: &Path,
        option: &'static str,
    ) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.downcast::<LeaseError>() {
            Ok(error) => error.into(),
            Err(source) => Self::Io {
                verb,
                path,
                source,
                option,
            },
        }
    }

    /// 2 recipe or usage, 3 data or files, 4 diverged, 5 foreign or damaged state, 6 a lease that
    /// was lost; 75, 130 or 143 after a signal.
    pub fn exit_code(&self) -> u8 {
        match self {
            TrainError::Interrupted { signal, .. } => signal.exit_code(),
            TrainError::Method(MethodError::State { .. }) | TrainError::Checkpoint(_) => 5,
            TrainError::Recipe(_) | TrainError::Method(_) => 2,
            TrainError::Resume { .. } => 2,
            TrainError::Lease(LeaseError::Lost { .. }) => 6,
            TrainError::Lease(LeaseError::Io { .. }) => 3,
            TrainError::Lease(LeaseError::Held { .. }) => 7,
            TrainError::Lease(_) => 2,
            TrainError::Data(error) if error.kind() == amst_data::ErrorKind::Configuration => 2,
            TrainError::Data(_)
            | TrainError::Supply(_)
            | TrainError::Weights(_)
            | TrainError::TextModel(_)
            | TrainError::Io { .. } => 3,
            TrainError::Space { .. } | TrainError::NoNetwork { .. } | TrainError::Unfit(_) => 3,
            TrainError::Diverged { .. } | TrainError::Gradient { .. } => 4,
            TrainError::Foreign { .. } | TrainError::NotANetwork { .. } => 5,
        }
    }
}

impl From<LeaseError> for TrainError {
    /// A file that cannot be written is told as any other file of a run.
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::Io { verb, path, source } => Self::Io {
                verb,
                path,
                source,
                option: "--out",
            },
            other => Self::Lease(other),
        }
    }
}
