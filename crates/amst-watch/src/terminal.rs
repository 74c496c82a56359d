//! The loop between the runs, the keys and the terminal.

use std::io::{self, IsTerminal};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ratatui::DefaultTerminal;
use ratatui::crossterm::event::{self, Event};

use crate::followed_curves::{FollowedCurves, LogState, log_state};
use crate::{RunCurves, Screen, Step, WatchError, WatchedRun, draw};

/// Runs are listed again at least this often, to see new ones and those whose process has ended.
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// Listing may take a hundredth of the time.
const SHARE: u32 = 100;

/// A key is answered, and a signal seen, at least this soon.
const PATIENCE: Duration = Duration::from_millis(250);

/// How [`watch`] behaves.
#[derive(Clone, Debug)]
pub struct WatchOptions {
    /// How often logs are looked at.
    pub interval: Duration,
    /// The screen is left once this is true, as a handler of signals sets it.
    pub stop: Arc<AtomicBool>,
}

impl Default for WatchOptions {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(2),
            stop: Arc::default(),
        }
    }
}

/// Shows the runs that `list` finds until a key ends it. `list` is asked again when a log of a run
/// has changed, and every ten seconds; less often where it takes so long that it would need more
/// than a hundredth of a core.
///
/// The terminal is as before when this returns, also after an error or a panic.
///
/// # Errors
///
/// Input or output is no terminal, or the terminal does not work.
pub fn watch(
    list: impl FnMut() -> Vec<WatchedRun>,
    options: &WatchOptions,
) -> Result<(), WatchError> {
    if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
        return Err(WatchError::NotATerminal);
    }
    // Also sets a panic hook that restores the terminal before the message is printed.
    let terminal = ratatui::try_init()?;
    let _restored = RestoredTerminal;
    follow(terminal, list, options)
}

/// Gives the terminal back when it goes out of scope.
struct RestoredTerminal;

impl Drop for RestoredTerminal {
    fn drop(&mut self) {
        // After a panic the hook has done it: once more would put the cursor over the message.
        if !std::thread::panicking() {
            // There is nothing to be done about a terminal that is gone.
            let _ = ratatui::try_restore();
        }
    }
}

fn follow(
    mut terminal: DefaultTerminal,
    list: impl FnMut() -> Vec<WatchedRun>,
    options: &WatchOptions,
) -> Result<(), WatchError> {
    let mut listing = Listing::new(list, options.interval);
    let mut curves = FollowedCurves::default();
    let mut screen = Screen::new(listing.ask());
    let mut is_new = true;
    refresh(&mut screen, &mut curves);
    let mut next_look = Instant::now() + options.interval;
    while !options.stop.load(Ordering::Relaxed) {
        if is_new {
            terminal.draw(|frame| draw(frame, &screen))?;
            is_new = false;
        }
        let wait = next_look.saturating_duration_since(Instant::now());
        if event::poll(wait.min(PATIENCE))? {
            match event::read()? {
                Event::Key(key) => match screen.press(key, terminal.size()?.width) {
                    Step::Leave => break,
                    Step::Changed => {
                        refresh(&mut screen, &mut curves);
                        is_new = true;
                    }
                    Step::Same => {}
                },
                Event::Resize(..) => is_new = true,
                _ => {}
            }
        }
        if Instant::now() >= next_look {
            if let Some(runs) = listing.ask_if_due() {
                is_new |= runs != screen.runs();
                screen.set_runs(runs);
            }
            is_new |= refresh(&mut screen, &mut curves);
            next_look = Instant::now() + options.interval;
        }
    }
    Ok(())
}

/// Brings the curves up to date; whether they are others than before.
fn refresh(screen: &mut Screen, curves: &mut FollowedCurves) -> bool {
    let changed = match screen.selected() {
        Some(run) => curves.changed(&run.folder, screen.metric()),
        None => {
            screen.curves = RunCurves::None;
            return false;
        }
    };
    let is_new = changed.is_some();
    if let Some(changed) = changed {
        screen.curves = changed;
    }
    is_new
}

/// Asks the program for its runs, no more often than there is a reason to.
struct Listing<F> {
    list: F,
    logs: Vec<(PathBuf, LogState)>,
    asked: Instant,
    least_wait: Duration,
}

impl<F: FnMut() -> Vec<WatchedRun>> Listing<F> {
    fn new(list: F, interval: Duration) -> Self {
        Self {
            list,
            logs: Vec::new(),
            asked: Instant::now(),
            least_wait: interval,
        }
    }

    fn ask(&mut self) -> Vec<WatchedRun> {
        let begin = Instant::now();
        let runs = (self.list)();
        self.asked = Instant::now();
        self.least_wait = SHARE * begin.elapsed();
        // A log that grew while the runs were listed is seen at the next look, or within ten
        // seconds.
        let folders = runs.iter().map(|run| run.folder.clone());
        self.logs = folders
            .map(|folder| {
                let state = log_state(&folder);
                (folder, state)
            })
            .collect();
        runs
    }

    fn ask_if_due(&mut self) -> Option<Vec<WatchedRun>> {
        let waited = self.asked.elapsed();
        let is_changed = || {
            self.logs
                .iter()
                .any(|(folder, state)| log_state(folder) != *state)
        };
        let is_due = waited >= self.least_wait && (waited >= LONGEST_WAIT || is_changed());
        is_due.then(|| self.ask())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_listed_again_after_a_log_has_changed() {
        let folder = tempfile::tempdir().unwrap();
        let run = WatchedRun::in_folder(folder.path());
        let mut asked = 0;
        let list = || {
            asked += 1;
            vec![run.clone()]
        };
        let mut listing = Listing::new(list, Duration::ZERO);
        listing.ask();
        listing.least_wait = Duration::ZERO;
        assert_eq!(listing.ask_if_due(), None, "nothing is new");
        std::fs::write(folder.path().join("events.jsonl"), "{}\n").unwrap();
        assert_eq!(listing.ask_if_due(), Some(vec![run.clone()]));
        listing.least_wait = Duration::from_secs(3600);
        std::fs::write(folder.path().join("events.jsonl"), "{}\n{}\n").unwrap();
        assert_eq!(listing.ask_if_due(), None, "it would cost too much");
        drop(listing);
        assert_eq!(asked, 2);
    }
}
