//! `--time`.

use std::str::FromStr;

/// Seconds before the end of its time at which a task is asked to save its run.
pub(super) const SAVE_BEFORE_SECONDS: u64 = 180;

/// The least that leaves a run some time to train.
const LEAST_SECONDS: u64 = 600;

/// How long a task may take until it is requeued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit {
    /// In whole seconds.
    pub seconds: u64,
}

impl TimeLimit {
    /// `1-02:03:04`, as sbatch takes it.
    pub(super) fn sbatch_text(self) -> String {
        let (minutes, seconds) = (self.seconds / 60, self.seconds % 60);
        let (hours, minutes) = (minutes / 60, minutes % 60);
        let (days, hours) = (hours / 24, hours % 24);
        format!("{days}-{hours:02}:{minutes:02}:{seconds:02}")
    }
}

impl FromStr for TimeLimit {
    type Err = String;

    /// `45m`, `4h`, `2d`, or one of sbatch's own forms.
    fn from_str(text: &str) -> Result<Self, String> {
        let seconds = seconds_of(text).ok_or_else(|| {
            format!(
                "`{text}` is no time: write 45m, 4h, 2d, or as sbatch does, 4:00:00 or 2-00:00:00"
            )
        })?;
        if seconds < LEAST_SECONDS {
            return Err(format!(
                "a run is asked to save itself {} minutes before its time is up: give 10m or more",
                SAVE_BEFORE_SECONDS / 60
            ));
        }
        Ok(Self { seconds })
    }
}

fn seconds_of(text: &str) -> Option<u64> {
    for (unit, seconds) in [('s', 1), ('m', 60), ('h', 3600), ('d', 86400)] {
        if let Some(number) = text.strip_suffix(unit) {
            return number.parse::<u64>().ok()?.checked_mul(seconds);
        }
    }
    let (days, clock) = match text.split_once('-') {
        Some((days, clock)) => (Some(days.parse::<u64>().ok()?), clock),
        None => (None, text),
    };
    let mut parts = Vec::new();
    for part in clock.split(':') {
        parts.push(part.parse::<u64>().ok()?);
    }
    // With days the first part is hours. Without, one or two parts begin with minutes.
    let (hours, minutes, seconds) = match (days.is_some(), parts.as_slice()) {
        (true, [hours]) => (*hours, 0, 0),
        (true, [hours, minutes]) => (*hours, *minutes, 0),
        (false, [minutes]) => (0, *minutes, 0),
        (false, [minutes, seconds]) => (0, *minutes, *seconds),
        (_, [hours, minutes, seconds]) => (*hours, *minutes, *seconds),
        _ => return None,
    };
    let hours = days.unwrap_or(0).checked_mul(24)?.checked_add(hours)?;
    let minutes = hours.checked_mul(60)?.checked_add(minutes)?;
    minutes.checked_mul(60)?.checked_add(seconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_and_as_sbatch_write_them() {
        for (text, sbatch) in [
            ("45m", "0-00:45:00"),
            ("4h", "0-04:00:00"),
            ("2d", "2-00:00:00"),
            ("900s", "0-00:15:00"),
            ("90", "0-01:30:00"),
            ("90:30", "0-01:30:30"),
            ("4:00:00", "0-04:00:00"),
            ("2-12", "2-12:00:00"),
            ("1-02:03", "1-02:03:00"),
            ("1-02:03:04", "1-02:03:04"),
        ] {
            let limit: TimeLimit = text.parse().unwrap();
            assert_eq!(limit.sbatch_text(), sbatch, "{text}");
        }
    }

    #[test]
    fn what_is_no_time_or_too_short_is_refused_with_what_would_do() {
        for text in [
            "",
            "h",
            "4 h",
            "four",
            "1:2:3:4",
            "1-1:1:1:1",
            "-1",
            "99999999999999999d",
        ] {
            let message = text.parse::<TimeLimit>().unwrap_err();
            assert!(message.contains("45m, 4h, 2d"), "{text}: {message}");
        }
        let short = "3m".parse::<TimeLimit>().unwrap_err();
        assert!(short.contains("give 10m or more"), "{short}");
    }
}
