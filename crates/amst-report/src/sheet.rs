//! A table as headings and cells of marked text, before a format draws it.

use amst_recipe::Modality;

use crate::percent::{DASH, count, measured, percent, points, published};
use crate::table::{Row, Table, TableCell};
use crate::{Column, Rank};

/// Text of which a part may be best or second best.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Span {
    pub text: String,
    pub mark: Option<Rank>,
}

pub(crate) type Text = Vec<Span>;

/// Headings and cells.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub head: Vec<String>,
    pub rows: Vec<Vec<Text>>,
}

/// Where published numbers stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// In parentheses, in the cell.
    Beside,
    /// In a sheet of their own, for narrow terminals.
    Apart,
}

fn plain(text: impl Into<String>) -> Text {
    vec![Span {
        text: text.into(),
        mark: None,
    }]
}

/// The table: measured numbers, the majority class and chance.
pub(crate) fn accuracies(table: &Table, layout: Layout) -> Sheet {
    let titles = table.columns.iter().map(|c| c.title.clone());
    let mut rows: Vec<_> = table
        .rows
        .iter()
        .map(|r| {
            line(
                table,
                r,
                r.cells
                    .iter()
                    .map(|c| accuracy(c, table.seeds.len(), layout)),
            )
        })
        .collect();
    if table.columns.iter().any(|c| c.together.is_some()) {
        let ensemble = |c: &Column| c.together.as_ref().map(|t| measured(&t.ensemble));
        let oracle = |c: &Column| c.together.as_ref().map(|t| measured(&t.oracle));
        rows.push(baseline(table, "ensemble", ensemble));
        rows.push(baseline(table, "oracle", oracle));
    }
    let majority = |c: &Column| c.majority_rate.map(percent);
    rows.push(baseline(table, "majority", majority));
    rows.push(baseline(table, "chance", |c| c.chance.map(percent)));
    Sheet {
        head: head(table).chain(titles).collect(),
        rows,
    }
}

/// What the paper printed for every data set that it has.
pub(crate) fn published_numbers(table: &Table) -> Sheet {
    let shown: Vec<usize> = (0..table.columns.len())
        .filter(|i| table.rows.iter().any(|r| r.cells[*i].published.is_some()))
        .collect();
    let titles = shown.iter().map(|i| table.columns[*i].title.clone());
    // The ticks stand in the sheet above; without them five columns fit into 80 characters.
    let mut rows = Vec::new();
    for r in &table.rows {
        let mut row = vec![plain(table.label(&r.experiment))];
        row.extend(shown.iter().map(|i| published_text(&r.cells[*i])));
        rows.push(row);
    }
    Sheet {
        head: std::iter::once(heading(table)).chain(titles).collect(),
        rows,
    }
}

/// Accuracy of the fused and the single modalities' logits on one measured data set, then that
/// of the linear probes; `None` before anything was measured.
pub(crate) fn outputs(table: &Table, column: usize) -> Option<Sheet> {
    let of_modality = Modality::ALL.map(|m| m.name().to_string());
    let of_probe = Modality::ALL.map(|m| format!("probe.{m}"));
    let mut names = vec!["fused".to_string()];
    names.extend(of_modality);
    names.extend(of_probe);
    names.retain(|name| {
        let mut keys = table
            .rows
            .iter()
            .flat_map(|r| r.cells[column].outputs.keys());
        keys.any(|key| module(key, name).is_some())
    });
    if names.len() < 2 {
        return None;
    }
    let has_optimism = table
        .rows
        .iter()
        .any(|r| r.cells[column].optimism.is_some());
    let mut rows = Vec::new();
    for r in &table.rows {
        let cell = &r.cells[column];
        let updates = cell.encoder_updates.map_or(DASH.into(), count);
        let cells = names.iter().map(|name| output(cell, name));
        let mut last = vec![plain(updates)];
        if has_optimism {
            let optimism = cell.optimism.map_or(DASH.into(), |own| points(own.mean));
            last.push(plain(optimism));
        }
        rows.push(line(table, r, cells.chain(last)));
    }
    let optimism = has_optimism.then(|| "optimism".to_string());
    let names = names.into_iter().chain(["updates".to_string()]);
    let names = names.chain(optimism);
    Some(Sheet {
        rows,
        head: head(table).chain(names).collect(),
    })
}

/// What stands above [`outputs`].
pub(crate) fn outputs_title(title: &str) -> String {
    format!(
        "{title}: accuracy of each output at the selected epoch (%), and updates of encoders \
         (batches)"
    )
}

