//! Becoming the owner of a directory.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use crate::chain::{self, Entry, LEASE};
use crate::flock::{self, Flock};
use crate::guard::LeaseGuard;
use crate::identity::{Identity, Record, VERSION};
use crate::liveness::{Observer, Owner};
use crate::{Holder, LeaseError, Warning, system};

/// How a directory is claimed. All processes that share it should agree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// For how long a lease stands without being renewed. 5 minutes.
    pub expiry: Duration,
    /// How long a new owner waits before it begins, where the one before may not have noticed yet.
    /// 65 seconds, longer than NFS remembers names and times.
    pub settle: Duration,
    /// Whether to use `flock`. Yes, unless the environment says `AMST_NO_FLOCK=1`.
    pub flock: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            expiry: Duration::from_secs(300),
            settle: Duration::from_secs(65),
            flock: flock_is_wanted(),
        }
    }
}

/// `AMST_NO_FLOCK=1` does without.
pub(crate) fn flock_is_wanted() -> bool {
    std::env::var_os("AMST_NO_FLOCK").is_none_or(|value| value != "1")
}

/// How soon after it is created a file is written, on a busy machine.
const WRITTEN: Duration = Duration::from_secs(2);

/// A directory that was claimed.
pub(crate) struct Claimed {
    pub guard: LeaseGuard,
    /// Locked until it is closed.
    pub flock: Option<File>,
    pub warnings: Vec<Warning>,
}

/// Claims a directory.
pub(crate) fn claim(dir: &Path, options: &Options) -> Result<Claimed, LeaseError> {
    let expiry_ms = expiry_ms(options)?;
    let me = Identity::this_process();
    let is_local = system::is_local(dir).map_err(LeaseError::io("read", dir))?;
    let (mut flock, mut busy, mut warnings) = (None, None, Vec::new());
    if options.flock {
        match flock::take(dir, &me)? {
            Flock::Held(file) => flock = Some(file),
            Flock::Busy(holder) if is_local => {
                let (dir, left) = (dir.into(), None);
                return Err(LeaseError::Held { dir, holder, left });
            }
            Flock::Busy(holder) => busy = Some(holder),
            Flock::Failed(error) => warnings.push(Warning::NoFlock {
                path: dir.join(flock::LOCK),
                why: error.to_string(),
            }),
        }
    }
    let has_truth = is_local && flock.is_some();
    let attempt = Attempt {
        dir,
        options,
        record: Record {
            version: VERSION,
            uuid: system::random_uuid().map_err(LeaseError::io("name a file in", dir))?,
            owner: me,
            expiry_ms,
            flock: flock.is_some(),
        },
        is_local,
        has_truth,
        busy: busy.clone(),
    };
    let guard = attempt.repeat()?;
    if let Some(holder) = busy {
        let path = dir.join(flock::LOCK);
        warnings.push(Warning::StaleFlock { path, holder });
    }
    Ok(Claimed {
        guard,
        flock,
        warnings,
    })
}

fn expiry_ms(options: &Options) -> Result<u64, LeaseError> {
    let week = Duration::from_secs(7 * 24 * 3600);
    if options.expiry < Duration::from_millis(10) || options.expiry > week {
        let why = format!(
            "a lease cannot expire after {:?}: choose between 10 ms and a week",
            options.expiry
        );
        return Err(LeaseError::Times { why });
    }
    if options.settle > options.expiry / 2 {
        let why = format!(
            "a new owner cannot wait for {:?} when leases expire after {:?}: choose at most half",
            options.settle, options.expiry
        );
        return Err(LeaseError::Times { why });
    }
    Ok(u64::try_from(options.expiry.as_millis()).unwrap_or(u64::MAX))
}

/// One claim of one process.
struct Attempt<'a> {
    dir: &'a Path,
    options: &'a Options,
    record: Record,
    is_local: bool,
    /// Whether `flock` is held and keeps everybody else out.
    has_truth: bool,
    /// Who holds `flock` on a file system where that is not the truth.
    busy: Option<Holder>,
}

/// Where a lease can be created.
struct Place {
    path: std::path::PathBuf,
    /// Whether the owner before may not have noticed yet.
    settles: bool,
}

impl Attempt<'_> {
    /// Tries until this process or another one that lives is the owner.
    fn repeat(&self) -> Result<LeaseGuard, LeaseError> {
        let began = system::boottime();
        for _ in 0..1000 {
            let asked = system::boottime();
            let place = match self.place() {
                Ok(place) => place,
                // Perhaps its owner created it just now and is about to write it.
                Err(LeaseError::Unreadable { .. }) if asked.saturating_sub(began) < WRITTEN => {
                    std::thread::sleep(Duration::from_millis(20));
                    continue;
                }
                Err(error) => return Err(error),
            };
            let Some(file) = chain::create(&place.path, &self.record)? else {
                // Another process was faster.
                continue;
            };
            let (record, is_authority) = (self.record.clone(), !self.has_truth);
            let guard = LeaseGuard::new(self.dir, record, file, is_authority, asked);
            if !self.stands(&place.path)? {
                continue;
            }
            if place.settles {
                std::thread::sleep(self.options.settle);
            }
            // Reads the chain again, and stands for a whole expiry from now on.
            guard.renew()?;
            guard.fold()?;
            return Ok(guard);
        }
        Err(LeaseError::Contended {
            dir: self.dir.into(),
        })
    }

    /// Where this process may create its file.
    fn place(&self) -> Result<Place, LeaseError> {
        let chain = chain::read(self.dir)?;
        let Some(end) = chain.last() else {
            return match &self.busy {
                None => Ok(Place {
                    path: self.dir.join(LEASE),
                    settles: false,
                }),
                // One that has no lease, and so none that could expire.
                Some(holder) => Err(LeaseError::Held {
                    dir: self.dir.into(),
                    holder: holder.clone(),
                    left: None,
                }),
            };
        };
        let observer = Observer {
            dir: self.dir,
            me: &self.record.owner,
            has_free_flock: self.has_truth,
            expiry: self.options.expiry,
        };
        let settles = match observer.judge(end)? {
            Owner::Alive { left } => return Err(self.refused(end, left)),
            Owner::Expired => true,
            Owner::Gone => !self.is_local,
        };
        Ok(Place {
            path: chain::successor_of(self.dir, &end.id),
            settles,
        })
    }

    fn refused(&self, end: &Entry, left: Duration) -> LeaseError {
        match &end.record {
            Ok(record) => LeaseError::Held {
                dir: self.dir.into(),
                holder: Holder::from(&record.owner),
                left: Some(left),
            },
            Err(why) => LeaseError::Unreadable {
                path: end.path.clone(),
                why: why.clone(),
                left,
            },
        }
    }

    /// Whether the file at `path`, which this process just created, is in the chain. If not, its
    /// predecessor was left out meanwhile, and the file is removed again. It stays if it is in the
    /// chain but not its end: then it was taken over already, which the guard finds out.
    fn stands(&self, path: &Path) -> Result<bool, LeaseError> {
        let id = self.record.uuid.to_string();
        let stands = chain::read(self.dir)?.iter().any(|entry| entry.id == id);
        if !stands {
            fs::remove_file(path).ok();
        }
        Ok(stands)
    }
}
