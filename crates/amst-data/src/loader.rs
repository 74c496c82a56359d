//! Batches in order, prefetched.
//!
//! What a batch holds is a pure function of the seed, the epoch and its number: the threads
//! only decide when it is ready. burn's own threaded loader yields in the order of arrival
//! and shuffles with a generator that lives across epochs, so neither would survive a change
//! of the number of threads or a resume.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amst_recipe::Modality;

use crate::batches::{Batches, EpochReader};
use crate::damage::SplitDamage;
use crate::{Damage, DataError, Purpose, Split, Stream};

/// How a [`Loader`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderConfig {
    /// Samples a batch; the last one of an epoch may be smaller.
    pub batch_size: usize,
    /// Seed of order and augmentation.
    pub seed: u64,
    /// Threads that prepare batches, one less than the process has and 16 at most if left out; 0
    /// prepares each batch when it is asked for. They share the samples of a batch. The batches are
    /// the same with any number.
    pub workers: usize,
    /// Batches ready or in the making ahead of the one that is taken; more where they are too small
    /// to keep every worker busy.
    pub prefetch: usize,
    /// Whether samples are shuffled and augmented.
    pub train: bool,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        // Beside a GPU the processor has nothing else to do; with two threads one reads and one
        // computes.
        let workers = rayon::current_num_threads().saturating_sub(1).clamp(1, 16);
        Self {
            batch_size: 64,
            seed: 0,
            workers,
            prefetch: 2,
            train: false,
        }
    }
}

/// How long a batch, or a worker's part of one, took to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchTiming {
    /// The batch's number in the epoch.
    pub batch: usize,
    /// The worker that made it; `None` where it was made when it was asked for.
    pub worker: Option<usize>,
    /// When it was begun.
    pub start: Instant,
    /// How long it took.
    pub length: Duration,
}

/// Called after every batch that was made, or part of one, on the thread that made it.
pub type BatchObserver = Arc<dyn Fn(BatchTiming) + Send + Sync>;

/// Reads a split in batches. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    pub(crate) split: Split,
    pub(crate) config: LoaderConfig,
    pub(crate) damage: Option<Arc<SplitDamage>>,
    pub(crate) watch: Option<BatchObserver>,
    pub(crate) bytes: bool,
}

impl Loader {
    /// A loader over `split`.
    ///
    /// # Errors
    ///
    /// [`DataError::Setting`] for a batch size of 0.
    pub fn new(split: Split, config: LoaderConfig) -> Result<Self, DataError> {
        if config.batch_size == 0 {
            return Err(DataError::setting("batch_size", "must be at least 1"));
        }
        Ok(Self {
            split,
            config,
            damage: None,
            watch: None,
            bytes: false,
        })
    }

    /// The same, with every input of some modalities damaged. Their standard deviations are measured
    /// now, which reads these modalities of the whole split once.
    pub fn damaged(mut self, damage: &Damage) -> Result<Self, DataError> {
        self.damage = Some(Arc::new(SplitDamage::measure(damage, &self.split)?));
        Ok(self)
    }

    /// The same, with pictures as bytes ([`Features::Pixels`](crate::Features::Pixels)) if asked: a
    /// quarter to move, for a device that normalises them itself. Damage is in normalised numbers,
    /// so damaged pictures never are.
    pub fn in_bytes(mut self, bytes: bool) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same, with a callback for where the time goes.
    pub fn watched(mut self, watch: BatchObserver) -> Self {
        self.watch = Some(watch);
        self
    }

    /// The split it reads.
    pub fn split(&self) -> &Split {
        &self.split
    }

    /// Batches an epoch.
    pub fn steps(&self) -> usize {
        self.split.len().div_ceil(self.config.batch_size)
    }

    /// The samples of an epoch in the order in which they are read: shuffled in training by a
    /// stream of the seed and the epoch, in their own order otherwise.
    pub fn order(&self, epoch: u64) -> Vec<usize> {
        if self.config.train {
            Stream::new(self.config.seed, Purpose::Order, epoch, 0).permutation(self.split.len())
        } else {
            (0..self.split.len()).collect()
        }
    }

    /// All batches of an epoch, with the `active` modalities only: of the others nothing is
    /// read or decoded, and the numbers drawn for the active ones stay the same.
    pub fn epoch(&self, epoch: u64, active: &[Modality]) -> Batches {
        self.batches(epoch, 0..self.steps(), active)
    }

    /// Some batches of an epoch, by number; equal to those that [`Loader::epoch`] gives.
    /// Numbers beyond the end of the epoch are ignored.
    pub fn batches(&self, epoch: u64, numbers: Range<usize>, active: &[Modality]) -> Batches {
        let mut active = active.to_vec();
        active.sort();
        active.dedup();
        let numbers = numbers.start..numbers.end.min(self.steps()).max(numbers.start);
        Batches::start(
            EpochReader {
                loader: self.clone(),
                epoch,
                order: self.order(epoch),
                active,
            },
            numbers,
        )
    }
}
