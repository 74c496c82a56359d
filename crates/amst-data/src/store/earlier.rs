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

use super::key::{Hash, Plan};
use super::read::Store;

/// The stores of one modality that there are.
pub(crate) struct Earlier {
    stores: Vec<Store>,
    places: HashMap<Hash, (usize, usize)>,
}

impl Earlier {
    /// Opens what can be opened; anything else is passed over, which costs time and nothing else.
    pub(crate) fn open(dir: &Path, modality: Modality) -> Self {
        let mut earlier = Self {
            stores: Vec::new(),
            places: HashMap::new(),
        };
        let Ok(entries) = fs::read_dir(dir) else {
            return earlier;
        };
        let mut paths: Vec<PathBuf> = entries.filter_map(|e| e.ok().map(|e| e.path())).collect();
        paths.sort();
        let of_modality = |path: &Path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            name.starts_with(&format!("{modality}-")) && name.ends_with(".store")
        };
        for path in paths.iter().filter(|path| of_modality(path)) {
            earlier.add(path);
        }
        earlier
    }

    fn add(&mut self, path: &Path) -> Option<()> {
        let identities = identities(&fs::read(path.with_extension("sources")).ok()?)?;
        let store = Store::open_unchecked(path).ok()?;
        if store.records() != identities.len() {
            return None;
        }
        let number = self.stores.len();
        self.places.extend(
            identities
                .into_iter()
                .enumerate()
                .map(|(at, identity)| (identity, (number, at))),
        );
        self.stores.push(store);
        Some(())
    }

    /// The record of a source, if one is here and undamaged.
    pub(crate) fn read(&self, identity: &Hash) -> Option<&[u8]> {
        let &(store, record) = self.places.get(identity)?;
        self.stores[store].record(record).ok()
    }
}

fn identities(bytes: &[u8]) -> Option<Vec<Hash>> {
    let (body, hash) = bytes.split_last_chunk::<32>()?;
    let (identities, rest) = body.as_chunks::<32>();
    (rest.is_empty() && sha256(body) == *hash).then(|| identities.to_vec())
}

/// Writes the identities beside a store.
pub(crate) fn keep(plan: &Plan, store: &Path) -> Result<(), WriteError> {
    let path = store.with_extension("sources");
    let mut body: Vec<u8> = plan
        .sources
        .iter()
        .flat_map(|source| source.identity)
        .collect();
    body.extend(sha256(&body));
    write_file(&path, body)
}
