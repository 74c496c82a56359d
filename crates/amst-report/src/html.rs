//! Tables as parts of an HTML page, which a reader of the page need not be a statistician for.

use std::fmt::Write;

use crate::compare::{points_interval, remarks, sentences};
use crate::percent::{DASH, percent, points, probability, share_interval};
use crate::sheet::{Layout, Sheet, Text, accuracies, outputs, outputs_title};
use crate::{Comparison, Difference, Exporter, Outcome, Rank, Table};

/// The table as a fragment of HTML: sheets, notes and comparisons, without a page around them.
///
/// Every table has a caption and headings that name their scope; every cell repeats its heading in
/// `data-label`, so that a style sheet can stack cells on narrow screens. Everything is escaped.
#[derive(Clone, Copy, Debug, Default)]
pub struct Html;

impl Exporter for Html {
    fn extension(&self) -> &'static str {
        "html"
    }

    fn export(&self, table: &Table) -> String {
        let mut out = String::new();
        let mut caption = escaped(&table.title);
        if !table.settings.is_empty() {
            let _ = write!(caption, ". With {}", escaped(&table.settings.join(", ")));
        }
        draw(&mut out, &caption, &accuracies(table, Layout::Beside));
        let published = if table.has_published() {
            "In parentheses: the paper's numbers. "
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<p class=\"legend\">{published}In each column <strong>best</strong> and \
             <u>second</u>. Majority: always the most frequent class of the test split.</p>"
        );
        list(&mut out, &table.notes());
        for (index, column) in table.columns.iter().enumerate() {
            if !column.measured {
                continue;
            }
            list(&mut out, &sentences(table, index));
            if let Some(sheet) = outputs(table, index) {
                draw(&mut out, &escaped(&outputs_title(&column.title)), &sheet);
            }
            fused_metrics(&mut out, table, index);
        }
        for comparison in table.comparisons.iter().filter(|c| c.says_more()) {
            compared(&mut out, table, comparison);
        }
        out
    }
}

/// Macro-F1 and mean average precision beside accuracy, where there are any.
fn fused_metrics(out: &mut String, table: &Table, column: usize) {
    if table
        .rows
        .iter()
        .all(|row| row.cells[column].macro_f1.is_none())
    {
        return;
    }
    let caption = format!(
        "{}: accuracy, macro-F1 and mean average precision (mAP) of the fused output at the \
         selected epoch (%)",
        table.columns[column].title
    );
    let head = ["row", "accuracy", "macro-F1", "mAP"].map(String::from);
    let mut rows = Vec::new();
    for row in &table.rows {
        let cell = &row.cells[column];
        let own = [cell.accuracy, cell.macro_f1, cell.mean_average_precision];
        let mut texts = vec![table.label(&row.experiment).to_string()];
        texts.extend(own.map(|own| own.map_or(DASH.into(), |own| percent(own.mean))));
        rows.push(texts);
    }
    plain_table(out, &caption, &head, &rows);
}

/// The interval of each row's mean, then every pair of rows, and what to make of them.
fn compared(out: &mut String, table: &Table, comparison: &Comparison) {
    let columns = &table.columns;
    let Some(column) = columns.iter().position(|c| c.dataset == comparison.dataset) else {
        return;
    };
    let title = &columns[column].title;
    let head = ["row", "mean", "95 % interval"].map(String::from);
    let mut means = Vec::new();
    for row in &table.rows {
        if !comparison.systems.contains(&row.experiment) {
            continue;
        }
        let accuracy = row.cells[column].accuracy;
        means.push(vec![
            table.label(&row.experiment).to_string(),
            accuracy.map_or(DASH.into(), |a| percent(a.mean)),
            accuracy
                .and_then(|a| a.interval)
                .map_or(DASH.into(), share_interval),
        ]);
    }
    let caption =
        format!("{title}: mean accuracy over seeds and where it may lie for other seeds (%)");
    plain_table(out, &caption, &head, &means);
    let head = [
        "row",
        "minus",
        "difference",
        "95 % interval",
        "p (Holm)",
        "verdict",
    ];
    let mut pairs = Vec::new();
    for pair in &comparison.pairs {
        let mut line = vec![
            table.label(&pair.system).to_string(),
            table.label(&pair.against).to_string(),
        ];
        line.extend(match &pair.outcome {
            Outcome::Compared(difference) => numbers(difference),
            Outcome::SameRuns => told("the same runs under two names"),
            Outcome::NotCompared { why } => told(why),
        });
        pairs.push(line);
    }
    let caption = format!("{title}: differences in accuracy between rows (points)");
    let _ = writeln!(
        out,
        "<details><summary>All {} pairs of rows on {}</summary>",
        pairs.len(),
        escaped(title)
    );
    plain_table(out, &caption, &head.map(String::from), &pairs);
    out.push_str("</details>\n");
    list(out, &remarks(table, comparison));
}

