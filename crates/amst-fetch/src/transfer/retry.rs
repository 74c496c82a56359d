//! When to try again, and how long to wait.

use std::fmt;
use std::time::{Duration, SystemTime};

use super::Options;
use super::address::shown_text;
use crate::{FetchError, Step};

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

impl Options {
    /// Waits after a number of failures in a row, or gives up.
    pub(crate) fn wait_after(
        &self,
        failures: u32,
        url: &str,
        why: String,
        asked_for: Option<(u16, Duration)>,
        progress: &mut dyn FnMut(Step),
    ) -> Result<(), FetchError> {
        let url = || shown_text(url);
        if failures >= self.retry.attempts {
            return Err(FetchError::Unreachable {
                url: url(),
                attempts: failures,
                why,
            });
        }
        let mut wait = self.retry.backoff(failures);
        if let Some((status, asked_for)) = asked_for {
            if asked_for > self.retry.longest_wait {
                return Err(FetchError::Busy {
                    url: url(),
                    status,
                    seconds: asked_for.as_secs(),
                });
            }
            wait = wait.max(asked_for);
        }
        progress(Step::Retrying {
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            why,
        });
        self.clock.sleep(wait);
        Ok(())
    }
}

/// Why an attempt did not bring the file.
#[derive(Debug)]
pub(crate) enum Failure {
    /// It may go better next time.
    Passing {
        /// In words.
        why: String,
        /// What the server asks for.
        retry_after: Option<(u16, Duration)>,
    },
    /// It will not.
    Final(FetchError),
}

impl Failure {
    pub(crate) fn passing(why: impl Into<String>) -> Self {
        Self::Passing {
            why: why.into(),
            retry_after: None,
        }
    }
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self::Final(error)
    }
}

/// Reads `Retry-After`: seconds, or a date. What cannot be read asks for nothing.
pub(crate) fn retry_after(text: &str, now: SystemTime) -> Option<Duration> {
    let text = text.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = httpdate::parse_http_date(text).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
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

    #[test]
    fn a_server_may_ask_in_seconds_or_by_date() {
        // RFC 9110's own example of a date, and a clock two minutes before it.
        let now = httpdate::parse_http_date("Fri, 31 Dec 1999 23:57:59 GMT").unwrap();
        let date = "Fri, 31 Dec 1999 23:59:59 GMT";
        assert_eq!(retry_after(date, now), Some(Duration::from_secs(120)));
        assert_eq!(retry_after(" 7 ", now), Some(Duration::from_secs(7)));
        assert_eq!(
            retry_after("Thu, 31 Dec 1998 23:59:59 GMT", now),
            Some(Duration::ZERO),
            "a date that has passed"
        );
        for nothing in ["", "soon", "-1", "1.5"] {
            assert_eq!(retry_after(nothing, now), None, "{nothing}");
        }
    }
}
