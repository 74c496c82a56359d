//! Batches in order, prepared ahead.
//!
//! What a batch holds is a pure function of the seed, the epoch and its number: the threads
//! only decide when it is ready. burn's own threaded loader yields in the order of arrival
//! and shuffles with a generator that lives across epochs, so neither would survive a change
//! of the number of threads or a resume.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use amst_recipe::Modality;

use crate::damage::Measured;
use crate::{Batch, Damage, DataError, Purpose, Split, Stream};

/// How a [`Loader`] reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoaderConfig {
    /// Samples a batch; the last one of an epoch may be smaller.
    pub batch_size: usize,
    /// Seed of order and augmentation.
    pub seed: u64,
    /// Threads that prepare batches, one less than the process has and 16 at most if left out; 0 prepares each batch
    /// when it is asked for. The batches are the same with any number.
    pub workers: usize,
    /// Batches ready or in the making ahead of the one that is taken; at least one a worker.
    pub prefetch: usize,
    /// Whether samples are shuffled and augmented.
    pub train: bool,
}

impl Default for LoaderConfig {
    fn default() -> Self {
        // Beside a GPU the processor has nothing else to do; with two threads one reads and one computes.
        let workers = rayon::current_num_threads().saturating_sub(1).clamp(1, 16);
        Self { batch_size: 64, seed: 0, workers, prefetch: 2, train: false }
    }
}

/// A batch that was made, for those who watch where the time goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its number in the epoch.
    pub batch: usize,
    /// The worker that made it; `None` where it was made when it was asked for.
    pub worker: Option<usize>,
    /// When it was begun.
    pub start: Instant,
    /// How long it took.
    pub length: Duration,
}

/// Hears of every batch that was made, on the thread that made it.
pub type Watch = Arc<dyn Fn(Made) + Send + Sync>;

/// Reads a split in batches. Cheap to clone.
#[derive(Clone)]
pub struct Loader {
    split: Split,
    config: LoaderConfig,
    damage: Option<Arc<Measured>>,
    watch: Option<Watch>,
    bytes: bool,
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
        Ok(Self { split, config, damage: None, watch: None, bytes: false })
    }

    /// The same, with every input of some modalities damaged. What the damage is measured by is
    /// found out now, which reads these modalities of the whole split once.
    ///
    /// # Errors
    ///
    /// A sample that cannot be read.
    pub fn damaged(mut self, damage: &Damage) -> Result<Self, DataError> {
        self.damage = Some(Arc::new(Measured::on(damage, &self.split)?));
        Ok(self)
    }

    /// The same, with pictures as bytes ([`Features::Pixels`](crate::Features::Pixels)) if asked: a quarter to move, for a
    /// device that normalises them itself. Damage is in normalised numbers, so damaged pictures never are.
    pub fn in_bytes(mut self, bytes: bool) -> Self {
        self.bytes = bytes;
        self
    }

    /// The same, watched.
    pub fn watched(mut self, watch: Watch) -> Self {
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
    /// stream of the seed and the epoch, as they lie otherwise.
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
    /// Numbers beyond the end of the epoch name nothing.
    pub fn batches(&self, epoch: u64, numbers: Range<usize>, active: &[Modality]) -> Batches {
        let mut active = active.to_vec();
        active.sort();
        active.dedup();
        let numbers = numbers.start..numbers.end.min(self.steps()).max(numbers.start);
        Batches::start(Job { loader: self.clone(), epoch, order: self.order(epoch), active }, numbers)
    }
}

/// What is needed to prepare any batch of one epoch.
struct Job {
    loader: Loader,
    epoch: u64,
    order: Vec<usize>,
    active: Vec<Modality>,
}

