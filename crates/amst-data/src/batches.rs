//! Batches one after the other, prefetched by worker threads that share the samples of a batch.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use amst_recipe::Modality;

use crate::loader::{BatchTiming, Loader};
use crate::{DataError, HostBatch, Purpose, Stream};

type BatchResult = Result<HostBatch, DataError>;

/// Reads any batch of one epoch.
pub(crate) struct EpochReader {
    pub(crate) loader: Loader,
    pub(crate) epoch: u64,
    pub(crate) order: Vec<usize>,
    pub(crate) active: Vec<Modality>,
}

impl EpochReader {
    /// The positions in `order` of batch `number`.
    fn batch(&self, number: usize) -> Range<usize> {
        let size = self.loader.config.batch_size;
        number * size..self.order.len().min((number + 1) * size)
    }

    /// Parts of whole batches: one a worker, of a sample at least.
    fn parts(&self) -> usize {
        let config = &self.loader.config;
        config.workers.clamp(1, config.batch_size)
    }

    fn part_size(&self) -> usize {
        self.loader.config.batch_size.div_ceil(self.parts())
    }

    /// Parts of batch `number`; the last batch may have fewer.
    fn parts_of(&self, number: usize) -> usize {
        self.batch(number).len().div_ceil(self.part_size())
    }

    /// The positions in `order` of a part of batch `number`.
    fn part(&self, number: usize, part: usize) -> Range<usize> {
        let batch = self.batch(number);
        let start = batch.start + part * self.part_size();
        start..batch.end.min(start + self.part_size())
    }

    /// Some samples of batch `number`; a panic becomes an error.
    fn read(&self, number: usize, positions: Range<usize>, worker: Option<usize>) -> BatchResult {
        let start = Instant::now();
        let batch = catch_panic(number, || self.read_samples(positions));
        if let Some(watch) = &self.loader.watch {
            watch(BatchTiming {
                batch: number,
                worker,
                start,
                length: start.elapsed(),
            });
        }
        batch
    }

    fn read_samples(&self, positions: Range<usize>) -> BatchResult {
        let Loader {
            split,
            config,
            damage,
            bytes,
            ..
        } = &self.loader;
        let indices = self.order[positions].to_vec();
        let collator = &split.all.collator;
        let mut inputs = BTreeMap::new();
        for &modality in &self.active {
            let empty = if modality == Modality::Visual && *bytes && damage.is_none() {
                collator.empty_pixels(indices.len())
            } else {
                collator.empty(modality, indices.len())
            };
            inputs.insert(modality, empty);
        }
        for (slot, &index) in indices.iter().enumerate() {
            let augment = Stream::new(config.seed, Purpose::Augment, self.epoch, index as u64);
            let augment = config.train.then_some(&augment);
            for (modality, input) in split.sample(index, &self.active)?.inputs {
                if let Some(features) = inputs.get_mut(&modality) {
                    collator.put(&input, features, slot, augment)?;
                    if let Some(damage) = damage {
                        damage.apply(modality, &input, features, slot, index);
                    }
                }
            }
        }
        let labels = indices.iter().map(|&index| split.label(index) as i64);
        Ok(HostBatch {
            labels: labels.collect(),
            indices,
            inputs,
        })
    }
}

/// The result of `read`, or its panic as an error: the thread that waits for the batch must get it.
fn catch_panic(batch: usize, read: impl FnOnce() -> BatchResult) -> BatchResult {
    catch_unwind(AssertUnwindSafe(read)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
        let why = text
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(DataError::Worker { batch, why })
    })
}

/// The batches of an epoch, in order. Dropping it stops and ends its threads.
///
/// An error comes instead of the batch that it concerns and ends the iteration.
pub struct Batches {
    queue: Arc<BatchQueue>,
    end: usize,
    workers: Vec<JoinHandle<()>>,
}

/// The queue that workers take parts of batches from and put their results into.
struct BatchQueue {
    reader: EpochReader,
    /// Batches ahead of the one that is due.
    window: usize,
    state: Mutex<QueueState>,
    changed: Condvar,
}

struct QueueState {
    /// Numbers of batches of which a part is not yet taken by a worker.
    open: Range<usize>,
    /// The part of the first of them that is taken next.
    part: usize,
    /// The number that is returned next.
    due: usize,
    /// Finished parts of unfinished batches, by batch and part.
    parts: BTreeMap<usize, BTreeMap<usize, BatchResult>>,
    ready: BTreeMap<usize, BatchResult>,
}

