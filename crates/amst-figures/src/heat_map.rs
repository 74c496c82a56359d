//! A number over two settings in which runs differ, as a grid of shaded cells.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::axis::Axis;
use crate::groups::{settings, text};
use crate::legend::Legend;
use crate::long_form::LongForm;
use crate::page::{AxisLabels, Page, PageOptions, Spacing};
use crate::shaded_grid::{Shade, ShadedGrid};
use crate::{Figure, FigureError, Panel, RunLog, Spread};

/// What a heat map shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeatMapOptions {
    /// The setting across, `skip.audio`; `None` for the first in which the runs differ.
    pub x: Option<String>,
    /// The setting upwards; `None` for the second.
    pub y: Option<String>,
    /// Size of the page.
    pub page: PageOptions,
}

/// Draws the fused validation accuracy at the selected epoch over two settings, mean over the runs
/// that have both values: what a search for settings chooses by. The test split is not looked at.
///
/// The CSV has the columns `x_key`, `x`, `y_key`, `y`, `mean`, `low`, `high`, `n`, in per cent.
///
/// # Errors
///
/// No run is finished, a setting is not given and the runs do not differ in exactly two, a setting
/// that is given is none, runs of one cell differ in more, or the width is no page's.
pub fn draw_heat_map(runs: &[RunLog], options: &HeatMapOptions) -> Result<Figure, FigureError> {
    let mut finished: Vec<RunLog> = Vec::new();
    for run in runs.iter().filter(|run| run.result.is_some()) {
        finished.push(run.clone());
    }
    let all: Vec<BTreeMap<String, Value>> = finished.iter().map(settings).collect();
    let [x_key, y_key] = keys(&all, options)?;
    let [xs, ys] = [&x_key, &y_key].map(|key| values(&all, key));
    let mut spreads = Vec::new();
    for y in ys.iter().rev() {
        let mut row = Vec::new();
        for x in &xs {
            let own = finished.iter().zip(&all).filter(|(_, settings)| {
                settings.get(&x_key) == Some(x) && settings.get(&y_key) == Some(y)
            });
            let own: Vec<RunLog> = own.map(|(run, _)| run.clone()).collect();
            row.push(cell(&own, &x_key, x, &y_key, y)?);
        }
        spreads.push(row);
    }
    let labels = |values: &[Value]| values.iter().map(text).collect::<Vec<String>>();
    let rows: Vec<String> = labels(&ys).into_iter().rev().collect();
    let columns = labels(&xs);
    let mut csv = LongForm::new(&["x_key", "x", "y_key", "y", "mean", "low", "high", "n"]);
    for (y, row) in rows.iter().zip(&spreads) {
        for (x, spread) in columns.iter().zip(row) {
            if let Some(spread) = spread {
                csv.add(&[&x_key, x, &y_key, y], *spread);
            }
        }
    }
    let heading = first_title(&finished);
    Ok(Figure {
        svg: svg(
            &heading,
            &[&x_key, &y_key],
            rows,
            columns,
            &spreads,
            &options.page,
        )?,
        csv: csv.finish(),
    })
}

/// Mean over runs that differ in their seed only.
fn cell(
    runs: &[RunLog],
    x_key: &str,
    x: &Value,
    y_key: &str,
    y: &Value,
) -> Result<Option<Spread>, FigureError> {
    if runs.is_empty() {
        return Ok(None);
    }
    let title = format!("{x_key} = {}, {y_key} = {}", text(x), text(y));
    let panel = Panel::new(title, runs.to_vec())?;
    let results = panel.runs().iter().filter_map(|run| run.result.as_ref());
    Ok(Spread::of(
        results.map(|result| 100.0 * result.selected.val_accuracy),
    ))
}

