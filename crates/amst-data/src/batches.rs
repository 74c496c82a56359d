//! A batch at a time, made ahead by threads that share its samples.

use std::collections::BTreeMap;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use amst_recipe::Modality;

use crate::loader::{Loader, Made};
use crate::{Batch, DataError, Purpose, Stream};

/// What is needed to prepare any batch of one epoch.
pub(crate) struct Job {
    pub(crate) loader: Loader,
    pub(crate) epoch: u64,
    pub(crate) order: Vec<usize>,
    pub(crate) active: Vec<Modality>,
}

impl Job {
    /// The places in `order` of batch `number`.
    fn places(&self, number: usize) -> Range<usize> {
        let size = self.loader.config.batch_size;
        number * size..self.order.len().min((number + 1) * size)
    }

    /// Parts of whole batches: one a worker, of a sample at least.
    fn parts(&self) -> usize {
        self.loader
            .config
            .workers
            .clamp(1, self.loader.config.batch_size)
    }

    /// The places of each part of batch `number`.
    fn split(&self, number: usize) -> impl ExactSizeIterator<Item = Range<usize>> + use<> {
        let places = self.places(number);
        let size = self.loader.config.batch_size.div_ceil(self.parts());
        let count = places.len().div_ceil(size);
        (0..count).map(move |part| {
            let start = places.start + part * size;
            start..places.end.min(start + size)
        })
    }

    /// Some samples of batch `number`, whatever happens on the way.
    fn make(
        &self,
        number: usize,
        places: Range<usize>,
        worker: Option<usize>,
    ) -> Result<Batch, DataError> {
        let start = Instant::now();
        let made = caught(number, || self.samples(places));
        if let Some(watch) = &self.loader.watch {
            watch(Made {
                batch: number,
                worker,
                start,
                length: start.elapsed(),
            });
        }
        made
    }

    fn samples(&self, places: Range<usize>) -> Result<Batch, DataError> {
        let Loader {
            split,
            config,
            damage,
            bytes,
            ..
        } = &self.loader;
        let indices = self.order[places].to_vec();
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
        let labels = indices
            .iter()
            .map(|&index| split.label(index) as i64)
            .collect();
        Ok(Batch {
            indices,
            labels,
            inputs,
        })
    }
}

/// What `make` makes, or its panic as an error: whoever waits for the batch must hear of it.
fn caught(
    batch: usize,
    make: impl FnOnce() -> Result<Batch, DataError>,
) -> Result<Batch, DataError> {
    catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|s| s.to_string());
        let why = text
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_default();
        Err(DataError::Worker { batch, why })
    })
}

/// The batches of an epoch, in order. Dropping it stops and ends its threads.
///
/// An error comes in the place of the batch that it concerns and ends the iteration.
pub struct Batches {
    desk: Arc<Desk>,
    end: usize,
    workers: Vec<JoinHandle<()>>,
}

/// Where workers take parts of batches and leave them.
struct Desk {
    job: Job,
    window: usize,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Numbers of batches of which a part is not yet taken by a worker.
    open: Range<usize>,
    /// The part of the first of them that is taken next.
    part: usize,
    /// The number to be handed out next.
    due: usize,
    /// Parts of batches of which others are still in the making, by batch and part.
    parts: BTreeMap<usize, BTreeMap<usize, Result<Batch, DataError>>>,
    ready: BTreeMap<usize, Result<Batch, DataError>>,
}

impl Desk {
    /// No invariant spans a panic here, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed
            .wait(state)
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A worker's life: take a part of a batch, make it, leave it; whoever leaves the last one puts
    /// the batch together.
    fn work(&self, worker: usize) {
        while let Some((number, part)) = self.take() {
            let mut split = self.job.split(number);
            let count = split.len();
            let Some(places) = split.nth(part) else {
                continue;
            };
            let made = self.job.make(number, places, Some(worker));
            if let Some(parts) = self.leave(number, part, made, count) {
                let batch = caught(number, || {
                    parts
                        .into_values()
                        .collect::<Result<Vec<_>, _>>()
                        .map(Batch::join)
                });
                self.lock().ready.insert(number, batch);
                self.changed.notify_all();
            }
        }
    }

    /// A batch and the part of it that is made next; `None` when all are taken.
    fn take(&self) -> Option<(usize, usize)> {
        let mut state = self.lock();
        while !state.open.is_empty() && state.open.start >= state.due + self.window {
            state = self.wait(state);
        }
        if state.open.is_empty() {
            return None;
        }
        let (number, part) = (state.open.start, state.part);
        state.part += 1;
        if state.part == self.job.split(number).len() {
            (state.open.start, state.part) = (number + 1, 0);
        }
        Some((number, part))
    }

    /// All parts of the batch, once this is the last of them.
    fn leave(
        &self,
        number: usize,
        part: usize,
        made: Result<Batch, DataError>,
        count: usize,
    ) -> Option<BTreeMap<usize, Result<Batch, DataError>>> {
        let mut state = self.lock();
        let parts = state.parts.entry(number).or_default();
        parts.insert(part, made);
        if parts.len() < count {
            None
        } else {
            state.parts.remove(&number)
        }
    }

    /// Closes what is open, so that workers end with what they have in hand.
    fn close(&self) {
        let mut state = self.lock();
        state.open.start = state.open.end;
        drop(state);
        self.changed.notify_all();
    }
}

impl Batches {
    pub(crate) fn start(job: Job, numbers: Range<usize>) -> Self {
        let (workers, parts) = (job.loader.config.workers, job.parts());
        let wanted = workers.min(numbers.len() * parts);
        // One batch in the making for all of them, and one more where that leaves some idle.
        let window = job.loader.config.prefetch.max(workers.div_ceil(parts) + 1);
        let state = State {
            open: numbers.clone(),
            part: 0,
            due: numbers.start,
            parts: BTreeMap::new(),
            ready: BTreeMap::new(),
        };
        let desk = Arc::new(Desk {
            job,
            window,
            state: Mutex::new(state),
            changed: Condvar::new(),
        });
        let spawn = |number: usize| {
            let desk = Arc::clone(&desk);
            std::thread::Builder::new()
                .name(format!("loader-{number}"))
                .spawn(move || desk.work(number))
        };
        // Where the system gives no thread, `next` does the work itself: slower, nothing else.
        let workers = (0..wanted).map_while(|number| spawn(number).ok()).collect();
        Self {
            desk,
            end: numbers.end,
            workers,
        }
    }

    fn receive(&self, number: usize) -> Result<Batch, DataError> {
        if self.workers.is_empty() {
            return self
                .desk
                .job
                .make(number, self.desk.job.places(number), None);
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
