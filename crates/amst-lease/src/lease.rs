//! The lease itself.

use std::fs::File;
use std::path::Path;
use std::time::Duration;

use crate::claim::{Options, claim};
use crate::guard::LeaseGuard;
use crate::heartbeat::Heartbeat;
use crate::{LeaseError, Warning};

/// A directory that this process owns until this is dropped, or until [`Lease::check`] says that it
/// was lost. What a process that is killed leaves behind is taken over.
#[derive(Debug)]
pub struct Lease {
    guard: LeaseGuard,
    heartbeat: Option<Heartbeat>,
    warnings: Vec<Warning>,
    /// Unlocked after the lease is released, when this is dropped.
    _flock: Option<File>,
}

impl Lease {
    /// Claims a directory. Returns at once, except after a takeover: the owner before may not have
    /// noticed yet, and [`Options::settle`] is waited for.
    ///
    /// # Errors
    ///
    /// - [`LeaseError::Held`] if another process works there, [`LeaseError::Unreadable`] if one may,
    /// - [`LeaseError::Io`] for a directory that does not exist, cannot be written or is full,
    /// - [`LeaseError::Lost`] if another process took over while this one claimed,
    /// - [`LeaseError::Contended`], [`LeaseError::Times`].
    pub fn claim(dir: &Path, options: &Options) -> Result<Self, LeaseError> {
        let claimed = claim(dir, options)?;
        Ok(Self {
            guard: claimed.guard,
            heartbeat: None,
            warnings: claimed.warnings,
            _flock: claimed.flock,
        })
    }

    /// What the user should be told of this claim. The second call returns nothing.
    pub fn take_warnings(&mut self) -> Vec<Warning> {
        std::mem::take(&mut self.warnings)
    }

    /// Renews the lease now and every `interval` ([`HEARTBEAT`](crate::HEARTBEAT)), by a thread that
    /// ends with the lease.
    ///
    /// # Errors
    ///
    /// Those of [`Lease::renew`]; [`LeaseError::Times`] for an interval of more than a third of the
    /// expiry.
    pub fn heartbeat(&mut self, interval: Duration) -> Result<(), LeaseError> {
        // The one before ends first.
        self.heartbeat = None;
        self.heartbeat = Some(Heartbeat::start(self.guard.clone(), interval)?);
        Ok(())
    }

    /// Renews the lease once: it stands for a whole expiry from now on.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Lost`], then and ever after: a lease that has expired is not renewed.
    /// [`LeaseError::Io`] if the file system does not answer; it may later.
    pub fn renew(&self) -> Result<(), LeaseError> {
        self.guard.renew()
    }

    /// Whether this process still owns the directory. To be asked immediately before anything that
    /// only its owner may do.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Lost`], then and ever after. [`LeaseError::Io`] if that cannot be told.
    pub fn check(&self) -> Result<(), LeaseError> {
        self.guard.check()
    }

    /// Whether this process still owns the directory as far as it knows, from its clock and from
    /// the last heartbeat. Asks no file system, so that a loop may ask after every step.
    ///
    /// # Errors
    ///
    /// [`LeaseError::Lost`].
    pub fn check_known(&self) -> Result<(), LeaseError> {
        self.guard.check_known()
    }

    /// For [`check`](Self::check) from other threads.
    pub fn guard(&self) -> LeaseGuard {
        self.guard.clone()
    }

    /// Releases the lease of a directory that its owner renamed to `dir`.
    pub fn release_renamed(self, dir: &Path) {
        self.guard.set_dir(dir);
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.heartbeat = None;
        self.guard.release();
    }
}
