//! One process at a time makes stores in a folder.

use std::fs::{File, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::make::Watch;
use crate::{DataError, Progress};

/// Held while stores are made; let go when it is dropped, or when the process ends in whatever way.
pub(crate) struct Lock(#[allow(dead_code, reason = "closing the file lets go of the lock")] File);

impl Lock {
    /// Waits for whoever holds it, and says so.
    pub(crate) fn take(dir: &Path, watch: Watch) -> Result<Self, DataError> {
        let path = dir.join("prepare.lock");
        let unwritable = |source| DataError::Write {
            path: path.clone(),
            source,
        };
        let options = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = options.map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                file.read_to_string(&mut holder).ok();
                watch(Progress::Waiting {
                    process: holder.trim().parse().ok(),
                });
                // Where a file system knows no locks, both do the work; each renames a whole file.
                file.lock().ok();
            }
            Err(TryLockError::Error(_)) => {}
        }
        let note = |file: &mut File| {
            file.set_len(0)?;
            file.seek(SeekFrom::Start(0))?;
            writeln!(file, "{}", std::process::id())
        };
        note(&mut file).map_err(unwritable)?;
        Ok(Self(file))
    }
}
