//! Writes a store: all records in parallel, one file at the end, or nothing.

use std::fs::{self, File};
use std::io::{self, BufWriter, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use tempfile::NamedTempFile;

use super::format::{Entry, Head};
use super::key::{Plan, Source, sha256};
use super::read::Store;
use crate::error::Listing;
use crate::record::Encode;
use crate::{DataError, Progress};

/// Records held in memory at a time.
const CHUNK: usize = 256;

type Watch<'a> = &'a (dyn Fn(Progress) + Sync);

/// Opens the store of `plan`, after making it if it is not there.
///
/// Of two processes that want the same one, the second waits and finds it.
pub(crate) fn open_or_make(plan: &Plan, encoder: &dyn Encode, dir: &Path, watch: Watch) -> Result<Store, DataError> {
    let path = plan.path(dir);
    if !path.exists() {
        let unwritable = |source| DataError::Write { path: dir.into(), source };
        fs::create_dir_all(dir).map_err(unwritable)?;
        let lock = File::create(dir.join("prepare.lock")).map_err(unwritable)?;
        // Where a file system knows no locks, both do the work; each renames a whole file.
        let _held = lock.lock();
        if !path.exists() {
            write(plan, encoder, &path, watch)?;
        }
    }
    Store::open(&path, plan.key)
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

fn write(plan: &Plan, encoder: &dyn Encode, path: &Path, watch: Watch) -> Result<(), DataError> {
    let unwritable = |source| DataError::Write { path: path.into(), source };
    let file = temporary(path).map_err(unwritable)?;
    let mut out = BufWriter::new(file);
    // The head is written last: it holds the hashes of what follows it.
    out.seek(SeekFrom::Start(Head::size(&plan.samples, plan.sources.len()))).map_err(unwritable)?;
    let mut made = Made { records: Vec::new(), bad: Vec::new(), end: 0 };
    let done = AtomicUsize::new(0);
    for chunk in plan.sources.chunks(CHUNK) {
        let records: Vec<_> = chunk
            .par_iter()
            .map(|source| {
                let record = encode(source, encoder);
                let done = done.fetch_add(1, Ordering::Relaxed) + 1;
                watch(Progress { modality: plan.modality, done, total: plan.sources.len() });
                record
            })
            .collect();
        for record in records {
            made.add(record?, &mut out).map_err(unwritable)?;
        }
    }
    if !made.bad.is_empty() {
        let (modality, total) = (plan.modality, plan.sources.len());
        return Err(DataError::BadSamples { modality, bad: Listing(made.bad), total });
    }
    let head = Head { modality: plan.modality, key: plan.key, samples: plan.samples.clone(), records: made.records };
    finish(out, &head, path).map_err(unwritable)
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

/// What was written so far.
struct Made {
    records: Vec<Entry>,
    bad: Vec<String>,
    end: u64,
}

impl Made {
    fn add(&mut self, record: Result<Vec<u8>, String>, out: &mut impl Write) -> io::Result<()> {
        match record {
            Ok(bytes) => {
                let length = bytes.len() as u64;
                self.records.push(Entry { start: self.end, length, hash: sha256(&bytes) });
                self.end += length;
                out.write_all(&bytes)
            }
            Err(why) => {
                self.bad.push(why);
                Ok(())
            }
        }
    }
}

/// The record of a source; inside, why it cannot be made.
fn encode(source: &Source, encoder: &dyn Encode) -> Result<Result<Vec<u8>, String>, DataError> {
    match source {
        Source::Text { of, text } => Ok(encoder.encode(text.as_bytes(), &format!("the text of `{of}`"))),
        Source::File { path, hash } => {
            let bytes = fs::read(path).map_err(|source| DataError::Read { path: path.clone(), source })?;
            // The key promises the content that was hashed a moment ago.
            if sha256(&bytes) != *hash {
                return Err(DataError::Changed(path.clone()));
            }
            Ok(encoder.encode(&bytes, &path.display().to_string()))
        }
    }
}
