//! A run directory's file system, for as long as this process owns the directory.

use std::io;
use std::path::Path;
use std::sync::Arc;

use amst_lease::LeaseGuard;

use crate::filesystem::{Content, FileSystem};

/// Changes a directory only while its lease is this process's. Otherwise it answers with the
/// [`LeaseError`](amst_lease::LeaseError) in an [`io::Error`], which
/// [`TrainError::io`](crate::TrainError::io) takes out again.
pub(crate) struct LeasedDisk {
    disk: Arc<dyn FileSystem>,
    lease: LeaseGuard,
}

impl LeasedDisk {
    /// The directory of a lease, on a disk.
    pub fn new(disk: Arc<dyn FileSystem>, lease: LeaseGuard) -> Self {
        Self { disk, lease }
    }

    fn check(&self) -> io::Result<()> {
        self.lease.check().map_err(io::Error::other)
    }
}

impl FileSystem for LeasedDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.check()?;
        self.disk.create_dir(path)
    }

    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()> {
        self.check()?;
        self.disk.write(path, content)
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.check()?;
        self.disk.append(path, bytes)
    }

    fn cut(&self, path: &Path, length: u64) -> io::Result<()> {
        self.check()?;
        self.disk.cut(path, length)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        self.disk.sync(path)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check()?;
        self.disk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.check()?;
        self.disk.link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.check()?;
        self.disk.remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        self.check()?;
        self.disk.remove_dir(path)
    }

    fn available(&self, path: &Path) -> io::Result<u64> {
        self.disk.available(path)
    }
}
