//! What can go wrong with a lease, and what may be weaker than it should be.

use std::fmt;
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Holder;

/// Why a directory cannot be worked in.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another process works there.
    #[error(
        "{} is in use by {holder}{}: wait for it, or stop it and then go on",
        dir.display(),
        lease_ends(*left)
    )]
    Held {
        /// The directory.
        dir: PathBuf,
        /// Which process.
        holder: Holder,
        /// When others may take over if it does not renew its lease; `None` where the system
        /// itself says when it is gone.
        left: Option<Duration>,
    },
    /// A lease file in which no lease can be read. Its owner may still be at work.
    #[error(
        "{} cannot be read as a lease ({why}), and the process that wrote it may be at work: try again in \
         {} s, when it has expired, or remove the file if nothing works in this folder",
        path.display(),
        whole_seconds(*left)
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
        /// When it will be taken over.
        left: Duration,
    },
    /// This process no longer owns the directory, and must write nothing there.
    #[error(
        "the lease on {} was lost: {why}; this process writes nothing more there, and the same \
         command goes on from what was saved",
        dir.display()
    )]
    Lost {
        /// The directory.
        dir: PathBuf,
        /// How.
        why: LostReason,
    },
    /// Too many processes claim and give up again at the same time.
    #[error("{} is claimed by many processes at once: try again in a minute", dir.display())]
    Contended {
        /// The directory.
        dir: PathBuf,
    },
    /// Times that do not fit together.
    #[error("{why}")]
    Times {
        /// Which, and which would.
        why: String,
    },
    /// A file cannot be read or written.
    #[error("cannot {verb} {}: {source}; {}", path.display(), remedy(source))]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The system's words.
        source: io::Error,
    },
}

impl LeaseError {
    pub(crate) fn io(verb: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { verb, path, source }
    }
}

/// How a lease was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LostReason {
    /// Another process took over.
    Taken {
        /// Which one.
        by: Holder,
    },
    /// It was not renewed in time, because this process or its machine was suspended, or the file
    /// system did not answer. Another process may have taken over, or may do so at any moment.
    Expired {
        /// Since it was renewed.
        after: Duration,
        /// For how long it stands.
        expiry: Duration,
    },
    /// Its file is gone.
    Removed,
    /// Another file stands in its place, and no lease can be read in it.
    Overwritten {
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for LostReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken { by } => write!(f, "{by}, took over"),
            Self::Expired { after, expiry } => write!(
                f,
                "it stands for {} s and was not renewed for {} s (was the process suspended?)",
                whole_seconds(*expiry),
                whole_seconds(*after)
            ),
            Self::Removed => f.write_str("its file was removed"),
            Self::Overwritten { why } => write!(
                f,
                "a file that cannot be read as a lease stands in its place ({why})"
            ),
        }
    }
}

/// A lease that is held, but protects less well than it could. Something to tell the user once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// The file system refuses `flock`.
    NoFlock {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: String,
    },
    /// `flock` is still held for an owner whose lease has expired.
    StaleFlock {
        /// The file.
        path: PathBuf,
        /// Whom its content names.
        holder: Holder,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoFlock { path, why } => write!(
                f,
                "{} cannot be locked ({why}): the file `lease` beside it alone keeps other \
                 processes out, so none of an older version of amst may work there",
                path.display()
            ),
            Self::StaleFlock { path, holder } => write!(
                f,
                "{} is still locked for {holder}, whose lease has expired: it was taken over, and \
                 that process will stop when it wakes up",
                path.display()
            ),
        }
    }
}

fn lease_ends(left: Option<Duration>) -> String {
    left.map_or_else(String::new, |left| {
        let seconds = whole_seconds(left);
        format!(" (its lease ends in {seconds} s unless it renews it)")
    })
}

fn whole_seconds(duration: Duration) -> u64 {
    duration.as_secs() + u64::from(duration.subsec_nanos() > 0)
}

fn remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            "free some space there, or choose another folder"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            "make it readable and writable for you, or choose another folder"
        }
        ErrorKind::NotFound | ErrorKind::NotADirectory => "make the folder first",
        _ => "check that the file system is mounted and answers, and try again",
    }
}
