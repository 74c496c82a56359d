//! How patient a download is.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Time, so that tests need none.
pub trait Clock: Send + Sync {
    /// What time it is; a server may give a date to come back at.
    fn now(&self) -> SystemTime;
    /// Waits.
    fn sleep(&self, wait: Duration);
}

/// The machine's own clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, wait: Duration) {
        std::thread::sleep(wait);
    }
}

impl fmt::Debug for dyn Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}

/// How often and how patiently a download is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in a row that bring no new byte before it is given up.
    pub attempts: u32,
    /// The wait after the first failure; each further one is twice as long.
    pub first_wait: Duration,
    /// No wait is longer. A server that asks for more gets an error instead.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 5,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(120),
        }
    }
}

impl Retry {
    /// The wait after this many failures in a row.
    pub(crate) fn backoff(&self, failures: u32) -> Duration {
        let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
        self.first_wait
            .saturating_mul(doubled)
            .min(self.longest_wait)
    }
}

/// How patient a download is, and whether it may use the network at all.
#[derive(Clone, Debug)]
pub struct Options {
    /// Attempts and waits.
    pub retry: Retry,
    /// For a host's name to be found and for a connection.
    pub connect_timeout: Duration,
    /// No byte for this long counts as a failure.
    pub stall_timeout: Duration,
    /// Files that are here are checked, and nothing is asked for.
    pub offline: bool,
    /// The time; tests bring their own.
    pub clock: Arc<dyn Clock>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retry: Retry::default(),
            connect_timeout: Duration::from_secs(15),
            stall_timeout: Duration::from_secs(30),
            offline: false,
            clock: Arc::new(SystemClock),
        }
    }
}

impl Options {
    /// The defaults, offline if the environment says so ([`offline`](crate::offline)).
    pub fn from_env() -> Self {
        Self {
            offline: crate::offline(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_the_longest() {
        let retry = Retry::default();
        let waits: Vec<_> = (1..=4).map(|n| retry.backoff(n).as_millis()).collect();
        assert_eq!(waits, [500, 1000, 2000, 4000]);
        assert_eq!(retry.backoff(u32::MAX), retry.longest_wait);
    }
}