impl Job {
    /// Batch `number`, whatever happens on the way.
    fn make(&self, number: usize, worker: Option<usize>) -> Result<Batch, DataError> {
        let start = Instant::now();
        let made = catch_unwind(AssertUnwindSafe(|| self.batch(number))).unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
            let why = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(DataError::Worker { batch: number, why })
        });
        if let Some(watch) = &self.loader.watch {
            watch(Made { batch: number, worker, start, length: start.elapsed() });
        }
        made
    }

    fn batch(&self, number: usize) -> Result<Batch, DataError> {
        let Loader { split, config, damage, bytes, .. } = &self.loader;
        let start = number * config.batch_size;
        let indices = self.order[start..self.order.len().min(start + config.batch_size)].to_vec();
        let shaper = &split.shared.shaper;
        let empty = |modality| match modality {
            Modality::Visual if *bytes && damage.is_none() => shaper.empty_pixels(indices.len()),
            _ => shaper.empty(modality, indices.len()),
        };
        let mut inputs: BTreeMap<_, _> = self.active.iter().map(|&m| (m, empty(m))).collect();
        for (at, &index) in indices.iter().enumerate() {
            let augment = Stream::new(config.seed, Purpose::Augment, self.epoch, index as u64);
            let augment = config.train.then_some(&augment);
            for (modality, input) in split.sample(index, &self.active)?.inputs {
                if let Some(features) = inputs.get_mut(&modality) {
                    shaper.put(&input, features, at, augment)?;
                    if let Some(damage) = damage {
                        damage.apply(modality, &input, features, at, index);
                    }
                }
            }
        }
        let labels = indices.iter().map(|&index| split.label(index) as i64).collect();
        Ok(Batch { indices, labels, inputs })
    }
}

/// The batches of an epoch, in order. Dropping it stops and ends its threads.
///
/// An error comes in the place of the batch that it concerns and ends the iteration.
pub struct Batches {
    desk: Arc<Desk>,
    end: usize,
    workers: Vec<JoinHandle<()>>,
}

/// Where workers take batch numbers and leave batches.
struct Desk {
    job: Job,
    window: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Numbers not yet taken by a worker.
    open: Range<usize>,
    /// The number to be handed out next.
    due: usize,
    ready: BTreeMap<usize, Result<Batch, DataError>>,
}

impl Desk {
    /// No invariant spans a panic here, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker's life: take a number, make the batch, leave it.
    fn work(&self, worker: usize) {
        loop {
            let mut state = self.lock();
            while !state.open.is_empty() && state.open.start >= state.due + self.window {
                state = self.wait(state);
            }
            let Some(number) = state.open.next() else { return };
            drop(state);
            let batch = self.job.make(number, Some(worker));
            self.lock().ready.insert(number, batch);
            self.changed.notify_all();
        }
    }

    /// Closes what is open, so that workers end with the batch they have in hand.
    fn close(&self) {
        let mut state = self.lock();
        state.open.start = state.open.end;
        drop(state);
        self.changed.notify_all();
    }
}

impl Batches {
    fn start(job: Job, numbers: Range<usize>) -> Self {
        let config = &job.loader.config;
        let wanted = config.workers.min(numbers.len());
        let window = config.prefetch.max(config.workers);
        let state = State { open: numbers.clone(), due: numbers.start, ready: BTreeMap::new() };
        let desk = Arc::new(Desk { job, window, state: Mutex::new(state), changed: Condvar::new() });
        let spawn = |number: usize| {
            let desk = Arc::clone(&desk);
            std::thread::Builder::new().name(format!("loader-{number}")).spawn(move || desk.work(number))
        };
        // Where the system gives no thread, `next` does the work itself: slower, nothing else.
        let workers = (0..wanted).map_while(|number| spawn(number).ok()).collect();
        Self { desk, end: numbers.end, workers }
    }

    fn receive(&self, number: usize) -> Result<Batch, DataError> {
        if self.workers.is_empty() {
            return self.desk.job.make(number, None);
        }
        let mut state = self.desk.lock();
        loop {
            match state.ready.remove(&number) {
                Some(batch) => return batch,
                None => state = self.desk.wait(state),
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<Batch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.desk.lock().due;
        if number >= self.end {
            return None;
        }
        let batch = self.receive(number);
        self.desk.lock().due = number + 1;
        self.desk.changed.notify_all();
        if batch.is_err() {
            self.end = 0;
            self.desk.close();
        }
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.desk.lock().due);
        // An error ends the iteration early.
        (left.min(1), Some(left))
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.desk.close();
        for worker in self.workers.drain(..) {
            // A worker does not panic: what a batch throws is caught and handed over.
            worker.join().ok();
        }
    }
}
