//! What is on the screen, and what keys do to it.

use amst_figures::Metric;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

use crate::arrangement::Arrangement;
use crate::grid_columns::GridColumns;
use crate::{RunCurves, WatchedRun};

/// Everything that [`draw`](crate::draw) shows.
#[derive(Clone, Debug, Default)]
pub struct Screen {
    runs: Vec<WatchedRun>,
    arrangement: Arrangement,
    selected: usize,
    metric: Metric,
    /// Of the selected run.
    pub curves: RunCurves,
}

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing that is seen.
    Same,
    /// Another selected run or metric.
    Changed,
    /// To leave.
    Leave,
}

impl Screen {
    /// A screen of runs, of which the first is selected.
    pub fn new(runs: Vec<WatchedRun>) -> Self {
        let mut screen = Self::default();
        screen.set_runs(runs);
        screen
    }

    /// Shows other runs, or newer numbers of the same. The selected run stays selected if it is
    /// still there.
    pub fn set_runs(&mut self, runs: Vec<WatchedRun>) {
        let folder = self.selected().map(|run| run.folder.clone());
        self.arrangement = Arrangement::of(&runs);
        self.runs = runs;
        let same = folder.and_then(|folder| self.runs.iter().position(|r| r.folder == folder));
        let first = self.arrangement.in_order().first().copied();
        self.selected = same.or(first).unwrap_or(0);
    }

    /// The runs.
    pub fn runs(&self) -> &[WatchedRun] {
        &self.runs
    }

    /// The selected run; `None` where there is none.
    pub fn selected(&self) -> Option<&WatchedRun> {
        self.runs.get(self.selected)
    }

    /// The metric of the curves.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    pub(crate) fn arrangement(&self) -> &Arrangement {
        &self.arrangement
    }

    pub(crate) fn selected_index(&self) -> usize {
        self.selected
    }

    /// Answers a key, on a screen of so many columns.
    pub fn press(&mut self, key: KeyEvent, width: u16) -> Step {
        if key.kind == KeyEventKind::Release {
            return Step::Same;
        }
        let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
        let (down, right) = match key.code {
            KeyCode::Char('c') if is_control => return Step::Leave,
            KeyCode::Char('q') | KeyCode::Esc => return Step::Leave,
            KeyCode::Char('m') => {
                let metrics = Metric::ALL;
                let at = metrics.iter().position(|metric| *metric == self.metric);
                self.metric = metrics[at.map_or(0, |at| (at + 1) % metrics.len())];
                return Step::Changed;
            }
            KeyCode::Down | KeyCode::Char('j') => (1, 0),
            KeyCode::Up | KeyCode::Char('k') => (-1, 0),
            KeyCode::Right | KeyCode::Char('l') => (0, 1),
            KeyCode::Left | KeyCode::Char('h') => (0, -1),
            _ => return Step::Same,
        };
        match self.neighbour(down, right, width) {
            Some(run) => {
                self.selected = run;
                Step::Changed
            }
            None => Step::Same,
        }
    }

    fn neighbour(&self, down: isize, right: isize, width: u16) -> Option<usize> {
        if GridColumns::of(&self.arrangement, width).is_some() {
            return if right == 0 {
                self.arrangement.below(self.selected, down)
            } else {
                self.arrangement.beside(self.selected, right)
            };
        }
        let order = self.arrangement.in_order();
        let at = order.iter().position(|run| *run == self.selected)?;
        order.get(at.checked_add_signed(down + right)?).copied()
    }
}
