//! The validation curves of the selected run.

use amst_figures::{Curves, Metric, Series, Split};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Style};
use ratatui::symbols::Marker;
use ratatui::text::{Line, Span};
use ratatui::widgets::{Axis, Chart, Dataset, GraphType, Paragraph, Wrap};

use crate::lettering::one_line;
use crate::{RunCurves, Screen};

/// Colours of the curves, in turn.
const COLOURS: [Color; 7] = [
    Color::Blue,
    Color::Yellow,
    Color::Magenta,
    Color::Green,
    Color::Cyan,
    Color::Red,
    Color::White,
];

/// Draws a line of names, each with its newest value, and the curves below.
pub(super) fn draw_curves(frame: &mut Frame, screen: &Screen, area: Rect) {
    let metric = screen.metric();
    let [heading, chart] =
        Layout::vertical([Constraint::Length(1), Constraint::Fill(1)]).areas(area);
    let label = metric.label(Split::Validation);
    match &screen.curves {
        RunCurves::None => {}
        RunCurves::Missing(why) => {
            let text = one_line(&format!("{label}: {why}"));
            frame.render_widget(Paragraph::new(text).wrap(Wrap { trim: true }), area);
        }
        RunCurves::Drawn(curves) => {
            frame.render_widget(names(&label, curves, metric), heading);
            draw_lines(frame, curves, metric, chart);
        }
    }
}

fn colour(at: usize) -> Style {
    Style::new().fg(COLOURS[at % COLOURS.len()])
}

fn names(label: &str, curves: &Curves, metric: Metric) -> Line<'static> {
    let mut spans = vec![Span::raw(format!("{label}:"))];
    for (at, series) in curves.series.iter().enumerate() {
        let newest = series.points.last().map(|point| point.spread.mean);
        let newest = newest.map_or_else(String::new, |value| number(value, metric));
        let text = format!("  {} {newest}", one_line(&series.output));
        spans.push(Span::styled(text, colour(at)));
    }
    Line::from(spans)
}

fn draw_lines(frame: &mut Frame, curves: &Curves, metric: Metric, area: Rect) {
    let lines: Vec<Vec<(f64, f64)>> = curves.series.iter().map(points).collect();
    let datasets = lines.iter().enumerate().map(|(at, points)| {
        Dataset::default()
            .marker(Marker::Braille)
            .graph_type(GraphType::Line)
            .style(colour(at))
            .data(points)
    });
    let values = lines.iter().flatten().map(|(_, value)| *value);
    let (low, high) = bounds(values);
    let last = curves.epochs.saturating_sub(1).max(1) as f64;
    let x = Axis::default()
        .bounds([0.0, last])
        .labels(["0".to_string(), format!("epoch {last}")]);
    let y = Axis::default()
        .bounds([low, high])
        .labels([number(low, metric), number(high, metric)]);
    let chart = Chart::new(datasets.collect()).x_axis(x).y_axis(y);
    frame.render_widget(chart, area);
}

fn points(series: &Series) -> Vec<(f64, f64)> {
    let points = series.points.iter();
    points
        .map(|point| (point.epoch as f64, point.spread.mean))
        .collect()
}

/// The smallest and the largest value, some way apart.
fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
        (low.min(value), high.max(value))
    });
    if low < high {
        (low, high)
    } else if low == high {
        (low - 0.5, high + 0.5)
    } else {
        (0.0, 1.0)
    }
}

/// A value with the digits that its metric needs.
fn number(value: f64, metric: Metric) -> String {
    match metric {
        Metric::Accuracy => format!("{value:.1}"),
        Metric::Loss | Metric::Entropy | Metric::Confidence | Metric::Discrepancy => {
            format!("{value:.3}")
        }
    }
}
