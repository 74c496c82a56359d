//! The process that works in a directory, for messages.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::identity::{Identity, seconds_since_1970};

/// The process that works in a directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Its number.
    pub pid: u32,
    /// The machine on which it runs.
    pub host: String,
    /// When it began, in seconds since 1970 by its machine's clock.
    pub started: u64,
}

impl Holder {
    /// For how long it has been running by the local clock; zero where the clocks of two machines
    /// disagree, or this one was set back.
    pub fn running(&self) -> Duration {
        Duration::from_secs(seconds_since_1970().saturating_sub(self.started))
    }

    /// One of which nothing can be read.
    pub(crate) fn unknown() -> Self {
        Self {
            pid: 0,
            host: "an unknown machine".into(),
            started: seconds_since_1970(),
        }
    }
}

impl From<&Identity> for Holder {
    fn from(owner: &Identity) -> Self {
        Self {
            pid: owner.pid,
            host: owner.host.clone(),
            started: owner.started,
        }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_back_gives_no_time_rather_than_a_negative_one() {
        let holder = Holder {
            pid: 1,
            host: "here".into(),
            started: seconds_since_1970() + 7200,
        };
        assert_eq!(holder.running(), Duration::ZERO);
        assert!(holder.to_string().contains("0 minutes ago"));
    }
}
