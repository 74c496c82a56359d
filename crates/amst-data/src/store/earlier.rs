//! Records of earlier stores: what did not change is copied, not made again.
//!
//! Beside `audio-<key>.store` lies `audio-<key>.sources`: the identity of each record's source, in
//! the order of the records, and a SHA-256 over them. It can be deleted; then that store's records
//! are made again when they are wanted.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use amst_files::{WriteError, sha256, write_file};
use amst_recipe::Modality;

use super::key::StorePlan;
use super::read::Store;
use crate::hash::Hash;

/// The stores of one modality that there are.
pub(crate) struct EarlierStores {
    stores: Vec<Store>,
    /// By identity, the store and the number in it.
    records: HashMap<Hash, (usize, usize)>,
}

impl EarlierStores {
    /// Opens what can be opened; anything else is ignored, which only costs time.
    pub(crate) fn open(dir: &Path, modality: Modality) -> Self {
        let mut earlier = Self {
            stores: Vec::new(),
            records: HashMap::new(),
        };
        let Ok(entries) = fs::read_dir(dir) else {
            return earlier;
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.sort();
        for path in paths {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.starts_with(&format!("{modality}-")) && name.ends_with(".store") {
                earlier.add(&path);
            }
        }
        earlier
    }

    fn add(&mut self, path: &Path) -> Option<()> {
        let identities = identities(&fs::read(path.with_extension("sources")).ok()?)?;
        let store = Store::open_unchecked(path).ok()?;
        if store.records() != identities.len() {
            return None;
        }
        for (number, identity) in identities.into_iter().enumerate() {
            self.records.insert(identity, (self.stores.len(), number));
        }
        self.stores.push(store);
        Some(())
    }

    /// The record of a source, if one is here and undamaged.
    pub(crate) fn read(&self, identity: &Hash) -> Option<&[u8]> {
        let &(store, record) = self.records.get(identity)?;
        self.stores[store].record(record).ok()
    }
}

fn identities(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (body, hash) = bytes.split_last_chunk::<32>()?;
    let (identities, rest) = body.as_chunks::<32>();
    (rest.is_empty() && sha256(body) == *hash).then(|| identities.to_vec())
}

/// Writes the identities beside a store.
pub(crate) fn write_identities(plan: &StorePlan, store: &Path) -> Result<(), WriteError> {
    let mut bytes = Vec::new();
    for record in &plan.records {
        bytes.extend(record.identity);
    }
    bytes.extend(sha256(&bytes));
    write_file(&store.with_extension("sources"), bytes)
}
