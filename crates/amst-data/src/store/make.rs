//! Makes the records that are missing, in parallel, and of all records a store: one file at the
//! end, or nothing.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc::{Receiver, sync_channel};

use amst_files::{NewFile, sha256};
use rayon::prelude::*;

use super::earlier::{self, Earlier};
use super::format::{Entry, Head};
use super::journal::Journal;
use super::key::{Hash, Plan};
use super::line::{Bad, Line, at_once};
use crate::record::Encode;
use crate::{DataError, Progress};

pub(crate) type Watch<'a> = &'a (dyn Fn(Progress) + Sync);

/// Where the records of one modality are made. Whoever has one holds the lock of the folder.
pub(crate) struct Workshop {
    dir: PathBuf,
    journal: Journal,
    earlier: Earlier,
}

impl Workshop {
    /// Opens what earlier preparations have left.
    pub(crate) fn open(plan: &Plan, dir: &Path) -> Result<Self, DataError> {
        let path = dir.join(format!("{}.journal", plan.modality));
        let journal = Journal::open(&path).map_err(|source| DataError::Write { path, source })?;
        Ok(Self {
            dir: dir.into(),
            journal,
            earlier: Earlier::open(dir, plan.modality),
        })
    }

    /// Makes every record that is not here, and tells which cannot be made.
    ///
    /// A record is written down as soon as it and those that are made together with it are; those
    /// that are made and not yet written are ten for each thread at most, so memory does not grow
    /// with their number.
    pub(crate) fn records(
        &mut self,
        plan: &Plan,
        encoder: &dyn Encode,
        root: &Path,
        watch: Watch,
    ) -> Result<Vec<Bad>, DataError> {
        let missing: Vec<usize> = (0..plan.sources.len())
            .into_par_iter()
            .filter(|&at| {
                let identity = &plan.sources[at].identity;
                !self.journal.has(identity) && self.earlier.read(identity).is_none()
            })
            .collect();
        let line = Line {
            plan,
            encoder,
            root,
            watch,
            total: missing.len(),
            done: AtomicUsize::new(0),
        };
        let (sender, receiver) = sync_channel(2 * rayon::current_num_threads());
        let journal = &mut self.journal;
        let unwritable = |source| DataError::Write {
            path: self.dir.clone(),
            source,
        };
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || write_down(journal, receiver));
            let made = missing
                .par_chunks(at_once(missing.len()))
                .map_with(sender, |sender, several| line.make(several, sender))
                .collect::<Result<Vec<_>, Option<DataError>>>();
            let written = writer
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")));
            written.map_err(unwritable)?;
            match made {
                Ok(bad) => Ok(bad.into_iter().flatten().collect()),
                Err(Some(error)) => Err(error),
                Err(None) => Err(unwritable(io::Error::other(
                    "the writing thread ended early",
                ))),
            }
        })
    }

    /// Writes the store of a plan whose records are all here, and ends the journal.
    pub(crate) fn assemble(mut self, plan: &Plan) -> Result<(), DataError> {
        let path = plan.path(&self.dir);
        let unwritable = |source| DataError::Write {
            path: path.clone(),
            source,
        };
        let mut out = BufWriter::new(NewFile::create(&path)?);
        // The head is written last: it holds the hashes of what follows it.
        out.seek(SeekFrom::Start(Head::size(
            &plan.samples,
            plan.sources.len(),
        )))
        .map_err(unwritable)?;
        let (mut records, mut end) = (Vec::with_capacity(plan.sources.len()), 0);
        for source in &plan.sources {
            let record = self.record(&source.identity).map_err(unwritable)?;
            let length = record.len() as u64;
            records.push(Entry {
                start: end,
                length,
                hash: sha256(&record),
            });
            end += length;
            out.write_all(&record).map_err(unwritable)?;
        }
        let head = Head {
            modality: plan.modality,
            key: plan.key,
            samples: plan.samples.clone(),
            records,
        };
        finish(out, &head).map_err(unwritable)?;
        // Without it, the next preparation makes more records anew; the store itself is complete.
        earlier::keep(plan, &path).ok();
        self.journal.remove().map_err(unwritable)
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
    records
        .into_iter()
        .try_for_each(|(identity, record)| journal.add(identity, &record))
}

fn finish(mut out: BufWriter<NewFile>, head: &Head) -> io::Result<()> {
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&head.to_bytes())?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    Ok(file.persist_synced()?)
}
