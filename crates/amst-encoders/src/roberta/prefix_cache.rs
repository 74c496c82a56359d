use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What the frozen part of an encoder gives for texts it has read, in main memory.
///
/// A text is known by its tokens, not by its place in a split: the frozen part is a function
/// of them alone, so that no entry can go stale, splits cannot be mixed up, and texts that occur
/// twice are kept once. Of a text only the vectors up to its last token are kept; those of the
/// padding after it are seen by nobody, and 0 stands in for them.
///
/// Entries stay until the last clone of the cache is dropped. Once the limit is reached nothing
/// more is kept and further texts are computed each time, with the same result: an epoch reads
/// every text once, so that one entry is worth as much as another.
#[derive(Clone, Debug)]
pub struct PrefixCache {
    kept: Arc<Mutex<Kept>>,
    limit: usize,
}

#[derive(Debug, Default)]
struct Kept {
    rows: HashMap<Text, Arc<[f32]>>,
    bytes: usize,
}

/// A text as the frozen part with a certain fingerprint sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Text {
    prefix: u64,
    /// Twice the id, and 1 more where it is seen.
    tokens: Box<[i64]>,
}

impl PrefixCache {
    /// An empty one that keeps vectors of up to `limit` bytes: 3 KiB a token for `roberta-base`.
    pub fn new(limit: usize) -> Self {
        Self {
            kept: Arc::default(),
            limit,
        }
    }

    /// Texts in it.
    pub fn len(&self) -> usize {
        self.kept().rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What the vectors and tokens in it take.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    /// The vectors of a text up to its last token, and how many numbers they are with those of
    /// the padding: from the cache, or from `compute`, which gives all of them.
    pub(super) fn rows(
        &self,
        prefix: u64,
        tokens: &[i64],
        seen: &[bool],
        compute: impl FnOnce() -> Vec<f32>,
    ) -> (Arc<[f32]>, usize) {
        let tokens: Box<[i64]> = tokens
            .iter()
            .zip(seen)
            .map(|(id, seen)| 2 * id + i64::from(*seen))
            .collect();
        let (text, length) = (Text { prefix, tokens }, seen.len());
        // Where nothing is seen all places count the same (see `UNSEEN`), padding too.
        let used = seen
            .iter()
            .rposition(|seen| *seen)
            .map_or(length, |last| last + 1);
        if let Some(rows) = self.kept().rows.get(&text) {
            return (rows.clone(), rows.len() / used.max(1) * length);
        }
        let mut rows = compute();
        let size = rows.len();
        rows.truncate(size / length.max(1) * used);
        let rows: Arc<[f32]> = rows.into();
        self.kept().keep(text, &rows, self.limit);
        (rows, size)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Whoever panicked left whole entries behind.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn keep(&mut self, text: Text, rows: &Arc<[f32]>, limit: usize) {
        let bytes = size_of_val(&**rows) + size_of_val(&*text.tokens);
        if self.bytes + bytes <= limit && self.rows.insert(text, rows.clone()).is_none() {
            self.bytes += bytes;
        }
    }
}
