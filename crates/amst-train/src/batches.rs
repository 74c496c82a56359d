//! Where the batches of a run come from.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use amst::{Batch, EpochPlan, Modality, Part, Supply, SupplyError};
use amst_data::{Loader, LoaderConfig, Prepared, Purpose, SplitName, Stream};
use amst_kernels::takes_bytes;
use amst_recipe::Recipe;
use burn::tensor::Device;

use crate::trace::Trace;
use crate::upload::Uploads;
use crate::{TrainError, upload};

/// Batches that are read one after the other: the steps of an epoch, its last batches once more
/// for recalibration, a validation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadPlan {
    /// Of which split, in which order.
    pub part: Part,
    /// Counted from 0.
    pub epoch: usize,
    /// Numbers of the batches.
    pub numbers: Range<usize>,
    /// What they hold.
    pub modalities: Vec<Modality>,
}

impl ReadPlan {
    /// The steps of an epoch, or some of them.
    pub fn steps(plan: &EpochPlan, numbers: Range<usize>) -> Self {
        Self {
            part: Part::Epoch,
            epoch: plan.epoch,
            numbers,
            modalities: plan.reads.clone(),
        }
    }

    /// A whole validation, of these modalities.
    pub fn validation(batches: usize, modalities: Vec<Modality>) -> Self {
        Self {
            part: Part::Validation,
            epoch: 0,
            numbers: 0..batches,
            modalities,
        }
    }

    /// Whether there is nothing to read.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty() || self.modalities.is_empty()
    }
}

/// A batch on the device, and what is known of it on the host.
pub struct LoadedBatch {
    /// On the device.
    pub batch: Batch,
    /// The samples' indices in their split.
    pub indices: Vec<usize>,
    /// Their classes.
    pub labels: Vec<i64>,
}

/// Batches in order.
pub type BatchStream = Box<dyn Iterator<Item = Result<LoadedBatch, TrainError>>>;

/// Hands out the batches of a run: from a data set's loaders, or as another program recorded them.
pub trait BatchSource {
    /// Batches in one pass over a part in an epoch.
    fn count(&self, part: Part, epoch: usize) -> usize;

    /// Classes of the validation split, in order.
    fn validation_labels(&self) -> Vec<i64>;

    /// One batch of all modalities, on the device with autodiff.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    fn batch(&mut self, part: Part, epoch: usize, number: usize) -> Result<Batch, SupplyError>;

    /// Batches in order, training batches on the device with autodiff and validation batches on the
    /// one without. While the last of them is computed on, `next` may already be read.
    fn read(&mut self, plan: &ReadPlan, next: Option<ReadPlan>) -> BatchStream;

    /// Begins to read what is expected next.
    fn prefetch(&mut self, plan: Option<ReadPlan>) {
        let _ = plan;
    }

    /// Names of training samples, for messages and logs.
    fn sample_ids(&self, indices: &[usize]) -> Vec<String>;
}

/// What a method may look at before an epoch.
pub(crate) struct EpochSupply<'a> {
    pub source: &'a mut dyn BatchSource,
    pub epoch: usize,
}

impl Supply for EpochSupply<'_> {
    fn count(&self, part: Part) -> usize {
        self.source.count(part, self.epoch)
    }

    fn batch(&mut self, part: Part, number: usize) -> Result<Batch, SupplyError> {
        self.source.batch(part, self.epoch, number)
    }
}

/// The batches of a prepared data set. Clones share what was begun ahead.
#[derive(Clone)]
pub(crate) struct LoaderBatches {
    train: Loader,
    /// The training split in an order of its own, for methods that look at it before an epoch.
    sample: Loader,
    validation: Loader,
    /// With autodiff.
    training_device: Device,
    /// Without.
    device: Device,
    begun: Begun,
}

/// What was begun ahead. In a run of few batches the wait for a first batch is a large part of all
/// waiting. What is begun is a guess that costs reading alone: if other batches are asked for, they
/// are read from their own start.
type Begun = Arc<Mutex<Option<(ReadPlan, Uploads)>>>;

impl LoaderBatches {
    pub fn new(data: &Prepared, recipe: &Recipe, device: &Device) -> Result<Self, TrainError> {
        let sample_seed = Stream::new(recipe.seed, Purpose::Sample, 0, 0).next_u64();
        let training = LoaderConfig {
            batch_size: recipe.batch_size,
            seed: recipe.seed,
            train: true,
            ..LoaderConfig::default()
        };
        let sampling = LoaderConfig {
            seed: sample_seed,
            ..training.clone()
        };
        let evaluation = LoaderConfig {
            batch_size: recipe.eval_batch_size,
            ..LoaderConfig::default()
        };
        let bytes = takes_bytes(device);
        let train = data.split(SplitName::Train);
        Ok(Self {
            train: Loader::new(train.clone(), training)?.in_bytes(bytes),
            sample: Loader::new(train, sampling)?.in_bytes(bytes),
            validation: Loader::new(data.split(SplitName::Val), evaluation)?.in_bytes(bytes),
            training_device: device.clone().autodiff(),
            device: device.clone(),
            begun: Begun::default(),
        })
    }

    /// The same, with every batch noted in a trace.
    pub fn traced(mut self, trace: &Trace) -> Self {
        self.train = self.train.watched(trace.watch("train"));
        self.sample = self.sample.watched(trace.watch("train, before the epoch"));
        self.validation = self.validation.watched(trace.watch(SplitName::Val.name()));
        self
    }

    fn loader(&self, part: Part) -> &Loader {
        match part {
            Part::Epoch => &self.train,
            Part::Sample => &self.sample,
            Part::Validation => &self.validation,
        }
    }

