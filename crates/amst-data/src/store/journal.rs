//! Records that are made and in no store yet, so that a preparation that was interrupted goes on.
//!
//! ```text
//! entry    mark, identity of the source, SHA-256 of the record, its length; the record
//! ```
//!
//! Entries are in the order of their making. What follows the last whole one was being
//! written when the program ended, and is cut off. The file goes when the store is there.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use amst_files::sha256;

use crate::hash::Hash;

const MARK: [u8; 8] = *b"amstmade";
/// Mark, identity, hash, length.
const HEAD: usize = 8 + 32 + 32 + 8;

/// An open journal.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    index: JournalIndex,
}

/// The records that are in the file.
#[derive(Default)]
struct JournalIndex {
    records: HashMap<Hash, JournalSpan>,
    end: u64,
}

impl JournalIndex {
    fn append(&mut self, identity: Hash, length: u64) {
        let start = self.end + HEAD as u64;
        self.records.insert(identity, JournalSpan { start, length });
        self.end = start + length;
    }
}

/// Where a record is in the file.
#[derive(Clone, Copy)]
struct JournalSpan {
    start: u64,
    length: u64,
}

impl Journal {
    /// Opens a journal, or begins one. Every record in it is checked.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        let file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        let mut journal = Self {
            path: path.into(),
            file,
            index: JournalIndex::default(),
        };
        journal.scan()?;
        journal.file.set_len(journal.index.end)?;
        Ok(journal)
    }

    fn scan(&mut self) -> io::Result<()> {
        let mut left = self.file.metadata()?.len();
        let mut file = BufReader::with_capacity(1 << 16, &self.file);
        let mut head = [0; HEAD];
        while left >= HEAD as u64 {
            file.read_exact(&mut head)?;
            let length = u64::from_le_bytes(std::array::from_fn(|i| head[72 + i]));
            if head[..8] != MARK || length > left - HEAD as u64 {
                break;
            }
            let mut record = vec![0; length as usize];
            file.read_exact(&mut record)?;
            if sha256(&record) != head[40..72] {
                break;
            }
            let identity: Hash = std::array::from_fn(|i| head[8 + i]);
            self.index.append(identity, length);
            left -= HEAD as u64 + length;
        }
        Ok(())
    }

    pub(crate) fn has(&self, identity: &Hash) -> bool {
        self.index.records.contains_key(identity)
    }

    /// Adds a record. If that fails, the journal is as it was before.
    pub(crate) fn add(&mut self, identity: Hash, record: &[u8]) -> io::Result<()> {
        let length = record.len() as u64;
        let entry = [
            &MARK[..],
            &identity,
            &sha256(record),
            &length.to_le_bytes(),
            record,
        ]
        .concat();
        let written = self
            .file
            .seek(SeekFrom::Start(self.index.end))
            .and_then(|_| self.file.write_all(&entry));
        if let Err(error) = written {
            // Best effort: the next to open it would cut it off too.
            self.file.set_len(self.index.end).ok();
            return Err(error);
        }
        self.index.append(identity, length);
        Ok(())
    }

    /// The record of a source, if it is here.
    pub(crate) fn read(&mut self, identity: &Hash) -> io::Result<Option<Vec<u8>>> {
        let Some(&JournalSpan { start, length }) = self.index.records.get(identity) else {
            return Ok(None);
        };
        let mut record = vec![0; length as usize];
        self.file.seek(SeekFrom::Start(start))?;
        self.file.read_exact(&mut record)?;
        Ok(Some(record))
    }

    /// Ends it: everything is in a store.
    pub(crate) fn remove(self) -> io::Result<()> {
        drop(self.file);
        fs::remove_file(&self.path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_whole_is_found_again_wherever_the_file_was_cut() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audio.journal");
        let records = [vec![1; 5], Vec::new(), vec![3; 300]];
        let mut ends = vec![0];
        let mut journal = Journal::open(&path).unwrap();
        for (number, record) in records.iter().enumerate() {
            journal.add([number as u8; 32], record).unwrap();
            ends.push(journal.index.end);
        }
        drop(journal);
        let whole = fs::read(&path).unwrap();
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).unwrap();
            let mut journal = Journal::open(&path).unwrap();
            let kept = ends.iter().filter(|end| **end <= cut as u64).count() - 1;
            for (number, record) in records.iter().enumerate() {
                let found = journal.read(&[number as u8; 32]).unwrap();
                assert_eq!(
                    found.as_ref(),
                    (number < kept).then_some(record),
                    "cut at {cut}"
                );
            }
            assert_eq!(fs::metadata(&path).unwrap().len(), ends[kept]);
        }
    }

    #[test]
    fn a_flipped_bit_ends_what_is_believed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("audio.journal");
        let mut journal = Journal::open(&path).unwrap();
        (0..3).for_each(|n| journal.add([n; 32], &[n; 9]).unwrap());
        drop(journal);
        let mut bytes = fs::read(&path).unwrap();
        bytes[HEAD + 9 + HEAD + 2] ^= 1;
        fs::write(&path, bytes).unwrap();
        let journal = Journal::open(&path).unwrap();
        assert_eq!(
            [0, 1, 2].map(|n| journal.has(&[n; 32])),
            [true, false, false]
        );
        journal.remove().unwrap();
        assert!(!path.exists());
    }
}
