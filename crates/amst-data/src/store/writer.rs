//! Makes the records that are missing, in parallel, and of all records a store: one file at the
//! end, or nothing.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use amst_files::{NewFile, sha256};
use rayon::prelude::*;

use super::earlier::{EarlierStores, write_identities};
use super::format::{RecordEntry, StoreHeader};
use super::journal::Journal;
use super::key::StorePlan;
use super::record_maker::{FailedRecord, RecordMaker, chunk_size};
use crate::DataError;
use crate::hash::Hash;
use crate::progress::OnProgress;
use crate::record::Encode;

/// Makes the records and the store of one modality, while the folder's lock is held.
pub(crate) struct StoreWriter<'a> {
    plan: &'a StorePlan,
    dir: PathBuf,
    journal: Journal,
    earlier: EarlierStores,
}

impl<'a> StoreWriter<'a> {
    /// Opens what earlier preparations have left.
    pub(crate) fn open(plan: &'a StorePlan, dir: &Path) -> Result<Self, DataError> {
        let path = dir.join(format!("{}.journal", plan.modality));
        Ok(Self {
            plan,
            dir: dir.into(),
            journal: Journal::open(&path).map_err(DataError::writing(&path))?,
            earlier: EarlierStores::open(dir, plan.modality),
        })
    }

    /// Makes every record that is not here, and returns which cannot be made.
    ///
    /// Records are written as soon as they are made; at most ten for each thread wait for that, so
    /// memory does not grow with their number.
    pub(crate) fn make_records(
        &mut self,
        encoder: &dyn Encode,
        root: &Path,
        progress: OnProgress,
    ) -> Result<Vec<FailedRecord>, DataError> {
        let records = &self.plan.records;
        let missing: Vec<usize> = (0..records.len())
            .into_par_iter()
            .filter(|&number| {
                let identity = &records[number].identity;
                !self.journal.has(identity) && self.earlier.read(identity).is_none()
            })
            .collect();
        let maker = RecordMaker {
            plan: self.plan,
            encoder,
            root,
            store_dir: &self.dir,
            progress,
            total: missing.len(),
            done: AtomicUsize::new(0),
        };
        let (sender, receiver) = sync_channel(2 * rayon::current_num_threads());
        let journal = &mut self.journal;
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || write_down(journal, receiver));
            let failed = missing
                .par_chunks(chunk_size(missing.len()))
                .map_with(sender, |sender, numbers| maker.make(numbers, sender))
                .collect::<Result<Vec<_>, DataError>>();
            writer
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")))
                .map_err(DataError::writing(&self.dir))?;
            Ok(failed?.into_iter().flatten().collect())
        })
    }

    /// Writes the store, once all records are here, and ends the journal.
    pub(crate) fn write_store(mut self) -> Result<(), DataError> {
        let path = self.plan.path(&self.dir);
        self.write_to(&path).map_err(DataError::writing(&path))?;
        // Without it, the next preparation only makes more records anew.
        write_identities(self.plan, &path).ok();
        self.journal.remove().map_err(DataError::writing(&path))
    }

    fn write_to(&mut self, path: &Path) -> io::Result<()> {
        let plan = self.plan;
        let mut out = BufWriter::new(NewFile::create(path)?);
        // The header is written last: it holds the hashes of what follows it.
        let size = StoreHeader::size(&plan.samples, plan.records.len());
        out.seek(SeekFrom::Start(size))?;
        let (mut records, mut end) = (Vec::with_capacity(plan.records.len()), 0);
        for planned in &plan.records {
            let record = self.record(&planned.identity)?;
            let length = record.len() as u64;
            records.push(RecordEntry {
                start: end,
                length,
                hash: sha256(&record),
            });
            end += length;
            out.write_all(&record)?;
        }
        let header = StoreHeader {
            modality: plan.modality,
            key: plan.key,
            samples: plan.samples.clone(),
            records,
        };
        out.seek(SeekFrom::Start(0))?;
        out.write_all(&header.to_bytes())?;
        let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
        Ok(file.persist_synced()?)
    }

    fn record(&mut self, identity: &Hash) -> io::Result<Vec<u8>> {
        if let Some(record) = self.journal.read(identity)? {
            return Ok(record);
        }
        let record = self.earlier.read(identity).map(<[u8]>::to_vec);
        record.ok_or_else(|| {
            io::Error::other("a record was lost while the store was written; run it again")
        })
    }
}

fn write_down(journal: &mut Journal, records: Receiver<(Hash, Vec<u8>)>) -> io::Result<()> {
    for (identity, record) in records {
        journal.add(identity, &record)?;
    }
    Ok(())
}
