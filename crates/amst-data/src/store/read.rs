//! Opens, checks and maps a store file.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use amst_files::sha256;
use amst_recipe::Modality;
use memmap2::Mmap;
use rayon::prelude::*;

use super::format::StoreHeader;
use super::key::StoreKey;
use crate::hash::Hash;
use crate::sample::HostInput;
use crate::{DataError, record};

/// Payloads up to this size are verified when opened, which takes under a second; of larger
/// ones each record is verified the first time it is read.
const VERIFY_AT_ONCE: usize = 256 << 20;

/// An open store of one modality.
pub(crate) struct Store {
    path: PathBuf,
    map: Mmap,
    payload: usize,
    header: StoreHeader,
    verified: Vec<AtomicBool>,
}

impl Store {
    /// Opens the store at `path` and makes sure that it is the one with `key`.
    pub(crate) fn open(path: &Path, key: StoreKey) -> Result<Self, DataError> {
        Self::open_up_to(path, key, VERIFY_AT_ONCE)
    }

    fn open_up_to(path: &Path, key: StoreKey, verify_at_once: usize) -> Result<Self, DataError> {
        let store = Self::map(path)?;
        let found = store.key();
        if found != key {
            return Err(DataError::StoreOther {
                path: path.into(),
                found: found.short(),
                wanted: key.short(),
            });
        }
        if store.map.len() - store.payload <= verify_at_once {
            (0..store.records())
                .into_par_iter()
                .try_for_each(|r| store.record(r).map(|_| ()))?;
        }
        Ok(store)
    }

    fn map(path: &Path) -> Result<Self, DataError> {
        let file = File::open(path).map_err(DataError::reading(path))?;
        // SAFETY: a store file is complete before it gets its name and is never written to
        // afterwards, only replaced as a whole, which leaves this mapping with the old file.
        let map = unsafe { Mmap::map(&file) }.map_err(DataError::reading(path))?;
        let (header, payload) = StoreHeader::parse(&map).map_err(|why| damaged(path, why))?;
        let verified = header
            .records
            .iter()
            .map(|_| AtomicBool::new(false))
            .collect();
        Ok(Self {
            path: path.into(),
            map,
            payload,
            header,
            verified,
        })
    }

    /// Opens a store, whichever it is; each record is verified when it is read.
    pub(crate) fn open_unchecked(path: &Path) -> Result<Self, DataError> {
        Self::map(path)
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> usize {
        self.header.records.len()
    }

    /// The length of the file in bytes.
    pub(crate) fn bytes(&self) -> u64 {
        self.map.len() as u64
    }

    pub(crate) fn key(&self) -> StoreKey {
        self.header.key
    }

    pub(crate) fn modality(&self) -> Modality {
        self.header.modality
    }

    /// One sample's input; of pictures, `frames` of them.
    pub(crate) fn input(&self, sample: usize, frames: usize) -> Result<HostInput, DataError> {
        let refs = self
            .header
            .samples
            .get(sample)
            .ok_or_else(|| damaged(&self.path, "it lacks samples".into()))?;
        let records = refs
            .iter()
            .map(|&r| self.record(r))
            .collect::<Result<Vec<_>, _>>()?;
        record::decode(self.modality(), &records, frames).map_err(|why| damaged(&self.path, why))
    }

    /// The bytes of a record, verified at least once since the file was opened.
    pub(crate) fn record(&self, number: usize) -> Result<&[u8], DataError> {
        let Some((hash, bytes)) = self.slice(number) else {
            return Err(damaged(&self.path, format!("record {number} lies outside")));
        };
        if !self.verified[number].load(Ordering::Relaxed) {
            if sha256(bytes) != hash {
                return Err(damaged(
                    &self.path,
                    format!("the hash of record {number} does not match"),
                ));
            }
            self.verified[number].store(true, Ordering::Relaxed);
        }
        Ok(bytes)
    }

    /// What the hash of a record should be, and its bytes.
    fn slice(&self, number: usize) -> Option<(Hash, &[u8])> {
        let entry = self.header.records.get(number)?;
        let start = usize::try_from(entry.start)
            .ok()?
            .checked_add(self.payload)?;
        let end = start.checked_add(usize::try_from(entry.length).ok()?)?;
        Some((entry.hash, self.map.get(start..end)?))
    }
}

fn damaged(path: &Path, why: String) -> DataError {
    DataError::StoreDamaged {
        path: path.into(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::super::format::RecordEntry;
    use super::*;

    fn write(dir: &Path, record: &[u8]) -> (PathBuf, StoreKey) {
        let key = StoreKey([1; 32]);
        let entry = RecordEntry {
            start: 0,
            length: record.len() as u64,
            hash: sha256(record),
        };
        let head = StoreHeader {
            modality: Modality::Text,
            key,
            samples: vec![vec![0]],
            records: vec![entry],
        };
        let path = dir.join("text.store");
        std::fs::write(&path, [&head.to_bytes()[..], record].concat()).unwrap();
        (path, key)
    }

    #[test]
    fn a_flipped_byte_in_a_large_store_is_noticed_when_its_record_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (path, key) = write(dir.path(), &[5, 0, 0, 0]);
        assert_eq!(
            Store::open_up_to(&path, key, 0)
                .unwrap()
                .input(0, 1)
                .unwrap(),
            HostInput::Tokens(vec![5])
        );
        let mut bytes = std::fs::read(&path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&path, bytes).unwrap();
        let store = Store::open_up_to(&path, key, 0).unwrap();
        assert!(matches!(
            store.input(0, 1),
            Err(DataError::StoreDamaged { .. })
        ));
        assert!(matches!(
            Store::open(&path, key),
            Err(DataError::StoreDamaged { .. })
        ));
    }

    #[test]
    fn an_empty_file_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("empty.store");
        std::fs::write(&path, []).unwrap();
        assert!(
            Store::open(&path, StoreKey([0; 32]))
                .is_err_and(|e| e.to_string().contains("delete it"))
        );
    }
}
