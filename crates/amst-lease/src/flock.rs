//! `flock` on the file `lock`: the truth on a file system of this machine alone, and what older
//! versions of the program look at.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::Path;
use std::time::Duration;

use crate::identity::Identity;
use crate::{Holder, LeaseError};

/// The file's name.
pub(crate) const LOCK: &str = "lock";

/// What came of an attempt to lock.
pub(crate) enum Flock {
    /// This process holds it until the file is closed.
    Held(File),
    /// Another one does.
    Busy(Holder),
    /// The file system cannot lock.
    Failed(io::Error),
}

/// Tries for a moment, because [`holder`] of another process holds the lock for a moment.
pub(crate) fn take(dir: &Path, me: &Identity) -> Result<Flock, LeaseError> {
    let path = dir.join(LOCK);
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(LeaseError::io("lock", &path))?;
    for _ in 0..10 {
        match file.try_lock() {
            Ok(()) => {
                write_holder(&mut file, me).map_err(LeaseError::io("write", &path))?;
                return Ok(Flock::Held(file));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::Error(error)) => return Ok(Flock::Failed(error)),
        }
    }
    Ok(Flock::Busy(read_holder(&mut file)))
}

/// What is seen of a lock from outside.
pub(crate) enum Seen {
    /// A process holds it.
    Busy(Holder),
    /// None does.
    Free,
    /// There is no such file, or the file system cannot lock.
    Unknown,
}

/// Who holds the lock of a directory.
pub(crate) fn holder(dir: &Path) -> Seen {
    let Ok(mut file) = File::open(dir.join(LOCK)) else {
        return Seen::Unknown;
    };
    match file.try_lock_shared() {
        Ok(()) => Seen::Free,
        Err(TryLockError::WouldBlock) => Seen::Busy(read_holder(&mut file)),
        Err(TryLockError::Error(_)) => Seen::Unknown,
    }
}

fn write_holder(file: &mut File, me: &Identity) -> io::Result<()> {
    let text = serde_json::to_string(&Holder::from(me))? + "\n";
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    file.read_to_string(&mut text).ok();
    serde_json::from_str(&text).unwrap_or_else(|_| Holder::unknown())
}
