//! Draws a screen.

mod chart;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use crate::cell::{BESIDE_BAR, cell, style};
use crate::grid_columns::GridColumns;
use crate::lettering::{duration, fitted, one_line, percent};
use crate::{Screen, Totals, WatchedRun, WatchedState};

/// A chart with fewer rows, its heading included, shows nothing.
const LEAST_CHART: u16 = 6;

/// Rows that a chart gets before the runs get more.
const USUAL_CHART: u16 = 10;

/// What the keys do.
const KEYS: &str = "arrows: select  m: metric  q: leave";

/// Draws totals, runs, the selected run's curves, and what keys do. Nothing but the screen decides
/// what is drawn; any size of a terminal is allowed.
pub fn draw(frame: &mut Frame, screen: &Screen) {
    let rows = [
        Constraint::Length(1),
        Constraint::Fill(1),
        Constraint::Length(1),
        Constraint::Length(1),
    ];
    let [title, body, details, keys] = Layout::vertical(rows).areas(frame.area());
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let dim = Style::new().add_modifier(Modifier::DIM);
    let totals = fitted(&Totals::of(screen.runs()).title(), title.width.into());
    frame.render_widget(Line::styled(totals, bold), title);
    frame.render_widget(Line::styled(KEYS, dim), keys);
    if let Some(run) = screen.selected() {
        let text = fitted(&sentence(run), details.width.into());
        frame.render_widget(Line::styled(text, style(run, false)), details);
    }
    let wanted = lines_of_runs(screen, body.width);
    let runs = if body.height < USUAL_CHART {
        body.height
    } else {
        wanted.min(body.height - USUAL_CHART).max(2)
    };
    let [runs, chart] =
        Layout::vertical([Constraint::Length(runs), Constraint::Fill(1)]).areas(body);
    draw_runs(frame, screen, runs);
    if chart.height >= LEAST_CHART {
        chart::draw_curves(frame, screen, chart);
    }
}

/// Rows that all runs take, the heading included.
fn lines_of_runs(screen: &Screen, width: u16) -> u16 {
    let arrangement = screen.arrangement();
    let lines = match GridColumns::of(arrangement, width) {
        Some(_) => arrangement.rows.len(),
        None => screen.runs().len(),
    };
    u16::try_from(lines + 1).unwrap_or(u16::MAX)
}

fn draw_runs(frame: &mut Frame, screen: &Screen, area: Rect) {
    let (mut lines, selected) = match GridColumns::of(screen.arrangement(), area.width) {
        Some(columns) => grid(screen, columns),
        None => list(screen, area.width.into()),
    };
    let visible = usize::from(area.height.saturating_sub(1));
    // The selected row in the middle, where there are rows on both sides.
    let last_start = lines.len().saturating_sub(1 + visible);
    let start = selected.saturating_sub(visible / 2).min(last_start);
    lines.drain(1..1 + start);
    frame.render_widget(Paragraph::new(lines), area);
}

/// The heading and a line a row, and which row is the selected run's.
fn grid(screen: &Screen, columns: GridColumns) -> (Vec<Line<'_>>, usize) {
    let arrangement = screen.arrangement();
    let mut heading = fitted("", columns.label);
    for seed in &arrangement.seeds {
        let seed = seed.map_or_else(|| "no seed".into(), |seed| format!("seed {seed}"));
        heading += &format!(" {}", fitted(&seed, columns.cell()));
    }
    let mut lines = vec![Line::raw(heading)];
    for row in &arrangement.rows {
        let mut spans = vec![Span::raw(fitted(&row.label, columns.label))];
        for index in &row.cells {
            spans.push(Span::raw(" "));
            spans.push(match index.map(|index| (index, &screen.runs()[index])) {
                Some((index, run)) => Span::styled(
                    cell(run, columns.bar),
                    style(run, index == screen.selected_index()),
                ),
                None => Span::raw(fitted("", columns.cell())),
            });
        }
        lines.push(Line::from(spans));
    }
    let selected = arrangement.place(screen.selected_index());
    (lines, selected.map_or(0, |(row, _)| row))
}

/// The heading and a line a run, and which is the selected one's.
fn list(screen: &Screen, width: usize) -> (Vec<Line<'_>>, usize) {
    let bar = (width / 8).clamp(3, 20);
    let name = width.saturating_sub(bar + BESIDE_BAR + 1);
    let beside = fitted("done", bar) + " best eta";
    let mut lines = vec![Line::raw(format!("{} {beside}", fitted("run", name)))];
    let order = screen.arrangement().in_order();
    let first = screen.runs().first();
    let only_dataset = first
        .map(|run| format!("{}/", run.dataset))
        .filter(|only| screen.runs().iter().all(|run| run.name.starts_with(only)))
        .unwrap_or_default();
    for index in &order {
        let run = &screen.runs()[*index];
        let shown = run.name.strip_prefix(&only_dataset).unwrap_or(&run.name);
        let text = format!("{} {}", fitted(shown, name), cell(run, bar));
        let is_selected = *index == screen.selected_index();
        lines.push(Line::styled(text, style(run, is_selected)));
    }
    let selected = order.iter().position(|at| *at == screen.selected_index());
    (lines, selected.unwrap_or(0))
}

/// The selected run in words; its name, which the row has too, last.
fn sentence(run: &WatchedRun) -> String {
    let mut text = run.state.word().to_string();
    if let Some(why) = run.state.why() {
        text += &format!(": {why}");
    } else if run.state != WatchedState::Finished {
        let epochs = run.epochs.map_or("?".into(), |epochs| epochs.to_string());
        text += &format!(", {} of {epochs} epochs", run.epoch);
    }
    for (word, accuracy) in [
        ("best validation", run.best_val_accuracy),
        ("test", run.test_accuracy),
    ] {
        if accuracy.is_some() {
            text += &format!(", {word} {} %", percent(accuracy).trim());
        }
    }
    if let Some(seconds) = run.seconds_left {
        text += &format!(", about {} left", duration(seconds));
    }
    one_line(&format!("{text} - {}", run.name))
}
