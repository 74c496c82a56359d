//! What a store is made of: its sources, its configuration, and the key over both.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use amst_files::hex;
use amst_recipe::{Modality, Recipe};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::ledger::Seen;
use crate::record::Part;
use crate::{Row, record};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// The identity of a store: SHA-256 over its configuration and the path, length and content
/// of every source of every sample, in order.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct StoreKey(pub(crate) Hash);

impl StoreKey {
    /// The first twelve hexadecimal digits, which name the file.
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }
}

impl fmt::Display for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoreKey({})", self.short())
    }
}

/// One thing that a record is made from.
pub(crate) struct Source {
    pub(crate) part: Part,
    /// A sample that it is part of.
    pub(crate) of: String,
    /// What was seen of its files.
    pub(crate) seen: Vec<Seen>,
    /// The identity of its record.
    pub(crate) identity: Hash,
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
    /// The plan of `modality` for samples `rows`; `content` has what was seen of each file.
    pub(crate) fn new(
        modality: Modality,
        rows: &[Row],
        recipe: &Recipe,
        configuration: &Value,
        content: &BTreeMap<String, Seen>,
    ) -> Self {
        let configuration = format!("{modality}\n{configuration}\n");
        let mut sources = Vec::new();
        let mut known = HashMap::new();
        let mut hash = Sha256::new();
        hash.update(&configuration);
        let mut samples = Vec::with_capacity(rows.len());
        for row in rows {
            let parts = record::used(&row.raw[&modality], recipe);
            feed(&mut hash, &row.id);
            hash.update((parts.len() as u64).to_le_bytes());
            let mut refs = Vec::with_capacity(parts.len());
            for part in parts {
                let name = part.name();
                feed(&mut hash, &name);
                if part.is_extracted() {
                    part.feed(&mut hash);
                }
                let seen: Vec<Seen> = part.files().into_iter().map(|file| content[file]).collect();
                for file in &seen {
                    hash.update(file.length.to_le_bytes());
                    hash.update(file.content);
                }
                refs.push(*known.entry(name).or_insert_with(|| {
                    let contents: Vec<Hash> = seen.iter().map(|s| s.content).collect();
                    let identity = part.identity(&configuration, &contents);
                    sources.push(Source {
                        part,
                        of: row.id.clone(),
                        seen,
                        identity,
                    });
                    sources.len() - 1
                }));
            }
            samples.push(refs);
        }
        Self {
            modality,
            sources,
            samples,
            key: StoreKey(hash.finalize().into()),
        }
    }

    /// Where the store lies; another configuration has another name, so several live side by side.
    pub(crate) fn path(&self, store_dir: &Path) -> PathBuf {
        store_dir.join(format!("{}-{}.store", self.modality, self.key.short()))
    }
}

/// A text with its length before it, so that no two sequences of texts read alike.
pub(crate) fn feed(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