/// One output; where it exists once a module (`alt.audio`, `joint.audio`), the mean of each.
fn output(cell: &TableCell, name: &str) -> Text {
    if let Some(own) = cell.outputs.get(name) {
        return plain(measured(own));
    }
    let mut modules = Vec::new();
    for (key, value) in &cell.outputs {
        if let Some(module) = module(key, name) {
            modules.push(format!("{module} {}", percent(value.mean)));
        }
    }
    plain(if modules.is_empty() {
        DASH.into()
    } else {
        modules.join(", ")
    })
}

/// The module of which `key` is the output `name`: `alt` of `alt.audio`, nothing of `audio`
/// itself. Neither `probe.audio` nor `alt.probe.audio` is an `audio`.
fn module<'a>(key: &'a str, name: &str) -> Option<&'a str> {
    let rest = key.strip_suffix(name)?;
    match rest.strip_suffix('.') {
        Some(module) => (module != "probe" && !module.contains('.')).then_some(module),
        None => rest.is_empty().then_some(rest),
    }
}

fn head(table: &Table) -> impl Iterator<Item = String> {
    std::iter::once(heading(table)).chain(table.ticks.clone())
}

fn heading(table: &Table) -> String {
    table.heading.clone().unwrap_or("Exp".into())
}

fn line(table: &Table, row: &Row, cells: impl Iterator<Item = Text>) -> Vec<Text> {
    let ticks = row.ticks.iter().map(|t| plain(if *t { "✓" } else { "-" }));
    std::iter::once(plain(table.label(&row.experiment)))
        .chain(ticks)
        .chain(cells)
        .collect()
}

/// A line that is no row of the table: its name, and a text in each column that was measured.
fn baseline(table: &Table, name: &str, value: impl Fn(&Column) -> Option<String>) -> Vec<Text> {
    let ticks = table.ticks.iter().map(|_| plain(""));
    let values = table.columns.iter().map(|c| match (value(c), c.measured) {
        (Some(value), _) => plain(value),
        (None, true) => plain(DASH),
        (None, false) => plain(""),
    });
    std::iter::once(plain(name))
        .chain(ticks)
        .chain(values)
        .collect()
}

fn accuracy(cell: &TableCell, seeds: usize, layout: Layout) -> Text {
    let mut text = vec![Span {
        text: cell.accuracy.as_ref().map_or(DASH.into(), measured),
        mark: cell.rank,
    }];
    if let Some(fewer) = cell.accuracy.filter(|a| a.n < seeds) {
        text.extend(plain(format!(" [n = {}]", fewer.n)));
    }
    if layout == Layout::Beside && cell.published.is_some() {
        text.extend(plain(" ("));
        text.extend(published_text(cell));
        text.extend(plain(")"));
    }
    text
}

fn published_text(cell: &TableCell) -> Text {
    match cell.published {
        Some(numbers) => vec![Span {
            text: published(numbers),
            mark: cell.published_rank,
        }],
        None => plain(DASH),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Aggregate;

    fn cell(outputs: &[(&str, f64)]) -> TableCell {
        let outputs = outputs
            .iter()
            .map(|(n, v)| (n.to_string(), Aggregate::of(&[*v]).unwrap()))
            .collect();
        TableCell {
            outputs,
            ..TableCell::default()
        }
    }

    fn text(text: Text) -> String {
        text.into_iter().map(|span| span.text).collect()
    }

    #[test]
    fn a_system_of_two_modules_shows_the_modality_in_each() {
        let full = cell(&[("alt.audio", 0.25), ("joint.audio", 0.5), ("fused", 0.75)]);
        assert_eq!(text(output(&full, "audio")), "alt 25.0, joint 50.0");
        assert_eq!(text(output(&full, "fused")), "75.0");
        assert_eq!(text(output(&full, "visual")), DASH);
    }

    #[test]
    fn a_probe_is_not_an_output_of_its_modality() {
        let full = cell(&[
            ("alt.audio", 0.25),
            ("alt.probe.audio", 0.5),
            ("joint.probe.audio", 0.75),
            ("fused", 0.9),
        ]);
        assert_eq!(text(output(&full, "audio")), "alt 25.0");
        assert_eq!(text(output(&full, "probe.audio")), "alt 50.0, joint 75.0");
        let one = cell(&[("probe.audio", 0.5), ("fused", 0.9)]);
        assert_eq!(
            (
                text(output(&one, "audio")),
                text(output(&one, "probe.audio"))
            ),
            (DASH.into(), "50.0".into())
        );
    }
}
