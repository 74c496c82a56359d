//! A run in a few letters.

use ratatui::style::{Color, Modifier, Style};

use crate::lettering::{bar, percent, short_duration};
use crate::{WatchedRun, WatchedState};

/// Columns of a cell beside its bar: best accuracy and time left, with a space before each.
pub(crate) const BESIDE_BAR: usize = 9;

/// Bar, best validation accuracy and time left: `██▌  75.1 12m`. Of a run that does not train, the
/// state in three letters instead of the time.
pub(crate) fn cell(run: &WatchedRun, bar_columns: usize) -> String {
    let bar = bar(run.progress(), bar_columns);
    let best = percent(run.best_val_accuracy);
    format!("{bar} {best} {}", state_or_time(run))
}

fn state_or_time(run: &WatchedRun) -> String {
    match run.state {
        WatchedState::Running => run
            .seconds_left
            .map_or_else(|| "  ?".into(), short_duration),
        WatchedState::Finished => " ok".into(),
        WatchedState::Stopped => "off".into(),
        WatchedState::Failed { .. } => "err".into(),
        WatchedState::Diverged { .. } => "nan".into(),
        WatchedState::Damaged { .. } => "bad".into(),
    }
}

/// How a run looks. Letters say the same, for terminals without colours.
pub(crate) fn style(run: &WatchedRun, is_selected: bool) -> Style {
    let colour = match run.state {
        WatchedState::Running => Color::Cyan,
        WatchedState::Finished => Color::Green,
        WatchedState::Stopped => Color::Yellow,
        WatchedState::Failed { .. }
        | WatchedState::Diverged { .. }
        | WatchedState::Damaged { .. } => Color::Red,
    };
    let style = Style::new().fg(colour);
    if is_selected {
        style.add_modifier(Modifier::REVERSED)
    } else {
        style
    }
}
