//! What is to be downloaded, and what came of it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{Content, Expected, Token};

/// One file somewhere on the network, and how to know it.
#[derive(Clone, Debug)]
pub struct Source {
    /// `http` or `https`.
    pub url: String,
    /// What its content must be; at least one digest.
    pub expected: Expected,
    /// Sent as `Authorization: Bearer` to the address's own scheme, host and port, and nowhere
    /// else.
    pub token: Option<Token>,
    /// Further headers, sent to that place alone too.
    pub headers: Vec<(String, String)>,
}

impl Source {
    /// A source that needs no token.
    pub fn new(url: impl Into<String>, expected: Expected) -> Self {
        Self {
            url: url.into(),
            expected,
            token: None,
            headers: Vec::new(),
        }
    }
}

/// A file that is here and is the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    /// Where it lies.
    pub path: PathBuf,
    /// What was found when all of it was read.
    pub content: Content,
    /// Bytes that came over the network for it, those of failed attempts included; none if it was
    /// here before.
    pub received: u64,
}

/// What happens during a download, for those who show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Step {
    /// Another process downloads the same file; this one waits for it.
    Waiting,
    /// An earlier download goes on.
    Resuming {
        /// Bytes that are here already.
        from: u64,
    },
    /// What was here cannot be used.
    StartingOver {
        /// The reason.
        why: String,
    },
    /// Bytes came.
    Received {
        /// Bytes that are here now.
        done: u64,
        /// Bytes of the whole file, where that is known.
        total: Option<u64>,
    },
    /// An attempt failed and another will follow.
    Retrying {
        /// Milliseconds until then.
        wait_ms: u64,
        /// The reason.
        why: String,
    },
    /// The file is read once more, from its first byte to its last.
    Verifying,
    /// A file that is not what it should be was put aside.
    Quarantined {
        /// Where it is now.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}
