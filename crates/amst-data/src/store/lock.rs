//! One process at a time makes stores in a folder.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use crate::DataError;
use crate::progress::{OnProgress, Progress};

/// Held while stores are made; let go when it is dropped or the process ends.
pub(crate) struct StoreLock(
    #[allow(dead_code, reason = "closing the file lets go of the lock")] File,
);

impl StoreLock {
    /// Waits for the process that holds it, and reports that.
    pub(crate) fn take(dir: &Path, progress: OnProgress) -> Result<Self, DataError> {
        let path = dir.join("prepare.lock");
        Self::take_file(&path, progress).map_err(DataError::writing(&path))
    }

    fn take_file(path: &Path, progress: OnProgress) -> io::Result<Self> {
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            let mut holder = String::new();
            file.read_to_string(&mut holder).ok();
            progress(Progress::Waiting {
                process: holder.trim().parse().ok(),
            });
            // Where a file system knows no locks, both do the work; each renames a whole file.
            file.lock().ok();
        }
        file.set_len(0)?;
        file.seek(SeekFrom::Start(0))?;
        writeln!(file, "{}", std::process::id())?;
        Ok(Self(file))
    }
}
