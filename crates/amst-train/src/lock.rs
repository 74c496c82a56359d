//! A lock, so that one process at a time trains in a run directory.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};

use crate::TrainError;

/// The file in a run directory that its trainer holds.
pub(crate) const LOCK: &str = "lock";

/// The process that trains in a run directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The machine on which it runs.
    pub host: String,
    /// When it began, in seconds since 1970 by the machine's clock.
    pub started: u64,
}

impl Holder {
    fn this_process() -> Self {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
        let host = host
            .or_else(|| std::env::var("HOSTNAME").ok())
            .or_else(|| std::env::var("COMPUTERNAME").ok());
        Self {
            pid: std::process::id(),
            host: host.unwrap_or_default().trim().into(),
            started: now(),
        }
    }

    /// For how long it has been running; zero where the clock was set back since.
    pub fn running(&self) -> Duration {
        Duration::from_secs(now().saturating_sub(self.started))
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let minutes = self.running().as_secs() / 60;
        write!(
            f,
            "process {} on {}, which began {minutes} minutes ago",
            self.pid, self.host
        )
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// A locked run directory: no other process trains in it until this is dropped. The system releases
/// it when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Locks a directory.
    pub fn take(dir: &Path) -> Result<Self, TrainError> {
        let path = dir.join(LOCK);
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(TrainError::io("lock", &path, "--out"))?;
        acquire(&mut file, dir)?;
        write_holder(&mut file).map_err(TrainError::io("lock", &path, "--out"))?;
        Ok(Self { _file: file })
    }

    /// The process that holds a directory, if one does.
    pub fn holder(dir: &Path) -> Option<Holder> {
        let mut file = File::open(dir.join(LOCK)).ok()?;
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => Some(read_holder(&mut file)),
            _ => None,
        }
    }
}

/// Tries for a moment, because [`Lock::holder`] of another process holds the lock for a moment.
fn acquire(file: &mut File, dir: &Path) -> Result<(), TrainError> {
    for _ in 0..10 {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
            // A file system without locks: another process cannot be noticed.
            Err(TryLockError::Error(_)) => return Ok(()),
        }
    }
    Err(TrainError::Held {
        dir: PathBuf::from(dir),
        holder: read_holder(file),
    })
}

fn write_holder(file: &mut File) -> std::io::Result<()> {
    let text = serde_json::to_string(&Holder::this_process()).expect("plain data") + "\n";
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(text.as_bytes())
}

fn read_holder(file: &mut File) -> Holder {
    let mut text = String::new();
    file.read_to_string(&mut text).ok();
    serde_json::from_str(&text).unwrap_or(Holder {
        pid: 0,
        host: "an unknown machine".into(),
        started: now(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_has_one_holder_and_is_free_when_it_is_gone() {
        let dir = tempfile::tempdir().unwrap();
        assert_eq!(Lock::holder(dir.path()), None);
        let lock = Lock::take(dir.path()).unwrap();
        let holder = Lock::holder(dir.path()).expect("it is held");
        assert_eq!(holder.pid, std::process::id());
        let refused = Lock::take(dir.path()).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains(&format!("process {}", holder.pid)),
            "{refused}"
        );
        drop(lock);
        assert_eq!(Lock::holder(dir.path()), None);
        Lock::take(dir.path()).unwrap();
    }

    #[test]
    fn a_clock_that_was_set_back_gives_no_time_rather_than_a_negative_one() {
        let holder = Holder {
            pid: 1,
            host: "here".into(),
            started: now() + 7200,
        };
        assert_eq!(holder.running(), Duration::ZERO);
        assert!(holder.to_string().contains("0 minutes ago"));
    }
}
