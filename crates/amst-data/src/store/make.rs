//! Makes the records that are missing, in parallel, and of all records a store: one file at the end, or nothing.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;
use tempfile::NamedTempFile;

use super::earlier::{self, Earlier};
use super::format::{Entry, Head};
use super::journal::Journal;
use super::key::{Hash, Plan, Source, sha256};
use crate::record::{Encode, Extracted, Part, Unmade};
use crate::{DataError, Progress};

pub(crate) type Watch<'a> = &'a (dyn Fn(Progress) + Sync);

/// Where the records of one modality are made. Whoever has one holds the lock of the folder.
pub(crate) struct Workshop {
    dir: PathBuf,
    journal: Journal,
    earlier: Earlier,
}

/// A source of which there is no record.
pub(crate) struct Bad {
    /// Its number in the plan.
    pub(crate) source: usize,
    pub(crate) why: String,
}

/// A file beside `path` that vanishes unless it is given that name.
pub(crate) fn temporary(path: &Path) -> io::Result<NamedTempFile> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    builder.prefix(".making-");
    // As readable as any file one writes; the default is the owner's eyes only.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(dir)
}

impl Workshop {
    /// Opens what earlier preparations have left.
    pub(crate) fn open(plan: &Plan, dir: &Path) -> Result<Self, DataError> {
        let path = dir.join(format!("{}.journal", plan.modality));
        let journal = Journal::open(&path).map_err(|source| DataError::Write { path, source })?;
        Ok(Self { dir: dir.into(), journal, earlier: Earlier::open(dir, plan.modality) })
    }

    /// Makes every record that is not here, and tells which cannot be made.
    ///
    /// A record is written down as soon as it is made; those that are made and not yet written are fewer than three
    /// for each thread, so memory does not grow with their number.
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
        let done = AtomicUsize::new(0);
        let (sender, receiver) = sync_channel(2 * rayon::current_num_threads());
        let journal = &mut self.journal;
        let unwritable = |source| DataError::Write { path: self.dir.clone(), source };
        std::thread::scope(|scope| {
            let writer = scope.spawn(move || write_down(journal, receiver));
            let made = missing
                .par_iter()
                .map_with(sender, |sender, &at| {
                    let source = &plan.sources[at];
                    let bad = match make(source, encoder, root) {
                        Ok(Extracted { record, note }) => {
                            note.into_iter().for_each(|note| watch(Progress::Note(note)));
                            // The writer is gone only if it failed, which is told below.
                            sender.send((source.identity, record)).map_err(|_| None)?;
                            None
                        }
                        Err(Unmade::Bad(why)) => Some(Bad { source: at, why }),
                        Err(Unmade::Stop(error)) => return Err(Some(error)),
                    };
                    let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                    watch(Progress::Making { modality: plan.modality, done, total: missing.len() });
                    Ok(bad)
                })
                .collect::<Result<Vec<_>, Option<DataError>>>();
            let written = writer.join().unwrap_or_else(|_| Err(io::Error::other("the writing thread panicked")));
            written.map_err(unwritable)?;
            match made {
                Ok(bad) => Ok(bad.into_iter().flatten().collect()),
                Err(Some(error)) => Err(error),
                Err(None) => Err(unwritable(io::Error::other("the writing thread ended early"))),
            }
        })
    }

    /// Writes the store of a plan whose records are all here, and ends the journal.
    pub(crate) fn assemble(mut self, plan: &Plan) -> Result<(), DataError> {
        let path = plan.path(&self.dir);
        let unwritable = |source| DataError::Write { path: path.clone(), source };
        let mut out = BufWriter::new(temporary(&path).map_err(unwritable)?);
        // The head is written last: it holds the hashes of what follows it.
        out.seek(SeekFrom::Start(Head::size(&plan.samples, plan.sources.len()))).map_err(unwritable)?;
        let (mut records, mut end) = (Vec::with_capacity(plan.sources.len()), 0);
        for source in &plan.sources {
            let record = self.record(&source.identity).map_err(unwritable)?;
            let length = record.len() as u64;
            records.push(Entry { start: end, length, hash: sha256(&record) });
            end += length;
            out.write_all(&record).map_err(unwritable)?;
        }
        let head = Head { modality: plan.modality, key: plan.key, samples: plan.samples.clone(), records };
        finish(out, &head, &path).map_err(unwritable)?;
        // Without it, the next preparation makes more records anew; the store itself is complete.
        earlier::keep(plan, &path).ok();
        self.journal.remove().map_err(unwritable)
    }

    fn record(&mut self, identity: &Hash) -> io::Result<Vec<u8>> {
        if let Some(record) = self.journal.read(identity)? {
            return Ok(record);
        }
        let record = self.earlier.read(identity).map(<[u8]>::to_vec);
        record.ok_or_else(|| io::Error::other("a record was lost while the store was written; run it again"))
    }
}

