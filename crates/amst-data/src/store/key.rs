//! What a store is made of: its sources, its configuration, and the key over both.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use amst_files::hex;
use amst_recipe::{Modality, Recipe};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::hash_cache::FileState;
use crate::hash::{Hash, update_with_text};
use crate::layout::{Raw, Row};

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

/// A record that a store has.
pub(crate) struct PlannedRecord {
    pub(crate) source: Raw,
    /// The id of a sample that it is part of.
    pub(crate) sample: String,
    /// What its files were like when they were hashed.
    pub(crate) files: Vec<FileState>,
    pub(crate) identity: Hash,
}

/// What one modality's store holds.
pub(crate) struct StorePlan {
    pub(crate) modality: Modality,
    /// One for each distinct source: recordings that several samples share are kept once.
    pub(crate) records: Vec<PlannedRecord>,
    /// Of each sample, the records it is made of.
    pub(crate) samples: Vec<Vec<usize>>,
    pub(crate) key: StoreKey,
}

impl StorePlan {
    /// The plan of `modality` for samples `rows`; `files` has the state of each file.
    pub(crate) fn new(
        modality: Modality,
        rows: &[Row],
        recipe: &Recipe,
        configuration: &Value,
        files: &BTreeMap<String, FileState>,
    ) -> Self {
        let configuration = format!("{modality}\n{configuration}\n");
        let mut records = Vec::new();
        let mut known = HashMap::new();
        let mut hash = Sha256::new();
        hash.update(&configuration);
        let mut samples = Vec::with_capacity(rows.len());
        for row in rows {
            let sources = row.raw[&modality].in_use(recipe);
            update_with_text(&mut hash, &row.id);
            hash.update((sources.len() as u64).to_le_bytes());
            let mut refs = Vec::with_capacity(sources.len());
            for source in sources {
                let name = source.name();
                update_with_text(&mut hash, &name);
                if source.is_extracted() {
                    source.update(&mut hash);
                }
                let files: Vec<FileState> =
                    source.files().into_iter().map(|file| files[file]).collect();
                for file in &files {
                    hash.update(file.length.to_le_bytes());
                    hash.update(file.content);
                }
                refs.push(*known.entry(name).or_insert_with(|| {
                    let contents: Vec<Hash> = files.iter().map(|file| file.content).collect();
                    records.push(PlannedRecord {
                        identity: source.identity(&configuration, &contents),
                        source,
                        sample: row.id.clone(),
                        files,
                    });
                    records.len() - 1
                }));
            }
            samples.push(refs);
        }
        Self {
            modality,
            records,
            samples,
            key: StoreKey(hash.finalize().into()),
        }
    }

    /// The path of the store; another configuration has another name, so several are side by side.
    pub(crate) fn path(&self, store_dir: &Path) -> PathBuf {
        store_dir.join(self.file_name())
    }

    pub(crate) fn file_name(&self) -> String {
        format!("{}-{}.store", self.modality, self.key.short())
    }
}
