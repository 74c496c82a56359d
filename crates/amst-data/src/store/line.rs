//! Records of sources, several at once where that saves something.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::SyncSender;

use amst_files::sha256;

use super::key::{Hash, Plan, Source};
use super::make::Watch;
use crate::record::{Encode, Extracted, Part, Unmade};
use crate::{DataError, Progress};

/// A source of which there is no record.
pub(crate) struct Bad {
    /// Its number in the plan.
    pub(crate) source: usize,
    pub(crate) why: String,
}

/// What the records of one modality are made with.
pub(crate) struct Line<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) encoder: &'a dyn Encode,
    pub(crate) root: &'a Path,
    pub(crate) watch: Watch<'a>,
    /// Sources in all, and how many of them are done.
    pub(crate) total: usize,
    pub(crate) done: AtomicUsize,
}

/// How many of `total` sources one thread takes at once: enough that many short clips share the
/// start of a process, few enough that no thread has much left to do when the others have ended,
/// and that all processes together have no more than some fifty clips open (each takes 5 MiB of
/// ffmpeg's memory) or, on many cores, eight each.
pub(crate) fn at_once(total: usize) -> usize {
    const OPEN: usize = 48;
    let threads = rayon::current_num_threads();
    (total / (4 * threads)).clamp(1, (OPEN / threads).max(8))
}

impl Line<'_> {
    /// Makes the records of the sources with these numbers and sends them off; hands back which
    /// cannot be made.
    ///
    /// # Errors
    ///
    /// What keeps any record from being made; `None` where nobody receives them any more.
    pub(crate) fn make(
        &self,
        several: &[usize],
        sender: &SyncSender<(Hash, Vec<u8>)>,
    ) -> Result<Vec<Bad>, Option<DataError>> {
        let sources: Vec<&Source> = several.iter().map(|&at| &self.plan.sources[at]).collect();
        let mut bad = Vec::new();
        let mut take = |at: usize, made| {
            bad.extend(self.send(at, made, sender)?);
            let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
            (self.watch)(Progress::Making {
                modality: self.plan.modality,
                done,
                total: self.total,
            });
            Ok::<(), Option<DataError>>(())
        };
        match make_together(&sources, self.encoder, self.root) {
            Some(made) => several
                .iter()
                .zip(made)
                .try_for_each(|(&at, made)| take(at, made))?,
            None => several.iter().try_for_each(|&at| {
                take(at, make(&self.plan.sources[at], self.encoder, self.root))
            })?,
        }
        Ok(bad)
    }

    fn send(
        &self,
        at: usize,
        made: Result<Extracted, Unmade>,
        sender: &SyncSender<(Hash, Vec<u8>)>,
    ) -> Result<Option<Bad>, Option<DataError>> {
        match made {
            Ok(Extracted { record, note }) => {
                note.into_iter()
                    .for_each(|note| (self.watch)(Progress::Note(note)));
                let sent = sender.send((self.plan.sources[at].identity, record));
                sent.map(|()| None).map_err(|_| None)
            }
            Err(Unmade::Bad(why)) => Ok(Some(Bad { source: at, why })),
            Err(Unmade::Stop(error)) => Err(Some(error)),
        }
    }
}

/// The record of a source.
fn make(source: &Source, encoder: &dyn Encode, root: &Path) -> Result<Extracted, Unmade> {
    let plain = |record: Result<Vec<u8>, String>| {
        Ok(Extracted {
            record: record?,
            note: None,
        })
    };
    match &source.part {
        Part::Lost(why) => Err(Unmade::Bad(why.clone())),
        Part::Text(text) => {
            plain(encoder.encode(text.as_bytes(), &format!("the text of `{}`", source.of)))
        }
        Part::File(file) => {
            let path = root.join(file);
            let bytes = std::fs::read(&path).map_err(|error| {
                Unmade::Stop(DataError::Read {
                    path: path.clone(),
                    source: error,
                })
            })?;
            // The key promises the content that was hashed a moment ago.
            if source
                .seen
                .first()
                .is_none_or(|seen| sha256(&bytes) != seen.content)
            {
                return Err(Unmade::Stop(DataError::Changed(path)));
            }
            refuse_pointer(&bytes, file)?;
            plain(encoder.encode(&bytes, &path.display().to_string()))
        }
        part => {
            for (file, seen) in part.files().into_iter().zip(&source.seen) {
                small_file(&root.join(file), seen.length)
                    .map_or(Ok(()), |bytes| refuse_pointer(&bytes, file))?;
            }
            let extracted = encoder.extract(part, root)?;
            refuse_changed(source, root)?;
            Ok(extracted)
        }
    }
}

/// The records of several sources that are read by one process, or `None`.
fn make_together(
    sources: &[&Source],
    encoder: &dyn Encode,
    root: &Path,
) -> Option<Vec<Result<Extracted, Unmade>>> {
    if sources.len() < 2 {
        return None;
    }
    let parts: Vec<&Part> = sources.iter().map(|source| &source.part).collect();
    let made = encoder.extract_together(&parts, root)?;
    let checked =
        |(source, made): (&&Source, Extracted)| refuse_changed(source, root).map(|()| made);
    Some(sources.iter().zip(made).map(checked).collect())
}

/// The key promises the content that was hashed a moment ago. Hashing a dialogue once more for each
/// of its turns would take longer than reading it, so length and time stamps must do.
fn refuse_changed(source: &Source, root: &Path) -> Result<(), Unmade> {
    for (file, seen) in source.part.files().into_iter().zip(&source.seen) {
        let path = root.join(file);
        if !seen.still(&path).unwrap_or(false) {
            return Err(Unmade::Stop(DataError::Changed(path)));
        }
    }
    Ok(())
}

/// The longest that a Git LFS pointer gets.
const POINTER: u64 = 1024;

fn small_file(path: &Path, length: u64) -> Option<Vec<u8>> {
    (length <= POINTER)
        .then(|| std::fs::read(path).ok())
        .flatten()
}

fn refuse_pointer(bytes: &[u8], file: &str) -> Result<(), Unmade> {
    if bytes.len() as u64 <= POINTER && bytes.starts_with(b"version https://git-lfs") {
        return Err(Unmade::Bad(format!(
            "{file} is a Git LFS pointer, not the file: `git lfs pull` brings it"
        )));
    }
    Ok(())
}
