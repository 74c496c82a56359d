//! The timeline of a run, in the format that chrome://tracing and Perfetto open.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use amst::Span;
use amst_data::{BatchObserver, BatchTiming};
use serde_json::{Value, json};

/// Pieces of work that a trace holds at most, of the training and of the loader each: some 15 MB,
/// which is what the viewers still open at once.
pub(crate) const LIMIT: usize = 50_000;

/// The training's row; loader threads have the rows that follow.
const TRAINING: usize = 1;

/// Collects what the loaders' threads do, beside what the stopwatch keeps.
#[derive(Clone)]
pub(crate) struct Trace {
    began: Instant,
    loading: Arc<Mutex<Loading>>,
}

#[derive(Default)]
struct Loading {
    made: Vec<(&'static str, BatchTiming)>,
    dropped: usize,
}

impl Trace {
    /// It begins now.
    pub fn new() -> Self {
        Self {
            began: Instant::now(),
            loading: Arc::default(),
        }
    }

    /// Collects the batches that a loader of this split makes.
    pub fn watch(&self, split: &'static str) -> BatchObserver {
        let loading = Arc::clone(&self.loading);
        Arc::new(move |made| {
            let mut loading = loading.lock().unwrap_or_else(PoisonError::into_inner);
            if loading.made.len() < LIMIT {
                loading.made.push((split, made));
            } else {
                loading.dropped += 1;
            }
        })
    }

    /// The file's text. `spans` are those of the training, `dropped` how many more there were.
    pub fn json(&self, spans: &[Span], dropped: usize) -> String {
        let loading = self.loading.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rows = BTreeMap::from([(TRAINING, "training".to_string())]);
        let mut events: Vec<Value> = spans.iter().map(|span| self.step(span)).collect();
        for (split, made) in &loading.made {
            let row = TRAINING + 1 + made.worker.unwrap_or(0);
            rows.entry(row)
                .or_insert_with(|| format!("loader {}", row - TRAINING));
            events.push(self.loaded(split, made, row));
        }
        events.extend(rows.into_iter().map(|(row, name)| row_name(row, &name)));
        let other = json!({ "dropped": dropped + loading.dropped, "limit": LIMIT });
        json!({ "traceEvents": events, "displayTimeUnit": "ms", "otherData": other }).to_string()
    }

    fn step(&self, span: &Span) -> Value {
        let args = json!({ "epoch": span.epoch, "step": span.step });
        self.complete(
            span.phase.name(),
            "phase",
            span.start,
            span.length,
            TRAINING,
            args,
        )
    }

    fn loaded(&self, split: &str, made: &BatchTiming, row: usize) -> Value {
        let args = json!({ "split": split, "batch": made.batch });
        self.complete("make batch", "loader", made.start, made.length, row, args)
    }

    /// An event with a beginning and a length, both in microseconds.
    fn complete(
        &self,
        name: &str,
        category: &str,
        start: Instant,
        length: Duration,
        row: usize,
        args: Value,
    ) -> Value {
        let began = microseconds(start.saturating_duration_since(self.began));
        json!({
            "name": name, "cat": category, "ph": "X", "ts": began, "dur": microseconds(length),
            "pid": 1, "tid": row, "args": args,
        })
    }
}

fn microseconds(time: Duration) -> f64 {
    time.as_nanos() as f64 / 1e3
}

/// The event that names a row.
fn row_name(row: usize, name: &str) -> Value {
    json!({ "name": "thread_name", "ph": "M", "pid": 1, "tid": row, "args": { "name": name } })
}
