use std::path::PathBuf;

use amst::MethodError;
use amst_encoders::WeightsError;
use amst_recipe::RecipeError;
use amst_train::TrainError;

/// Why a case cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// A file that cannot be read or written.
    #[error("cannot {verb} {}: {why}; docs/parity.md lists the files of a case", path.display())]
    File {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What went wrong.
        why: String,
    },
    /// A setting that means nothing here.
    #[error("case.json: `{key}` is {found}, which is none of: {known}")]
    Unknown {
        /// The key.
        key: &'static str,
        /// Its value.
        found: String,
        /// Values that mean something.
        known: String,
    },
    /// A setting that is needed and not there, or does not fit.
    #[error("case.json: {0}")]
    Setting(String),
    /// A tensor that is needed and not there, or of another kind.
    #[error("{}: tensor `{name}` {why}", path.display())]
    Tensor {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// What is wrong.
        why: String,
    },
    /// The initial weights do not fit the network that the settings describe.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Settings that the method refuses.
    #[error("case.json: {0}")]
    Method(#[from] MethodError),
    /// Settings that contradict each other.
    #[error("case.json: {0}")]
    Recipe(#[from] RecipeError),
    /// The training ended.
    #[error(transparent)]
    Train(#[from] TrainError),
}
