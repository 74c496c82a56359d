//! How often a checkpoint is written, and which are kept.

use std::str::FromStr;
use std::time::{Duration, Instant};

/// `--checkpoint-every`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SaveEvery {
    /// After each epoch.
    #[default]
    Epoch,
    /// After as many steps, whichever epochs they fall in.
    Steps(usize),
    /// After the step with which so much time has passed, by a monotonic clock.
    Time(Duration),
    /// Only when the run is asked to stop.
    Never,
}

impl FromStr for SaveEvery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let unit_seconds = match unit {
            "epoch" if digits == 0 => return Ok(Self::Epoch),
            "never" if digits == 0 => return Ok(Self::Never),
            "step" | "steps" => None,
            "s" => Some(1),
            "m" => Some(60),
            "h" => Some(3600),
            _ => return Err(unknown(text)),
        };
        let count = number.parse::<u64>().ok().filter(|count| *count > 0);
        let count = count.ok_or_else(|| unknown(text))?;
        let Some(unit_seconds) = unit_seconds else {
            return Ok(Self::Steps(count as usize));
        };
        let seconds = count
            .checked_mul(unit_seconds)
            .ok_or_else(|| unknown(text))?;
        Ok(Self::Time(Duration::from_secs(seconds)))
    }
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is neither `epoch`, `never`, a number of steps such as 200steps nor a time such \
         as 30s, 5m or 1h"
    )
}

/// `--keep`: which checkpoints remain. While a run goes on its newest two always do, so that there
/// is one to fall back on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keep {
    /// The selected network, once the run is finished.
    pub best: bool,
    /// The newest two, also when the run is finished.
    pub last: bool,
    /// Every one that is written.
    pub all: bool,
}

impl Default for Keep {
    fn default() -> Self {
        Self {
            best: true,
            last: false,
            all: false,
        }
    }
}

impl FromStr for Keep {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut keep = Self {
            best: false,
            last: false,
            all: false,
        };
        for word in text.split(',').map(str::trim) {
            match word {
                "best" => keep.best = true,
                "last" => keep.last = true,
                "all" => keep.all = true,
                "" => {
                    return Err(
                        "names nothing to keep: best, last, all, or several with commas".into(),
                    );
                }
                _ => return Err(format!("`{word}` is neither best, last nor all")),
            }
        }
        Ok(keep)
    }
}

/// Decides when the next checkpoint is due.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    every: SaveEvery,
    steps: usize,
    since: Instant,
}

impl Pace {
    pub fn new(every: SaveEvery) -> Self {
        Self {
            every,
            steps: 0,
            since: Instant::now(),
        }
    }

    /// Counts a step.
    pub fn step(&mut self) {
        self.steps += 1;
    }

    /// Whether one is due now, at the end of an epoch or after a step of one.
    pub fn is_due(&self, epoch_ended: bool) -> bool {
        match self.every {
            SaveEvery::Epoch => epoch_ended,
            SaveEvery::Steps(steps) => self.steps >= steps,
            SaveEvery::Time(time) => self.since.elapsed() >= time,
            SaveEvery::Never => false,
        }
    }

    /// A checkpoint was begun.
    pub fn restart(&mut self) {
        (self.steps, self.since) = (0, Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_they_are_written() {
        let minutes = |n: u64| Ok(SaveEvery::Time(Duration::from_secs(60 * n)));
        assert_eq!(
            ("5m".parse(), "1h".parse(), "60s".parse()),
            (minutes(5), minutes(60), minutes(1))
        );
        assert_eq!("200steps".parse(), Ok(SaveEvery::Steps(200)));
        assert_eq!(
            ("1step".parse(), "epoch".parse()),
            (Ok(SaveEvery::Steps(1)), Ok(SaveEvery::Epoch))
        );
        assert_eq!("never".parse(), Ok(SaveEvery::Never));
        for wrong in [
            "",
            "5",
            "0steps",
            "0m",
            "-1s",
            "3epoch",
            "5 m",
            "99999999999999999999s",
            "9999999999999999999h",
        ] {
            assert!(wrong.parse::<SaveEvery>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_is_named_and_naming_nothing_is_refused() {
        assert_eq!("best".parse(), Ok(Keep::default()));
        assert_eq!(
            "last, all".parse(),
            Ok(Keep {
                best: false,
                last: true,
                all: true
            })
        );
        for wrong in ["", ",", "best,", "first", "none"] {
            assert!(wrong.parse::<Keep>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_checkpoint_is_due_after_so_many_steps_and_then_again() {
        let mut pace = Pace::new(SaveEvery::Steps(2));
        pace.step();
        assert!(!pace.is_due(true));
        pace.step();
        assert!(pace.is_due(false));
        pace.restart();
        assert!(!pace.is_due(true));
        assert!(
            Pace::new(SaveEvery::Epoch).is_due(true) && !Pace::new(SaveEvery::Never).is_due(true)
        );
        assert!(Pace::new(SaveEvery::Time(Duration::ZERO)).is_due(false));
    }
}
