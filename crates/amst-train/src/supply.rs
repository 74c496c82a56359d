//! The trainer's answer to methods that look at the data before an epoch.

use amst::{Batch, Part, Supply, SupplyError};
use amst_data::Loader;
use burn::tensor::Device;

use crate::{TrainError, upload};

/// Batches of all modalities from the loaders, on the training device.
pub(crate) struct Loaders<'a> {
    pub epoch: usize,
    pub train: &'a Loader,
    /// The training split in an order of its own.
    pub sample: &'a Loader,
    pub validation: &'a Loader,
    pub device: &'a Device,
}

impl Loaders<'_> {
    fn of(&self, part: Part) -> (&Loader, u64) {
        match part {
            Part::Epoch => (self.train, self.epoch as u64),
            Part::Sample => (self.sample, self.epoch as u64),
            Part::Validation => (self.validation, 0),
        }
    }
}

impl Supply for Loaders<'_> {
    fn count(&self, part: Part) -> usize {
        self.of(part).0.steps()
    }

    fn batch(&mut self, part: Part, number: usize) -> Result<Batch, SupplyError> {
        let (loader, epoch) = self.of(part);
        let modalities = loader.split().modalities().to_vec();
        let batch = loader
            .batches(epoch, number..number + 1, &modalities)
            .next();
        let batch = batch.ok_or_else(|| format!("there is no batch {number}"))?;
        Ok(upload(batch.map_err(TrainError::from)?, self.device))
    }
}
