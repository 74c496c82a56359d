//! What a store is made of: its sources, its configuration, and the key over both.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use amst_recipe::{Modality, Recipe};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{Raw, Row, record};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

pub(crate) fn sha256(bytes: &[u8]) -> Hash {
    Sha256::digest(bytes).into()
}

/// The identity of a store: SHA-256 over its configuration and the path, length and content
/// of every source of every sample, in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StoreKey(pub(crate) Hash);

impl StoreKey {
    /// The first twelve hexadecimal digits, which name the file.
    pub fn short(&self) -> String {
        self.0[..6].iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|b| write!(f, "{b:02x}"))
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.short())
    }
}

/// One thing that a record is made from.
pub(crate) enum Source {
    File { path: PathBuf, hash: Hash },
    Text { of: String, text: String },
}

/// What one modality's store holds.
pub(crate) struct Plan {
    pub(crate) modality: Modality,
    /// Distinct sources: recordings that several samples share are prepared and kept once.
    pub(crate) sources: Vec<Source>,
    /// Of each sample, the sources it is made of.
    pub(crate) samples: Vec<Vec<usize>>,
    pub(crate) key: StoreKey,
}

impl Plan {
    /// The plan of `modality` for samples `rows`; `content` has the length and hash of each file.
    pub(crate) fn new(
        modality: Modality,
        rows: &[Row],
        recipe: &Recipe,
        configuration: &Value,
        root: &Path,
        content: &BTreeMap<String, (u64, Hash)>,
    ) -> Self {
        let mut sources = Vec::new();
        let mut known = HashMap::new();
        let mut hash = Sha256::new();
        hash.update(format!("{modality}\n{configuration}\n"));
        let mut samples = Vec::with_capacity(rows.len());
        for row in rows {
            let raw = &row.raw[&modality];
            let parts = record::used(raw, recipe);
            feed(&mut hash, &row.id);
            hash.update((parts.len() as u64).to_le_bytes());
            let mut refs = Vec::with_capacity(parts.len());
            for part in parts {
                feed(&mut hash, &part);
                let file = matches!(raw, Raw::Files(_)).then(|| content[&part]);
                if let Some((length, content)) = file {
                    hash.update(length.to_le_bytes());
                    hash.update(content);
                }
                refs.push(*known.entry(part.clone()).or_insert_with(|| {
                    sources.push(match file {
                        Some((_, hash)) => Source::File { path: root.join(part), hash },
                        None => Source::Text { of: row.id.clone(), text: part },
                    });
                    sources.len() - 1
                }));
            }
            samples.push(refs);
        }
        Self { modality, sources, samples, key: StoreKey(hash.finalize().into()) }
    }

    /// Where the store lies; another configuration has another name, so several live side by side.
    pub(crate) fn path(&self, store_dir: &Path) -> PathBuf {
        store_dir.join(format!("{}-{}.store", self.modality, self.key.short()))
    }
}

/// A text with its length before it, so that no two sequences of texts read alike.
fn feed(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