fn numbers(difference: &Difference) -> Vec<String> {
    let verdict = if difference.more_than_noise {
        "more than noise"
    } else {
        "may be noise"
    };
    vec![
        points(difference.difference),
        points_interval(difference),
        probability(difference.p_holm),
        verdict.into(),
    ]
}

/// No numbers, and why.
fn told(why: &str) -> Vec<String> {
    let none = || DASH.to_string();
    vec![none(), none(), none(), why.to_string()]
}

fn list(out: &mut String, lines: &[String]) {
    if lines.is_empty() {
        return;
    }
    out.push_str("<ul>\n");
    for line in lines {
        let _ = writeln!(out, "<li>{}</li>", escaped(line));
    }
    out.push_str("</ul>\n");
}

fn draw(out: &mut String, caption: &str, sheet: &Sheet) {
    let rows: Vec<Vec<String>> = sheet
        .rows
        .iter()
        .map(|row| row.iter().map(marked).collect())
        .collect();
    let head: Vec<String> = sheet.head.iter().map(|text| escaped(text)).collect();
    table_of(out, caption, &head, &rows);
}

fn plain_table(out: &mut String, caption: &str, head: &[String], rows: &[Vec<String>]) {
    let head: Vec<String> = head.iter().map(|text| escaped(text)).collect();
    let escaped_row = |row: &Vec<String>| row.iter().map(|text| escaped(text)).collect();
    let rows: Vec<Vec<String>> = rows.iter().map(escaped_row).collect();
    table_of(out, &escaped(caption), &head, &rows);
}

/// A table of texts that are HTML already. The first cell of a row is its heading. Roles are
/// written out, because a table that a style sheet stacks loses its own.
fn table_of(out: &mut String, caption: &str, head: &[String], rows: &[Vec<String>]) {
    let _ = write!(
        out,
        "<table role=\"table\">\n<caption>{caption}</caption>\n<thead role=\"rowgroup\">\n<tr \
         role=\"row\">"
    );
    for text in head {
        let _ = write!(out, "<th role=\"columnheader\" scope=\"col\">{text}</th>");
    }
    out.push_str("</tr>\n</thead>\n<tbody role=\"rowgroup\">\n");
    for row in rows {
        out.push_str("<tr role=\"row\">");
        for (index, text) in row.iter().enumerate() {
            if index == 0 {
                let _ = write!(out, "<th role=\"rowheader\" scope=\"row\">{text}</th>");
            } else {
                let label = head.get(index).map_or("", String::as_str);
                let _ = write!(out, "<td role=\"cell\" data-label=\"{label}\">{text}</td>");
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody>\n</table>\n");
}

fn marked(text: &Text) -> String {
    let mut out = String::new();
    for span in text {
        let text = escaped(&span.text);
        out += &match span.mark {
            Some(Rank::Best) => format!("<strong>{text}</strong>"),
            Some(Rank::Second) => format!("<u>{text}</u>"),
            None => text,
        };
    }
    out
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
