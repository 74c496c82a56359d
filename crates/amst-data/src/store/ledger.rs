//! Remembers content hashes, so that unchanged source files are not read again each time.
//!
//! As version control systems do: a file whose length and time stamps are those of the last
//! look has the content of the last look. A file touched within the last two seconds is not
//! trusted, since a second write within one tick of the clock would leave no trace. The
//! ledger decides nothing by itself: without it, every file is hashed again.

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use amst_files::{hash_file, write_file};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::key::Hash;
use crate::DataError;

/// What was seen of one file.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seen {
    pub(crate) length: u64,
    /// Nanoseconds since 1970: last change of the content and, where the system tells, of
    /// the file's entry (which copying tools cannot set back).
    stamp: [u64; 2],
    pub(crate) content: Hash,
}

impl Seen {
    /// Whether the file still has the length and stamps that it had.
    pub(crate) fn still(&self, path: &Path) -> std::io::Result<bool> {
        let meta = fs::metadata(path)?;
        Ok(meta.len() == self.length && stamp(&meta) == self.stamp)
    }
}

/// The ledger of a store folder, by absolute path.
pub(crate) struct Ledger {
    file: PathBuf,
    seen: BTreeMap<String, Seen>,
    changed: bool,
}

impl Ledger {
    /// Reads the ledger; a missing or unreadable one is empty, which only costs time.
    pub(crate) fn open(store_dir: &Path) -> Self {
        let file = store_dir.join("sources.json");
        let seen = fs::read(&file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Self {
            file,
            seen,
            changed: false,
        }
    }

    /// What each of `paths` below `root` is now; `looked` is called after each file, from several
    /// threads.
    ///
    /// # Errors
    ///
    /// [`DataError::Read`] for the first file that cannot be read.
    pub(crate) fn look(
        &mut self,
        root: &Path,
        paths: Vec<String>,
        looked: &(dyn Fn() + Sync),
    ) -> Result<BTreeMap<String, Seen>, DataError> {
        let base = root.canonicalize().map_err(|source| DataError::Read {
            path: root.into(),
            source,
        })?;
        let known = &self.seen;
        let looks = paths
            .into_par_iter()
            .map(|path| {
                let full = base.join(&path);
                let name = full.to_string_lossy().into_owned();
                let seen = look(&full, known.get(&name))
                    .map_err(|source| DataError::Read { path: full, source })?;
                looked();
                Ok((path, name, seen))
            })
            .collect::<Result<Vec<_>, DataError>>()?;
        let mut content = BTreeMap::new();
        for (path, name, (seen, settled)) in looks {
            content.insert(path, seen);
            if settled && self.seen.get(&name) != Some(&seen) {
                self.seen.insert(name, seen);
                self.changed = true;
            }
        }
        Ok(content)
    }

    /// Writes the ledger if it changed. That may fail (a store that is only read from):
    /// what is lost is time, nothing else.
    pub(crate) fn keep(&self) {
        if self.changed {
            let text = serde_json::to_vec(&self.seen).expect("plain data");
            write_file(&self.file, text).ok();
        }
    }
}

/// What the file is now, and whether its time stamps can be relied on later.
fn look(path: &Path, known: Option<&Seen>) -> std::io::Result<(Seen, bool)> {
    let meta = fs::metadata(path)?;
    let (length, stamp) = (meta.len(), stamp(&meta));
    if let Some(seen) = known.filter(|s| s.length == length && s.stamp == stamp) {
        return Ok((*seen, true));
    }
    let started = SystemTime::now() - Duration::from_secs(2);
    // By the block: a dialogue's video is larger than memory should be.
    let read = hash_file(path)?;
    let settled = stamp.iter().all(|s| *s < nanoseconds(started)) && read.bytes == length;
    let seen = Seen {
        length: read.bytes,
        stamp,
        content: read.sha256,
    };
    Ok((seen, settled))
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