/// The two settings, given or found.
fn keys(
    all: &[BTreeMap<String, Value>],
    options: &HeatMapOptions,
) -> Result<[String; 2], FigureError> {
    let no_grid = |why: String| FigureError::NoGrid { why };
    let Some(first) = all.first() else {
        return Err(no_grid(
            "and no run is finished: wait, or name others".into(),
        ));
    };
    for given in [&options.x, &options.y].into_iter().flatten() {
        if !first.contains_key(given) {
            return Err(no_grid(format!(
                "and `{given}` is not one: `amst explain` lists those of a method"
            )));
        }
    }
    let mut differing = BTreeSet::new();
    for other in all {
        differing.extend(crate::groups::differing_keys(first, other));
    }
    let mut free: Vec<String> = differing
        .iter()
        .filter(|key| Some(*key) != options.x.as_ref() && Some(*key) != options.y.as_ref())
        .cloned()
        .collect();
    let wanted = [&options.x, &options.y]
        .iter()
        .filter(|k| k.is_none())
        .count();
    if free.len() < wanted || (wanted > 0 && free.len() > wanted) {
        let found = match differing.len() {
            0 => "and they differ in none".into(),
            _ => format!(
                "and they differ in {}",
                crate::outputs::listed(&differing.into_iter().collect::<Vec<_>>())
            ),
        };
        return Err(no_grid(format!(
            "{found}: name two, `--x skip.audio --y optim.lr`, and only runs that differ in these"
        )));
    }
    free.reverse();
    let mut next = || free.pop().expect("as many as are wanted");
    let x = options.x.clone().unwrap_or_else(&mut next);
    let y = options.y.clone().unwrap_or_else(&mut next);
    Ok([x, y])
}

/// The values of a setting, numbers by size.
fn values(all: &[BTreeMap<String, Value>], key: &str) -> Vec<Value> {
    let mut values: Vec<Value> = Vec::new();
    for settings in all {
        if let Some(value) = settings.get(key)
            && !values.contains(value)
        {
            values.push(value.clone());
        }
    }
    values.sort_by(|a, b| {
        let numbers = (a.as_f64(), b.as_f64());
        match numbers {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => text(a).cmp(&text(b)),
        }
    });
    values
}

fn first_title(runs: &[RunLog]) -> String {
    let methods: BTreeSet<String> = runs.iter().map(|run| run.method().to_string()).collect();
    let datasets: BTreeSet<String> = runs.iter().map(|run| run.dataset().into()).collect();
    let listed = |names: BTreeSet<String>| names.into_iter().collect::<Vec<_>>().join(", ");
    format!("{} on {}", listed(methods), listed(datasets))
}

fn svg(
    heading: &str,
    keys: &[&String; 2],
    rows: Vec<String>,
    columns: Vec<String>,
    spreads: &[Vec<Option<Spread>>],
    options: &PageOptions,
) -> Result<String, FigureError> {
    options.check_width()?;
    let means = spreads.iter().flatten().flatten().map(|spread| spread.mean);
    let low = means.clone().fold(f64::INFINITY, f64::min);
    let high = means.fold(f64::NEG_INFINITY, f64::max);
    let range = (high - low).max(f64::MIN_POSITIVE);
    let shade = |spread: &Option<Spread>| {
        let mean = spread.as_ref()?.mean;
        Some(Shade {
            share: (mean - low) / range,
            text: format!("{mean:.1}"),
        })
    };
    let shaded = |row: &Vec<Option<Spread>>| row.iter().map(shade).collect();
    let grid = ShadedGrid {
        cells: spreads.iter().map(shaded).collect(),
        rows,
        columns,
    };
    let spacing = Spacing {
        columns: 1,
        aspect: 0.6,
        below_plot: 2.0 + grid.below(options.width_mm * crate::page::POINTS * 0.8),
        beside_plot: grid.beside(),
    };
    let note = "Fused validation accuracy at the selected epoch (%), mean over seeds.";
    let page = Page::new(
        options.width_mm,
        &[heading.to_string()],
        &spacing,
        Axis::none(),
        AxisLabels {
            x: keys[0].clone(),
            y: keys[1].clone(),
        },
        Legend::default(),
        &[note.into()],
    );
    let title = options.title.as_deref();
    let title = title.unwrap_or("Validation accuracy over two settings");
    let description = format!(
        "Fused validation accuracy of {heading} by {} and {}, from {low:.1} % to {high:.1} %.",
        keys[0], keys[1]
    );
    let mut svg = page.begin(title, &description);
    page.draw_ground(&mut svg, 0);
    grid.draw(&mut svg, page.plot(0), true);
    page.draw_frame(&mut svg, 0);
    Ok(page.end(svg))
}
