//! How far a download is: a bar on a terminal, lines elsewhere.

use std::collections::BTreeMap;
use std::io::IsTerminal;
use std::time::{Duration, Instant};

use amst_fetch::Step;
use indicatif::{HumanBytes, HumanDuration, ProgressBar, ProgressStyle};

/// Pause between two lines where there is no bar.
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// Bytes of several files, shown as one.
pub struct Bar {
    /// Bytes that are here, and the whole length where it is known.
    files: BTreeMap<String, (u64, Option<u64>)>,
    /// Bytes of everything, where that was known before.
    total: Option<u64>,
    start: Instant,
    /// Bytes that came since then, which tell the speed.
    came: u64,
    last_line: Instant,
    bar: Option<ProgressBar>,
}

impl Bar {
    /// A bar if standard error is a terminal.
    pub fn new(total: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(total.unwrap_or(0));
            let style = ProgressStyle::with_template(
                "{bar:30} {percent:>3} %  {bytes}/{total_bytes}, {msg}",
            );
            bar.set_style(style.expect("the template is sound"));
            bar.enable_steady_tick(Duration::from_millis(500));
            bar
        });
        Self {
            files: BTreeMap::new(),
            total,
            start: Instant::now(),
            came: 0,
            last_line: Instant::now(),
            bar,
        }
    }

    /// Shows what happens to a file.
    pub fn update(&mut self, file: &str, step: &Step) {
        let entry = self.files.entry(file.into()).or_default();
        match step {
            Step::Resuming { from } => entry.0 = *from,
            Step::Received { done, total } => {
                self.came += done.saturating_sub(entry.0);
                *entry = (*done, *total);
            }
            Step::StartingOver { .. } => entry.0 = 0,
            _ => {}
        }
        if let Some(words) = words(step) {
            self.say(&format!("{file}: {words}"));
        }
        self.show(file);
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    fn say(&self, line: &str) {
        match &self.bar {
            Some(bar) => bar.println(line),
            None => eprintln!("{line}"),
        }
    }

    fn show(&mut self, file: &str) {
        let (done, total) = (self.done(), self.total());
        let left = self.left();
        if let Some(bar) = &self.bar {
            bar.set_length(total);
            bar.set_position(done);
            bar.set_message(format!("{left}, {file}"));
        } else if self.last_line.elapsed() >= BETWEEN_LINES {
            self.last_line = Instant::now();
            eprintln!(
                "{} of {}, {left}, {file}",
                HumanBytes(done),
                HumanBytes(total)
            );
        }
    }

    fn done(&self) -> u64 {
        self.files.values().map(|(done, _)| done).sum()
    }

    fn total(&self) -> u64 {
        let known = self
            .files
            .values()
            .map(|(done, total)| total.unwrap_or(*done))
            .sum();
        self.total.unwrap_or(0).max(known)
    }

    /// The time remaining at the speed so far.
    fn left(&self) -> String {
        remaining(
            self.came,
            self.total().saturating_sub(self.done()),
            self.start.elapsed(),
        )
    }
}

fn remaining(came: u64, missing: u64, took: Duration) -> String {
    if came == 0 || took < Duration::from_secs(1) {
        return "time remaining not known yet".into();
    }
    let seconds = took.as_secs_f64() * missing as f64 / came as f64;
    format!(
        "{} left",
        HumanDuration(Duration::from_secs_f64(seconds.min(1e9)))
    )
}

/// The line of a step that is worth one.
fn words(step: &Step) -> Option<String> {
    match step {
        Step::Waiting => Some("another process downloads it; waiting".into()),
        Step::Resuming { from } => Some(format!("going on after {}", HumanBytes(*from))),
        Step::StartingOver { why } => Some(format!("starting over: {why}")),
        Step::Retrying { wait_ms, why } => Some(format!(
            "{why}; trying again in {:.1} s",
            *wait_ms as f64 / 1000.0
        )),
        Step::Quarantined { path, why } => Some(format!("{why}; put aside as {}", path.display())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(done: u64, total: u64) -> Step {
        Step::Received {
            done,
            total: Some(total),
        }
    }

    #[test]
    fn bytes_of_all_files_add_up_and_those_that_were_here_do_not_count_for_the_speed() {
        let mut bar = Bar::new(Some(1000));
        bar.update("a", &Step::Resuming { from: 300 });
        bar.update("a", &received(400, 600));
        bar.update("b", &received(50, 100));
        assert_eq!((bar.done(), bar.total(), bar.came), (450, 1000, 150));
        bar.update("a", &Step::StartingOver { why: "test".into() });
        assert_eq!(bar.done(), 50);
    }

    #[test]
    fn an_unknown_total_grows_with_what_is_learnt() {
        let mut bar = Bar::new(None);
        bar.update("a", &received(1, 600));
        bar.update("b", &received(2, 100));
        assert_eq!(bar.total(), 700);
    }

    #[test]
    fn the_time_remaining_is_that_at_the_speed_so_far() {
        assert_eq!(
            remaining(0, 10, Duration::from_secs(5)),
            "time remaining not known yet"
        );
        assert_eq!(
            remaining(100, 1200, Duration::from_secs(10)),
            "2 minutes left"
        );
    }

    #[test]
    fn a_quarantine_and_a_retry_are_said() {
        let said = words(&Step::Quarantined {
            path: "x.quarantine".into(),
            why: "its SHA-256 is a, not b".into(),
        });
        assert!(said.unwrap().contains("x.quarantine"));
        assert_eq!(
            words(&Step::Retrying {
                wait_ms: 1500,
                why: "why".into()
            })
            .unwrap(),
            "why; trying again in 1.5 s"
        );
        assert_eq!(words(&received(1, 2)), None);
    }
}
