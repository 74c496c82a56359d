//! Entries of any archive into a folder beside the one they are for.

use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use amst_files::read_block;
use serde::Serialize;

use super::names::below;
use super::reason::Unsafe;
use crate::FetchError;

const BLOCK: usize = 128 << 10;

/// What an archive may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of all files together, as they come out.
    pub bytes: u64,
    /// How many times larger than the archive that may be. It counts from [`Limits::small`] bytes
    /// on.
    pub ratio: u64,
    /// Up to so many bytes any ratio will do: a text of a few kilobytes may well shrink to nothing.
    pub small: u64,
}

impl Default for Limits {
    /// A million entries, 256 GiB, 200 times the archive: above what deflate does to sound,
    /// pictures and text.
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            bytes: 256 << 30,
            ratio: 200,
            small: 64 << 20,
        }
    }
}

/// What came out of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unpacked {
    /// Files, relative to the folder, in the archive's order.
    pub files: Vec<PathBuf>,
    /// Their bytes together.
    pub bytes: u64,
}

pub(crate) struct Unpacking<'a> {
    archive: &'a Path,
    /// Bytes of the archive.
    size: u64,
    into: &'a Path,
    limits: &'a Limits,
    aside: tempfile::TempDir,
    /// Lower-case paths of files and folders.
    files: HashSet<String>,
    folders: HashSet<String>,
    entries: usize,
    /// Bytes that came out, skipped ones included.
    grown: u64,
    unpacked: Unpacked,
}

impl<'a> Unpacking<'a> {
    pub(crate) fn new(
        archive: &'a Path,
        file: &File,
        into: &'a Path,
        limits: &'a Limits,
    ) -> Result<Self, FetchError> {
        let size = file
            .metadata()
            .map_err(FetchError::io("read", archive))?
            .len();
        let failed = FetchError::io("write", into);
        std::fs::create_dir_all(into).map_err(failed)?;
        // A new folder: no link in it leads elsewhere.
        let aside = tempfile::Builder::new()
            .prefix(".unpacking-")
            .tempdir_in(into)
            .map_err(failed)?;
        Ok(Self {
            archive,
            size,
            into,
            limits,
            aside,
            files: HashSet::new(),
            folders: HashSet::new(),
            entries: 0,
            grown: 0,
            unpacked: Unpacked::default(),
        })
    }

    /// The error for an entry.
    pub(crate) fn refuse(&self, entry: impl Into<String>, why: Unsafe) -> FetchError {
        FetchError::Archive {
            archive: self.archive.into(),
            entry: entry.into(),
            why,
        }
    }

    /// The error for an entry, or the archive, that cannot be read.
    pub(crate) fn damaged(&self, entry: impl Into<String>, error: impl ToString) -> FetchError {
        self.refuse(entry, Unsafe::Damaged(error.to_string()))
    }

    /// Counts an entry and makes a folder, or a place for a file; nothing for the topmost folder.
    pub(crate) fn folder(&mut self, name: &[u8]) -> Result<(), FetchError> {
        let path = self.place(name)?;
        let taken = path
            .ancestors()
            .any(|above| self.files.contains(&key(above)));
        if taken {
            return Err(self.refuse(shown(name), Unsafe::Duplicate));
        }
        self.make(&path)
    }

    /// Writes a file. `announced` is the length that the archive gives it.
    pub(crate) fn file(
        &mut self,
        name: &[u8],
        announced: u64,
        content: &mut dyn Read,
    ) -> Result<(), FetchError> {
        let path = self.place(name)?;
        let inside_file = path
            .ancestors()
            .skip(1)
            .any(|above| self.files.contains(&key(above)));
        let is_new = path != Path::new("")
            && !self.folders.contains(&key(&path))
            && self.files.insert(key(&path));
        if inside_file || !is_new {
            return Err(self.refuse(shown(name), Unsafe::Duplicate));
        }
        self.make(path.parent().unwrap_or(Path::new("")))?;
        let target = self.aside.path().join(&path);
        let failed = FetchError::io("write", &target);
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&target)
            .map_err(failed)?;
        let mut block = vec![0; BLOCK];
        let mut written = 0;
        loop {
            let read = read_block(content, &mut block)
                .map_err(|error| self.damaged(shown(name), error))?;
            if read == 0 {
                break;
            }
            self.grow(read as u64, &shown(name))?;
            written += read as u64;
            file.write_all(&block[..read]).map_err(failed)?;
        }
        if written != announced {
            let why = format!("{written} bytes of {announced}");
            return Err(self.damaged(shown(name), why));
        }
        self.unpacked.bytes += written;
        self.unpacked.files.push(path);
        Ok(())
    }

    /// Counts bytes that came out of the archive, and stops a bomb.
    pub(crate) fn grow(&mut self, bytes: u64, entry: &str) -> Result<(), FetchError> {
        self.grown += bytes;
        if self.grown > self.limits.bytes {
            return Err(self.refuse(entry, Unsafe::Bytes(self.limits.bytes)));
        }
        if self.grown > self.limits.small && self.grown / self.limits.ratio > self.size {
            return Err(self.refuse(entry, Unsafe::Ratio(self.limits.ratio)));
        }
        Ok(())
    }

    /// Moves everything to its place.
    pub(crate) fn finish(self) -> Result<Unpacked, FetchError> {
        let failed = FetchError::io("write", self.into);
        let entries: Vec<_> = std::fs::read_dir(self.aside.path())
            .and_then(Iterator::collect)
            .map_err(failed)?;
        for entry in &entries {
            let target = self.into.join(entry.file_name());
            if target.symlink_metadata().is_ok() {
                return Err(FetchError::Occupied {
                    archive: self.archive.into(),
                    path: target,
                });
            }
        }
        for entry in &entries {
            std::fs::rename(entry.path(), self.into.join(entry.file_name())).map_err(failed)?;
        }
        Ok(self.unpacked)
    }

    fn place(&mut self, name: &[u8]) -> Result<PathBuf, FetchError> {
        self.entries += 1;
        if self.entries > self.limits.entries {
            return Err(self.refuse(shown(name), Unsafe::Entries(self.limits.entries)));
        }
        below(name).map_err(|why| self.refuse(shown(name), why))
    }

    fn make(&mut self, path: &Path) -> Result<(), FetchError> {
        for above in path.ancestors() {
            self.folders.insert(key(above));
        }
        let target = self.aside.path().join(path);
        std::fs::create_dir_all(&target).map_err(FetchError::io("make", &target))
    }
}

/// Names that differ by case only are one name on many systems.
fn key(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

pub(crate) fn shown(name: &[u8]) -> String {
    String::from_utf8_lossy(name).escape_debug().to_string()
}
