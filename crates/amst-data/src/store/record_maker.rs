//! Makes records from their sources, several at once where that saves something.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use amst_annotations::lfs_pointer;
use amst_files::sha256;

use super::key::{PlannedRecord, StorePlan};
use crate::DataError;
use crate::hash::Hash;
use crate::layout::Raw;
use crate::progress::{OnProgress, Progress};
use crate::record::{Encode, Extracted, Unmade};

/// A record that cannot be made.
pub(crate) struct FailedRecord {
    /// Its number in the plan.
    pub(crate) number: usize,
    pub(crate) why: String,
}

/// What the records of one modality are made with.
pub(crate) struct RecordMaker<'a> {
    pub(crate) plan: &'a StorePlan,
    pub(crate) encoder: &'a dyn Encode,
    pub(crate) root: &'a Path,
    pub(crate) store_dir: &'a Path,
    pub(crate) progress: OnProgress<'a>,
    /// Records in all, and how many of them are done.
    pub(crate) total: usize,
    pub(crate) done: AtomicUsize,
}

/// How many of `total` sources one thread takes at once: enough that short clips share the start of
/// a process, few enough that no thread is busy long after the others, and that all processes
/// together have some fifty clips open at most (each takes 5 MiB of ffmpeg's memory) or, on many
/// cores, eight each.
pub(crate) fn chunk_size(total: usize) -> usize {
    const OPEN: usize = 48;
    let threads = rayon::current_num_threads();
    (total / (4 * threads)).clamp(1, (OPEN / threads).max(8))
}

impl RecordMaker<'_> {
    /// Makes the records with these numbers and sends them, with their identities; returns which
    /// cannot be made.
    pub(crate) fn make(
        &self,
        numbers: &[usize],
        sender: &SyncSender<(Hash, Vec<u8>)>,
    ) -> Result<Vec<FailedRecord>, DataError> {
        let mut failed = Vec::new();
        let mut together = self.make_together(numbers).into_iter().flatten();
        for &number in numbers {
            let planned = &self.plan.records[number];
            let made = together
                .next()
                .unwrap_or_else(|| make(planned, self.encoder, self.root));
            match made {
                Ok(Extracted { record, note }) => {
                    if let Some(note) = note {
                        (self.progress)(Progress::Note(note));
                    }
                    sender
                        .send((planned.identity, record))
                        .map_err(|_| io::Error::other("the writing thread ended early"))
                        .map_err(DataError::writing(self.store_dir))?;
                }
                Err(Unmade::Bad(why)) => failed.push(FailedRecord { number, why }),
                Err(Unmade::Stop(error)) => return Err(error),
            }
            (self.progress)(Progress::Making {
                modality: self.plan.modality,
                done: self.done.fetch_add(1, Ordering::Relaxed) + 1,
                total: self.total,
            });
        }
        Ok(failed)
    }

    /// The records of several sources that are read by one process, or `None`.
    fn make_together(&self, numbers: &[usize]) -> Option<Vec<Result<Extracted, Unmade>>> {
        if numbers.len() < 2 {
            return None;
        }
        let planned: Vec<_> = numbers.iter().map(|&n| &self.plan.records[n]).collect();
        let sources: Vec<_> = planned.iter().map(|planned| &planned.source).collect();
        let made = self.encoder.extract_together(&sources, self.root)?;
        let made = planned.into_iter().zip(made);
        Some(
            made.map(|(planned, made)| refuse_changed(planned, self.root).map(|()| made))
                .collect(),
        )
    }
}

/// The bytes of a file above which a part of it is read, where a part is enough.
const LARGE: u64 = 16 << 20;

fn make(planned: &PlannedRecord, encoder: &dyn Encode, root: &Path) -> Result<Extracted, Unmade> {
    match &planned.source {
        Raw::Lost(why) => Err(Unmade::Bad(why.clone())),
        Raw::Text(text) => {
            let name = format!("the text of `{}`", planned.sample);
            Ok(encoder.encode(text.as_bytes(), &name)?.into())
        }
        Raw::Files(files) => {
            let file = &files[0];
            let path = root.join(file);
            let hashed = planned.files.first();
            if hashed.is_some_and(|file| file.length > LARGE)
                && let Some(record) = encoder.encode_part(&path)
            {
                refuse_changed(planned, root)?;
                return record;
            }
            let bytes = std::fs::read(&path)
                .map_err(DataError::reading(&path))
                .map_err(Unmade::Stop)?;
            // The key promises the content that was hashed a moment ago.
            if hashed.is_none_or(|hashed| sha256(&bytes) != hashed.content) {
                return Err(Unmade::Stop(DataError::Changed(path)));
            }
            refuse_pointer(&bytes, &path)?;
            encoder.encode_file(&bytes, &path)
        }
        source => {
            for (file, hashed) in source.files().into_iter().zip(&planned.files) {
                let path = root.join(file);
                // No pointer is longer.
                if hashed.length <= 1024
                    && let Ok(bytes) = std::fs::read(&path)
                {
                    refuse_pointer(&bytes, &path)?;
                }
            }
            let extracted = encoder.extract(source, root)?;
            refuse_changed(planned, root)?;
            Ok(extracted)
        }
    }
}

/// The key promises the content that was hashed a moment ago. Hashing a dialogue once more for each
/// of its turns would take longer than reading it, so length and time stamps must do.
fn refuse_changed(planned: &PlannedRecord, root: &Path) -> Result<(), Unmade> {
    for (file, hashed) in planned.source.files().into_iter().zip(&planned.files) {
        let path = root.join(file);
        if !hashed.is_unchanged(&path).unwrap_or(false) {
            return Err(Unmade::Stop(DataError::Changed(path)));
        }
    }
    Ok(())
}

fn refuse_pointer(bytes: &[u8], path: &Path) -> Result<(), Unmade> {
    lfs_pointer(bytes, path).map_or(Ok(()), |why| {
        Err(Unmade::Bad(format!("{} is {why}", path.display())))
    })
}
