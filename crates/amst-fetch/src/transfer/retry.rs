//! When to try again, and how long to wait.

use std::time::{Duration, SystemTime};

use super::address::shown_text;
use super::options::Options;
use crate::{FetchError, Step};

impl Options {
    /// Attempts until one succeeds or there is no use in another.
    pub(crate) fn attempts<T>(
        &self,
        url: &str,
        mut attempt: impl FnMut() -> Result<T, Failure>,
    ) -> Result<T, FetchError> {
        let mut failures = 0;
        loop {
            match attempt() {
                Ok(found) => return Ok(found),
                Err(Failure::Final(error)) => return Err(error),
                Err(Failure::Passing { why, retry_after }) => {
                    failures += 1;
                    self.wait_after(failures, url, why, retry_after, &mut |_| ())?;
                }
            }
        }
    }

    /// Waits after a number of failures in a row, or gives up.
    pub(crate) fn wait_after(
        &self,
        failures: u32,
        url: &str,
        why: String,
        asked_for: Option<(u16, Duration)>,
        progress: &mut dyn FnMut(Step),
    ) -> Result<(), FetchError> {
        if failures >= self.retry.attempts {
            return Err(FetchError::Unreachable {
                url: shown_text(url),
                attempts: failures,
                why,
            });
        }
        let mut wait = self.retry.backoff(failures);
        if let Some((status, asked_for)) = asked_for {
            if asked_for > self.retry.longest_wait {
                return Err(FetchError::Busy {
                    url: shown_text(url),
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
        /// The reason.
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
