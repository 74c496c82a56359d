//! Looking at the data outside the steps of an epoch.

use crate::{Batch, MethodError, Optimiser, Stopwatch};

/// A part of the data that a method may look at before an epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Training batches: those of the coming epoch, in its order, with its augmentation.
    Epoch,
    /// Training batches in another random order of their own.
    Sample,
    /// The validation split.
    Validation,
}

/// What went wrong while a batch was made.
pub type SupplyError = Box<dyn std::error::Error + Send + Sync>;

/// Hands out batches of all modalities, on the training device.
pub trait Supply {
    /// Batches in one pass over a part.
    fn count(&self, part: Part) -> usize;

    /// One of them, by number.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    fn batch(&mut self, part: Part, number: usize) -> Result<Batch, SupplyError>;
}

/// What a method may use before an epoch.
pub struct EpochContext<'a> {
    /// Counted from 0.
    pub epoch: usize,
    /// Learning rate of this epoch.
    pub lr: f64,
    /// Classes of the data set.
    pub classes: usize,
    /// The run's optimiser, for its settings.
    pub optimiser: &'a Optimiser,
    /// Where the time goes.
    pub clock: &'a mut Stopwatch,
    /// The data.
    pub supply: &'a mut dyn Supply,
}

impl EpochContext<'_> {
    /// A batch of a part of the data.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn batch(&mut self, part: Part, number: usize) -> Result<Batch, EpochError> {
        self.supply.batch(part, number).map_err(EpochError::Supply)
    }
}

/// The supply of a method that looks at no data before an epoch.
pub struct NoSupply;

impl Supply for NoSupply {
    fn count(&self, _: Part) -> usize {
        0
    }

    fn batch(&mut self, _: Part, number: usize) -> Result<Batch, SupplyError> {
        Err(format!("there is no batch {number}: this session was given no data").into())
    }
}

/// What can end an epoch before its first step.
#[derive(Debug, thiserror::Error)]
pub enum EpochError {
    /// The method cannot go on with these data.
    #[error(transparent)]
    Method(#[from] MethodError),
    /// A batch could not be made.
    #[error(transparent)]
    Supply(SupplyError),
}