fn write_down(journal: &mut Journal, records: Receiver<(Hash, Vec<u8>)>) -> io::Result<()> {
    records.into_iter().try_for_each(|(identity, record)| journal.add(identity, &record))
}

fn finish(mut out: BufWriter<NamedTempFile>, head: &Head, path: &Path) -> io::Result<()> {
    out.seek(SeekFrom::Start(0))?;
    out.write_all(&head.to_bytes())?;
    let file = out.into_inner().map_err(io::IntoInnerError::into_error)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The name, too, must survive a power cut; where folders cannot be synced it may not.
    if let Some(dir) = path.parent().and_then(|dir| File::open(dir).ok()) {
        dir.sync_all().ok();
    }
    Ok(())
}

/// The record of a source.
fn make(source: &Source, encoder: &dyn Encode, root: &Path) -> Result<Extracted, Unmade> {
    let plain = |record: Result<Vec<u8>, String>| Ok(Extracted { record: record?, note: None });
    match &source.part {
        Part::Lost(why) => Err(Unmade::Bad(why.clone())),
        Part::Text(text) => plain(encoder.encode(text.as_bytes(), &format!("the text of `{}`", source.of))),
        Part::File(file) => {
            let path = root.join(file);
            let bytes = std::fs::read(&path)
                .map_err(|error| Unmade::Stop(DataError::Read { path: path.clone(), source: error }))?;
            // The key promises the content that was hashed a moment ago.
            if source.seen.first().is_none_or(|seen| sha256(&bytes) != seen.content) {
                return Err(Unmade::Stop(DataError::Changed(path)));
            }
            refuse_pointer(&bytes, file)?;
            plain(encoder.encode(&bytes, &path.display().to_string()))
        }
        part => {
            for (file, seen) in part.files().into_iter().zip(&source.seen) {
                small_file(&root.join(file), seen.length).map_or(Ok(()), |bytes| refuse_pointer(&bytes, file))?;
            }
            let extracted = encoder.extract(part, root)?;
            for (file, seen) in part.files().into_iter().zip(&source.seen) {
                let path = root.join(file);
                // Hashing a dialogue once more for each of its turns would take longer than reading it.
                if !seen.still(&path).unwrap_or(false) {
                    return Err(Unmade::Stop(DataError::Changed(path)));
                }
            }
            Ok(extracted)
        }
    }
}

/// The longest that a Git LFS pointer gets.
const POINTER: u64 = 1024;

fn small_file(path: &Path, length: u64) -> Option<Vec<u8>> {
    (length <= POINTER).then(|| std::fs::read(path).ok()).flatten()
}

fn refuse_pointer(bytes: &[u8], file: &str) -> Result<(), Unmade> {
    if bytes.len() as u64 <= POINTER && bytes.starts_with(b"version https://git-lfs") {
        return Err(Unmade::Bad(format!("{file} is a Git LFS pointer, not the file: `git lfs pull` brings it")));
    }
    Ok(())
}