    fn begin(&self, plan: &ReadPlan) -> Uploads {
        let device = match plan.part {
            Part::Epoch | Part::Sample => &self.training_device,
            Part::Validation => &self.device,
        };
        let loader = self.loader(plan.part);
        let batches = loader.batches(plan.epoch as u64, plan.numbers.clone(), &plan.modalities);
        Uploads::start(batches, device)
    }
}

impl BatchSource for LoaderBatches {
    fn count(&self, part: Part, _: usize) -> usize {
        self.loader(part).steps()
    }

    fn validation_labels(&self) -> Vec<i64> {
        let labels = self.validation.split().labels();
        labels.into_iter().map(|label| label as i64).collect()
    }

    fn batch(&mut self, part: Part, epoch: usize, number: usize) -> Result<Batch, SupplyError> {
        let loader = self.loader(part);
        // The validation split has one order, whatever the epoch.
        let epoch = if part == Part::Validation { 0 } else { epoch };
        let modalities = loader.split().modalities();
        let mut batches = loader.batches(epoch as u64, number..number + 1, modalities);
        let batch = batches.next();
        let batch = batch.ok_or_else(|| format!("there is no batch {number}"))?;
        let batch = batch.map_err(TrainError::from)?;
        Ok(upload(batch, &self.training_device))
    }

    fn read(&mut self, plan: &ReadPlan, next: Option<ReadPlan>) -> BatchStream {
        let begun = lock(&self.begun).take();
        let uploads = match begun {
            Some((expected, uploads)) if expected == *plan => uploads,
            _ => self.begin(plan),
        };
        Box::new(Reading {
            uploads,
            left: plan.numbers.len(),
            source: self.clone(),
            next,
        })
    }

    fn prefetch(&mut self, plan: Option<ReadPlan>) {
        let begun = plan.map(|plan| {
            let uploads = self.begin(&plan);
            (plan, uploads)
        });
        *lock(&self.begun) = begun;
    }

    fn sample_ids(&self, indices: &[usize]) -> Vec<String> {
        let split = self.train.split();
        indices.iter().map(|i| split.id(*i).to_string()).collect()
    }
}

fn lock(begun: &Begun) -> std::sync::MutexGuard<'_, Option<(ReadPlan, Uploads)>> {
    begun.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Batches of a [`ReadPlan`]; with the last one, what comes next is begun.
struct Reading {
    uploads: Uploads,
    left: usize,
    source: LoaderBatches,
    next: Option<ReadPlan>,
}

impl Iterator for Reading {
    type Item = Result<LoadedBatch, TrainError>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = self.uploads.next()?;
        self.left = self.left.saturating_sub(1);
        if self.left == 0 {
            self.source.prefetch(self.next.take());
        }
        Some(batch.map_err(TrainError::from))
    }
}

#[cfg(test)]
mod tests {
    use amst::methods::built_in;
    use amst_data::{Prepared, SplitName};
    use amst_recipe::DatasetSpec;

    use super::*;

    /// Three batches of an epoch, and the numbers of the training batches that were made.
    fn source() -> (LoaderBatches, Arc<Mutex<Vec<usize>>>) {
        let settings = [
            "synthetic.train=6",
            "synthetic.val=6",
            "synthetic.test=6",
            "batch_size=2",
        ];
        let settings = settings.map(String::from);
        let recipe = built_in()
            .resolve(&[DatasetSpec::shapes("crema-d").unwrap().recipe], &settings)
            .unwrap();
        let data = Prepared::shapes(&recipe).unwrap();
        let mut source = LoaderBatches::new(&data, &recipe, &Device::flex()).unwrap();
        let made = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&made);
        let config = LoaderConfig {
            batch_size: 2,
            train: true,
            workers: 1,
            ..LoaderConfig::default()
        };
        let loader = Loader::new(data.split(SplitName::Train), config).unwrap();
        source.train = loader.watched(Arc::new(move |m| noted.lock().unwrap().push(m.batch)));
        (source, made)
    }

    fn epoch(epoch: usize) -> ReadPlan {
        ReadPlan {
            part: Part::Epoch,
            epoch,
            numbers: 0..3,
            modalities: vec![Modality::Audio],
        }
    }

    fn indices(batches: BatchStream) -> Vec<Vec<usize>> {
        batches.map(|batch| batch.unwrap().indices).collect()
    }

    #[test]
    fn what_was_begun_is_read_before_it_is_asked_for_and_once() {
        let (mut source, made) = source();
        let expected = indices(source.read(&epoch(1), None));
        made.lock().unwrap().clear();
        source.prefetch(Some(epoch(1)));
        while made.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        assert_eq!(indices(source.read(&epoch(1), None)), expected);
        assert_eq!(*made.lock().unwrap(), [0, 1, 2]);
    }

    #[test]
    fn the_last_batch_begins_what_comes_next() {
        let (mut source, made) = source();
        let expected = indices(source.read(&epoch(2), None));
        made.lock().unwrap().clear();
        indices(source.read(&epoch(1), Some(epoch(2))));
        assert_eq!(indices(source.read(&epoch(2), None)), expected);
        assert_eq!(*made.lock().unwrap(), [0, 1, 2, 0, 1, 2]);
    }

    #[test]
    fn other_batches_than_those_begun_are_read_from_their_own_start() {
        let (mut source, _) = source();
        let expected = indices(source.read(&epoch(2), None));
        assert_ne!(expected, indices(source.read(&epoch(1), None)));
        source.prefetch(Some(epoch(1)));
        assert_eq!(indices(source.read(&epoch(2), None)), expected);
    }
}