impl BatchQueue {
    /// No invariant spans a panic here, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, QueueState>) -> MutexGuard<'a, QueueState> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The loop of a worker thread. The worker that finishes the last part of a batch joins all of
    /// them.
    fn run_worker(&self, worker: usize) {
        while let Some((number, part)) = self.take_part() {
            let positions = self.reader.part(number, part);
            let made = self.reader.read(number, positions, Some(worker));
            if let Some(parts) = self.put_part(number, part, made) {
                let parts = parts.into_values();
                let batch = catch_panic(number, || {
                    Ok(HostBatch::join(parts.collect::<Result<_, _>>()?))
                });
                self.lock().ready.insert(number, batch);
                self.changed.notify_all();
            }
        }
    }

    /// A batch and the part of it that is made next; `None` when all are taken.
    fn take_part(&self) -> Option<(usize, usize)> {
        let mut state = self.lock();
        while !state.open.is_empty() && state.open.start >= state.due + self.window {
            state = self.wait(state);
        }
        if state.open.is_empty() {
            return None;
        }
        let (number, part) = (state.open.start, state.part);
        state.part += 1;
        if state.part == self.reader.parts_of(number) {
            (state.open.start, state.part) = (number + 1, 0);
        }
        Some((number, part))
    }

    /// All parts of the batch, once this is the last of them.
    fn put_part(
        &self,
        number: usize,
        part: usize,
        made: BatchResult,
    ) -> Option<BTreeMap<usize, BatchResult>> {
        let mut state = self.lock();
        let parts = state.parts.entry(number).or_default();
        parts.insert(part, made);
        if parts.len() < self.reader.parts_of(number) {
            None
        } else {
            state.parts.remove(&number)
        }
    }

    /// Closes what is open, so that workers end with the part that they are making.
    fn close(&self) {
        let mut state = self.lock();
        state.open.start = state.open.end;
        drop(state);
        self.changed.notify_all();
    }
}

impl Batches {
    pub(crate) fn start(reader: EpochReader, numbers: Range<usize>) -> Self {
        let config = &reader.loader.config;
        let wanted = config.workers.min(numbers.len() * reader.parts());
        // One batch in the making for all of them, and one more where that leaves some idle.
        let busy = config.workers.div_ceil(reader.parts()) + 1;
        let queue = Arc::new(BatchQueue {
            window: config.prefetch.max(busy),
            reader,
            state: Mutex::new(QueueState {
                open: numbers.clone(),
                part: 0,
                due: numbers.start,
                parts: BTreeMap::new(),
                ready: BTreeMap::new(),
            }),
            changed: Condvar::new(),
        });
        let mut workers = Vec::new();
        for worker in 0..wanted {
            let queue = Arc::clone(&queue);
            let thread = std::thread::Builder::new()
                .name(format!("loader-{worker}"))
                .spawn(move || queue.run_worker(worker));
            // Without a thread, `next` does the work itself: slower, nothing else.
            let Ok(thread) = thread else { break };
            workers.push(thread);
        }
        Self {
            queue,
            end: numbers.end,
            workers,
        }
    }

    fn receive(&self, number: usize) -> BatchResult {
        if self.workers.is_empty() {
            let reader = &self.queue.reader;
            return reader.read(number, reader.batch(number), None);
        }
        let mut state = self.queue.lock();
        loop {
            match state.ready.remove(&number) {
                Some(batch) => return batch,
                None => state = self.queue.wait(state),
            }
        }
    }
}

impl Iterator for Batches {
    type Item = Result<HostBatch, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        let number = self.queue.lock().due;
        if number >= self.end {
            return None;
        }
        let batch = self.receive(number);
        self.queue.lock().due = number + 1;
        self.queue.changed.notify_all();
        if batch.is_err() {
            self.end = 0;
            self.queue.close();
        }
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.end.saturating_sub(self.queue.lock().due);
        // An error ends the iteration early.
        (left.min(1), Some(left))
    }
}

impl Drop for Batches {
    fn drop(&mut self) {
        self.queue.close();
        for worker in self.workers.drain(..) {
            // A worker does not panic: panics become errors and are returned.
            worker.join().ok();
        }
    }
}
