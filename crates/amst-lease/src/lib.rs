#![doc = include_str!("../README.md")]
//!
//! `flock` does this on a disk of one machine. On Lustre, GPFS, many NFS mounts and most of FUSE it
//! fails, or succeeds for everybody. A lease is a file that its owner renews, and that another
//! process takes over once that has not happened for five minutes.
//!
//! - [`Lease::claim`] makes this process the owner, or says who is: [`LeaseError::Held`],
//! - [`Lease::heartbeat`] renews the lease by a thread of its own,
//! - [`Lease::check`], before anything that must not be written twice, says whether this process
//!   still is the owner. [`LeaseGuard`] does it from other threads,
//! - [`holder`] says who works in a directory, for a list of runs.
//!
//! ```
//! use amst_lease::{HEARTBEAT, Lease, LeaseError, Options, holder};
//!
//! let folder = tempfile::tempdir()?;
//! let mut lease = Lease::claim(folder.path(), &Options::default())?;
//! for warning in lease.take_warnings() {
//!     eprintln!("warning: {warning}");
//! }
//! lease.heartbeat(HEARTBEAT)?;
//!
//! let second = Lease::claim(folder.path(), &Options::default());
//! assert!(matches!(second, Err(LeaseError::Held { holder, .. }) if holder.pid == std::process::id()));
//!
//! lease.check()?;
//! std::fs::write(folder.path().join("result"), "42")?;
//! drop(lease);
//! assert_eq!(holder(folder.path()), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Protocol
//!
//! **Files.** The first claim creates `lease` with `O_EXCL`. A lease with the UUID *u* is taken over
//! by creating `lease.u.next`, with `O_EXCL` too. The owner is the last of the chain `lease` →
//! `lease.u.next` → `lease.v.next` → …
//!
//! So a takeover removes, renames and overwrites nothing of another process, and for each lease it
//! has exactly one winner for ever, because a UUID is never used again. Renaming `lease` away would
//! have two: a second taker that read the old lease, and is slow, would rename that of the first.
//! A process that crashes, at any point, leaves either nothing or the last file of the chain, which
//! expires.
//!
//! The new owner then renames its own file over `lease`, so that chains stay short. To one who reads
//! the chain this happens between two steps. It reads `lease` again at its end, and if that is
//! another one, starts again. If it already created a successor to a lease that is no longer in the
//! chain, it finds that its own file is not there either, removes it and starts again.
//!
//! **Heartbeat.** The owner sets the modification time of its own file to the server's present time
//! (`futimens` with `UTIME_NOW`). It does this by a descriptor that it has had open since the claim,
//! never by a name. A process that was suspended while another took over touches its own old file,
//! which is no longer in the chain or no longer its end. Writing a new file over `lease` would
//! overwrite the new owner's.
//!
//! **Expiry.** An owner is gone at once if its process has ended (no process has its number, or one
//! that started at another time), which is decided where the id of the machine's start and the
//! namespaces of process numbers agree, or if it ran before the last start of this machine, which is
//! decided where host name and machine id agree. On a local file system it is also gone if this
//! process got the `flock` that it held. Otherwise its age decides:
//! the time of its file against that of a probe file that is made now in the same directory. Both
//! are times of one server; the local clock is not read.
//!
//! **The owner's own clock.** Where the lease is the authority, that is where `flock` is not held or
//! the file system is not known to be local, an owner that has not renewed its lease for nine tenths
//! of the expiry has lost it, and for good, even if no other process took over. It counts from before it asked
//! the server to renew, by a clock that cannot be set and that goes on in suspension
//! (`CLOCK_BOOTTIME`). So it stops before any other may begin. It does not renew an expired lease:
//! another process may have looked at it and be about to take over. Where `flock` is held on a local
//! file system no other process can take over, and a laptop may sleep.
//!
//! **Waiting.** After a takeover by expiry, and after every takeover where the lease is the
//! authority on a file system that is not local, the new owner waits for 65 s before it begins. That
//! is longer than NFS remembers names and times (60 s), and longer than two heartbeats, so an owner
//! whose lease only looked expired because the server's clock jumped has noticed before.
//!
//! **What remains.** Between [`Lease::check`] and the write after it a process can be suspended for
//! longer than the expiry. A file system that does not know about leases cannot refuse that one
//! write. What is written should therefore be whole files that are renamed into place. A virtual
//! machine that is paused as a whole has a clock that is paused too: it finds out by reading the
//! chain.
//!
//! `AMST_NO_FLOCK=1` does without `flock`, for tests.
#![warn(missing_docs)]

mod chain;
mod claim;
mod error;
mod flock;
mod guard;
mod heartbeat;
mod holder;
mod identity;
mod lease;
mod liveness;
mod seen;
mod system;

pub use claim::Options;
pub use error::{LeaseError, LostReason, Warning};
pub use guard::LeaseGuard;
pub use heartbeat::HEARTBEAT;
pub use holder::Holder;
pub use lease::Lease;
pub use seen::holder;

/// Whether a file name is of a lease or of the lock beside it.
///
/// ```
/// use amst_lease::is_lease_file;
/// assert!(is_lease_file("lock") && is_lease_file("lease"));
/// assert!(is_lease_file("lease.6f1c0f4e-5b0a-4c57-9d0e-000000000000.next"));
/// assert!(!is_lease_file("leases.csv"));
/// ```
pub fn is_lease_file(name: &str) -> bool {
    let is_lock = name == flock::LOCK;
    is_lock || name == chain::LEASE || name.starts_with(&format!("{}.", chain::LEASE))
}
