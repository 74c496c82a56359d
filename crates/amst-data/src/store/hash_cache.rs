//! Remembers content hashes, so that unchanged source files are not read again each time.
//!
//! As version control systems do: a file whose length and time stamps are those of last time has
//! the content of last time. A file touched within the last two seconds is not trusted, since a
//! second write within one tick of the clock would leave no trace. The cache decides nothing by
//! itself: without it, every file is hashed again.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amst_files::{hash_file, write_file};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::DataError;
use crate::hash::Hash;

/// What one file was like when it was hashed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileState {
    pub(crate) length: u64,
    /// Nanoseconds since 1970: last change of the content and, where the system tells, of
    /// the file's entry (which copying tools cannot set back).
    stamp: [u64; 2],
    pub(crate) content: Hash,
}

impl FileState {
    /// Whether the file still has the length and stamps that it had.
    pub(crate) fn is_unchanged(&self, path: &Path) -> std::io::Result<bool> {
        let meta = fs::metadata(path)?;
        Ok(meta.len() == self.length && stamp(&meta) == self.stamp)
    }
}

/// The hash cache of a store folder, by absolute path.
pub(crate) struct HashCache {
    file: PathBuf,
    files: BTreeMap<String, FileState>,
    changed: bool,
}

impl HashCache {
    /// Reads the cache; a missing or unreadable one is empty, which only costs time.
    pub(crate) fn open(store_dir: &Path) -> Self {
        let file = store_dir.join("sources.json");
        let files = fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            file,
            files,
            changed: false,
        }
    }

    /// What each of `paths` below `root` is now; `looked` is called after each file, from several
    /// threads.
    pub(crate) fn look_at(
        &mut self,
        root: &Path,
        paths: Vec<String>,
        looked: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, FileState>, DataError> {
        let base = root.canonicalize().map_err(DataError::reading(root))?;
        let known = &self.files;
        let found = paths
            .into_par_iter()
            .map(|path| {
                let full = base.join(&path);
                let name = full.to_string_lossy().into_owned();
                let (state, settled) =
                    look(&full, known.get(&name)).map_err(DataError::reading(&full))?;
                looked();
                Ok((path, name, state, settled))
            })
            .collect::<Result<Vec<_>, DataError>>()?;
        let mut files = BTreeMap::new();
        for (path, name, state, settled) in found {
            files.insert(path, state);
            if settled && self.files.get(&name) != Some(&state) {
                self.files.insert(name, state);
                self.changed = true;
            }
        }
        Ok(files)
    }

    /// Writes the cache if it changed. That may fail (a read-only store), which only costs time.
    pub(crate) fn save(&self) {
        if self.changed
            && let Ok(json) = serde_json::to_vec(&self.files)
        {
            write_file(&self.file, json).ok();
        }
    }
}

/// What the file is now, and whether its time stamps can be relied on later.
fn look(path: &Path, known: Option<&FileState>) -> std::io::Result<(FileState, bool)> {
    let meta = fs::metadata(path)?;
    let (length, stamp) = (meta.len(), stamp(&meta));
    if let Some(state) = known.filter(|known| known.length == length && known.stamp == stamp) {
        return Ok((*state, true));
    }
    let started = SystemTime::now() - Duration::from_secs(2);
    // By the block: a dialogue's video is larger than memory should be.
    let read = hash_file(path)?;
    let settled = stamp.iter().all(|s| *s < nanoseconds(started)) && read.bytes == length;
    let state = FileState {
        length: read.bytes,
        stamp,
        content: read.sha256,
    };
    Ok((state, settled))
}

fn nanoseconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_nanos() as u64)
}

fn stamp(meta: &Metadata) -> [u64; 2] {
    [meta.modified().map_or(0, nanoseconds), entry_changed(meta)]
}

#[cfg(unix)]
fn entry_changed(meta: &Metadata) -> u64 {
    use std::os::unix::fs::MetadataExt;
    (meta.ctime().max(0) as u64)
        .wrapping_mul(1_000_000_000)
        .wrapping_add(meta.ctime_nsec().max(0) as u64)
}

#[cfg(not(unix))]
fn entry_changed(_: &Metadata) -> u64 {
    0
}
