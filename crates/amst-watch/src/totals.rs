//! All runs together.

use crate::lettering::duration;
use crate::{WatchedRun, WatchedState};

/// Progress and time left of several runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Runs.
    pub runs: usize,
    /// Mean share of the runs' epochs that is done, in 0..1.
    pub progress: f64,
    /// Estimated seconds until no run that goes on or could is left, if as many train at once as
    /// now; `None` where nothing is known.
    pub seconds_left: Option<f64>,
    /// Runs that are not over and of which nothing is known yet.
    pub without_estimate: usize,
    /// Runs in each state that there is, with its word.
    pub states: Vec<(&'static str, usize)>,
}

impl Totals {
    /// Those of the runs.
    pub fn of(runs: &[WatchedRun]) -> Self {
        let shares: f64 = runs.iter().map(WatchedRun::progress).sum();
        let goes_on =
            |run: &&WatchedRun| matches!(run.state, WatchedState::Running | WatchedState::Stopped);
        let left: Vec<f64> = runs.iter().filter_map(|run| run.seconds_left).collect();
        let open = runs.iter().filter(goes_on);
        let running = runs.iter().filter(|run| run.state == WatchedState::Running);
        let at_once = running.count().max(1) as f64;
        // However many train at once, the longest run takes its own time.
        let longest = left.iter().copied().fold(0.0, f64::max);
        let seconds = longest.max(left.iter().sum::<f64>() / at_once);
        let states = WatchedState::WORDS.into_iter().filter_map(|word| {
            let n = runs.iter().filter(|run| run.state.word() == word).count();
            (n > 0).then_some((word, n))
        });
        Self {
            runs: runs.len(),
            progress: shares / runs.len().max(1) as f64,
            seconds_left: (!left.is_empty()).then_some(seconds),
            without_estimate: open.filter(|run| run.seconds_left.is_none()).count(),
            states: states.collect(),
        }
    }

    /// One line: `3 runs: 2 finished, 1 running; 80 % done, about 5 min left`.
    pub fn sentence(&self) -> String {
        match self.runs {
            0 => "no runs yet".into(),
            _ => format!("{}; {}", self.count(), self.what_is_left()),
        }
    }

    /// The same with the more important half first, for a line that may be cut.
    pub fn title(&self) -> String {
        match self.runs {
            0 => "no runs yet".into(),
            _ => format!("{}; {}", self.what_is_left(), self.count()),
        }
    }

    fn count(&self) -> String {
        let word = if self.runs == 1 { "run" } else { "runs" };
        let states: Vec<String> = self
            .states
            .iter()
            .map(|(word, n)| format!("{n} {word}"))
            .collect();
        format!("{} {word}: {}", self.runs, states.join(", "))
    }

    fn what_is_left(&self) -> String {
        let percent = (100.0 * self.progress).floor();
        let mut text = format!("{percent:.0} % done");
        if let Some(seconds) = self.seconds_left {
            let bound = if self.without_estimate > 0 {
                "more than"
            } else {
                "about"
            };
            text += &format!(", {bound} {} left", duration(seconds));
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(state: WatchedState, epoch: usize, seconds_left: Option<f64>) -> WatchedRun {
        WatchedRun {
            state,
            epoch,
            epochs: Some(10),
            seconds_left,
            ..WatchedRun::in_folder("digits/naive/0-1")
        }
    }

    #[test]
    fn runs_at_once_share_what_is_left_but_for_the_longest() {
        let running = |left| run(WatchedState::Running, 5, Some(left));
        let both = Totals::of(&[running(60.0), running(100.0)]);
        assert_eq!(both.seconds_left, Some(100.0));
        let stopped = run(WatchedState::Stopped, 0, Some(200.0));
        let three = Totals::of(&[running(60.0), running(100.0), stopped]);
        assert_eq!(three.seconds_left, Some(200.0));
        assert_eq!(Totals::of(&[running(60.0)]).seconds_left, Some(60.0));
    }

    #[test]
    fn the_sentence_says_what_is_not_known() {
        assert_eq!(Totals::of(&[]).sentence(), "no runs yet");
        let unknown = run(WatchedState::Stopped, 0, None);
        let done = run(WatchedState::Finished, 10, None);
        let running = run(WatchedState::Running, 5, Some(3700.0));
        assert_eq!(
            Totals::of(&[unknown, done, running]).sentence(),
            "3 runs: 1 finished, 1 running, 1 stopped; 50 % done, more than 1 h 2 min left"
        );
    }
}
