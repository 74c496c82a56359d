//! The owner's view of its own lease: whether it still has it, and renewing it.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::chain::{self, Entry, LEASE};
use crate::identity::Record;
use crate::{Holder, LeaseError, LostReason, system};

/// Asks whether this process still owns a directory, from any thread. Clones are one. It does not
/// keep the lease: [`Lease`](crate::Lease) does.
#[derive(Clone, Debug)]
pub struct LeaseGuard(Arc<Owned>);

#[derive(Debug)]
struct Owned {
    record: Record,
    /// Open for reading since the claim: heartbeats reach this very file, whatever has its name.
    file: File,
    /// After how long without renewal it is lost by this machine's clock; `None` where `flock`
    /// keeps others out for as long as the process lives.
    deadline: Option<Duration>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    dir: PathBuf,
    /// [`system::boottime`] just before the server was last asked to renew.
    renewed: Duration,
    lost: Option<LostReason>,
}

impl LeaseGuard {
    /// Of a file that was just created in `dir`, at a time that is not before `renewed`.
    pub(crate) fn new(
        dir: &Path,
        record: Record,
        file: File,
        is_authority: bool,
        renewed: Duration,
    ) -> Self {
        let expiry = Duration::from_millis(record.expiry_ms);
        Self(Arc::new(Owned {
            record,
            file,
            deadline: is_authority.then(|| expiry * 9 / 10),
            state: Mutex::new(State {
                dir: dir.into(),
                renewed,
                lost: None,
            }),
        }))
    }

    /// As [`Lease::check`](crate::Lease::check).
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn check(&self) -> Result<(), LeaseError> {
        self.check_known()?;
        self.examine(&chain::read(&self.dir())?)
    }

    /// As [`Lease::renew`](crate::Lease::renew).
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn renew(&self) -> Result<(), LeaseError> {
        self.check_known()?;
        let asked = system::boottime();
        let dir = self.dir();
        system::touch(&self.0.file).map_err(LeaseError::io("renew the lease in", &dir))?;
        self.examine(&chain::read(&dir)?)?;
        self.state().renewed = asked;
        Ok(())
    }

    /// As [`Lease::check_known`](crate::Lease::check_known).
    ///
    /// # Errors
    ///
    /// Those of that.
    pub fn check_known(&self) -> Result<(), LeaseError> {
        let mut state = self.state();
        let after = system::boottime().saturating_sub(state.renewed);
        if state.lost.is_none() && self.0.deadline.is_some_and(|deadline| after >= deadline) {
            state.lost = Some(LostReason::Expired {
                after,
                expiry: Duration::from_millis(self.0.record.expiry_ms),
            });
        }
        match &state.lost {
            None => Ok(()),
            Some(why) => Err(LeaseError::Lost {
                dir: state.dir.clone(),
                why: why.clone(),
            }),
        }
    }

    /// Compares a chain that was just read: the lease is lost if its end is not this one.
    fn examine(&self, chain: &[Entry]) -> Result<(), LeaseError> {
        let why = match chain.last() {
            None => LostReason::Removed,
            Some(end) if end.id == self.id() => return Ok(()),
            Some(end) => match &end.record {
                Ok(record) => LostReason::Taken {
                    by: Holder::from(&record.owner),
                },
                Err(why) => LostReason::Overwritten { why: why.clone() },
            },
        };
        self.state().lost.get_or_insert(why);
        self.check_known()
    }

    pub(crate) fn id(&self) -> String {
        self.0.record.uuid.to_string()
    }

    pub(crate) fn expiry(&self) -> Duration {
        Duration::from_millis(self.0.record.expiry_ms)
    }

    pub(crate) fn dir(&self) -> PathBuf {
        self.state().dir.clone()
    }

    /// The directory was renamed.
    pub(crate) fn set_dir(&self, dir: &Path) {
        self.state().dir = dir.into();
    }

    /// Renames the own file over `lease` and removes what it leaves out. This only tidies: where it
    /// fails, the chain is longer and says the same.
    pub(crate) fn fold(&self) -> Result<(), LeaseError> {
        let dir = self.dir();
        let mut chain = chain::read(&dir)?;
        self.examine(&chain)?;
        if chain.len() < 2 {
            return Ok(());
        }
        let Some(own) = chain.pop() else {
            return Ok(());
        };
        if fs::rename(&own.path, dir.join(LEASE)).is_err() {
            // On NFS it may have happened all the same.
            return self.check();
        }
        // The first is the one that was just replaced.
        for between in chain.iter().skip(1) {
            fs::remove_file(&between.path).ok();
        }
        self.check()
    }

    /// Removes the own file, if it is still the end of the chain.
    pub(crate) fn release(&self) {
        if self.fold().is_err() || self.is_about_to_expire() {
            return;
        }
        let path = self.dir().join(LEASE);
        if let Ok(Some(first)) = chain::read_entry(&path)
            && first.id == self.id()
        {
            fs::remove_file(&path).ok();
        }
    }

    /// Whether another process might be about to take over, so that a file is better left alone.
    fn is_about_to_expire(&self) -> bool {
        let after = system::boottime().saturating_sub(self.state().renewed);
        (self.0.deadline).is_some_and(|deadline| after >= deadline * 9 / 10)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A thread that panicked left whole values.
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
