//! Whether the owner of a lease is still there.

use std::fs::{self, OpenOptions};
use std::path::Path;
use std::time::Duration;

use crate::LeaseError;
use crate::chain::{Entry, LEASE};
use crate::identity::Identity;
use crate::system::{self, FileTime};

/// What is known about the owner of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It certainly ended.
    Gone,
    /// It did not renew its lease in time. It may be suspended or cut off.
    Expired,
    /// It may be at work, for so long if it does not renew its lease.
    Alive {
        /// Until its lease expires.
        left: Duration,
    },
}

/// The process that looks at a lease.
pub(crate) struct Observer<'a> {
    pub dir: &'a Path,
    pub me: &'a Identity,
    /// Whether the directory is local and its `flock` is held by this process or by none.
    pub has_free_flock: bool,
    /// Of a file in which no lease can be read.
    pub expiry: Duration,
}

impl Observer<'_> {
    /// Judges the owner of the last file of a chain.
    pub fn judge(&self, entry: &Entry) -> Result<Owner, LeaseError> {
        let mut expiry = self.expiry;
        if let Ok(record) = &entry.record {
            expiry = Duration::from_millis(record.expiry_ms);
            // One kernel has one `flock` on a local file, whatever container asks for it.
            let released =
                self.has_free_flock && record.flock && record.owner.has_the_boot_of(self.me);
            if released || record.owner.is_gone(self.me) {
                return Ok(Owner::Gone);
            }
        }
        let age = server_time(self.dir)?.nanoseconds_since(entry.renewed);
        // A negative age, after the server's clock was set back, makes it last longer.
        let left = i128::try_from(expiry.as_nanos()).unwrap_or(i128::MAX) - age;
        if left <= 0 {
            return Ok(Owner::Expired);
        }
        let left = Duration::from_nanos(u64::try_from(left).unwrap_or(u64::MAX));
        Ok(Owner::Alive { left })
    }
}

/// The present time of the machine that holds a directory, as the time of a file that is made for
/// this. The local clock says nothing about the times of files on another machine.
fn server_time(dir: &Path) -> Result<FileTime, LeaseError> {
    let id = system::random_uuid().map_err(LeaseError::io("name a file in", dir))?;
    let path = dir.join(format!("{LEASE}.{id}.probe"));
    let probe = OpenOptions::new().write(true).create_new(true).open(&path);
    let probe = probe.map_err(LeaseError::io("create", &path))?;
    let time = system::touch(&probe).and_then(|()| probe.metadata());
    fs::remove_file(&path).ok();
    Ok(FileTime::of(
        &time.map_err(LeaseError::io("read the time of", &path))?,
    ))
}
