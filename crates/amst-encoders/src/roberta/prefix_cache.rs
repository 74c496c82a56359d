use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The output of an encoder's frozen part for texts it has read, in host memory.
///
/// The key of a text is its tokens, not its index in a split: the frozen part is a function of them
/// alone, so entries cannot go stale or be mixed up between splits, and texts that occur twice are
/// kept once. Only the vectors up to a text's last token are kept; the padding after it gets no
/// attention, and its vectors are returned as 0.
///
/// Entries stay until the last clone of the cache is dropped. At the limit nothing more is kept and
/// further texts are computed each time, with the same result. Nothing is evicted: an epoch reads
/// every text once, so all entries are equally useful.
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

/// The key of a text: the fingerprint of the frozen part, and the tokens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Text {
    prefix: u64,
    /// Twice the id, plus 1 where the mask is set.
    tokens: Box<[i64]>,
}

impl PrefixCache {
    /// An empty cache that keeps vectors of up to `limit` bytes: 3 KiB a token for `roberta-base`.
    pub fn new(limit: usize) -> Self {
        Self {
            kept: Arc::default(),
            limit,
        }
    }

    /// The number of texts.
    pub fn len(&self) -> usize {
        self.kept().rows.len()
    }

    /// Whether there are no texts.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes of the vectors and tokens.
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    /// The vectors of a text up to its last token, and how many values there are with those of the
    /// padding: from the cache, or from `compute`, which returns all of them.
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
        // Without any token, attention is equal everywhere (see `MASKED_SCORE`): keep the padding
        // too.
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
        // A thread that panicked left complete entries.
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
