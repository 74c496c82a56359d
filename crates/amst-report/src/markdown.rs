//! Markdown, for a README or an issue.

use std::fmt::Write;

use crate::compare::{points_interval, remarks, sentences};
use crate::percent::{DASH, percent, points, probability, share_interval};
use crate::sheet::{Layout, Sheet, Text, accuracies, outputs, outputs_title};
use crate::{Comparison, Difference, Exporter, Outcome, Pair, Rank, Table};

/// The table with `**best**` and `<u>second</u>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Markdown;

impl Exporter for Markdown {
    fn extension(&self) -> &'static str {
        "md"
    }

    fn export(&self, table: &Table) -> String {
        let mut out = format!("**{}**\n\n", table.title);
        if !table.settings.is_empty() {
            let settings = table
                .settings
                .iter()
                .map(|s| format!("`{s}`"))
                .collect::<Vec<_>>()
                .join(", ");
            let _ = write!(out, "With {settings}.\n\n");
        }
        draw(&accuracies(table, Layout::Beside), &mut out);
        out += if table.has_published() {
            "\nIn parentheses: the paper's numbers. "
        } else {
            "\n"
        };
        out += "In each column **best** and <u>second</u>. ";
        out += "Majority: always the most frequent class of the test split.\n";
        let notes = table.notes();
        if !notes.is_empty() {
            out += "\n";
        }
        for note in notes {
            let _ = writeln!(out, "- {}", one_line(&note));
        }
        for (i, column) in table.columns.iter().enumerate().filter(|(_, c)| c.measured) {
            if let Some(sheet) = outputs(table, i) {
                let _ = write!(out, "\n{}\n\n", outputs_title(&column.title));
                draw(&sheet, &mut out);
            }
            let sentences = sentences(table, i);
            if !sentences.is_empty() {
                out.push('\n');
            }
            for sentence in sentences {
                let _ = writeln!(out, "- {sentence}");
            }
        }
        for comparison in table.comparisons.iter().filter(|c| c.says_more()) {
            compared(table, comparison, &mut out);
        }
        out
    }
}

/// The interval of each row's mean, then every pair of rows.
fn compared(table: &Table, comparison: &Comparison, out: &mut String) {
    let Some(column) = table
        .columns
        .iter()
        .position(|c| c.dataset == comparison.dataset)
    else {
        return;
    };
    let title = &table.columns[column].title;
    let _ = write!(
        out,
        "\n{title}: mean over seeds and its 95 % interval (Student's t, %)\n\n"
    );
    let heading = table.heading.clone().unwrap_or("Exp".into());
    let mut means = vec![vec![heading, "mean".into(), "95 % interval".into()]];
    for row in table
        .rows
        .iter()
        .filter(|r| comparison.systems.contains(&r.experiment))
    {
        let accuracy = row.cells[column].accuracy;
        let mean = accuracy.map_or(DASH.into(), |a| percent(a.mean));
        let interval = accuracy
            .and_then(|a| a.interval)
            .map_or(DASH.into(), share_interval);
        means.push(vec![table.label(&row.experiment).into(), mean, interval]);
    }
    lines(&means, out);
    let _ = write!(out, "\n{title}: differences in accuracy (points)\n\n");
    let head = [
        "row",
        "minus",
        "difference",
        "95 % bootstrap interval",
        "only one right, by seed",
        "p",
        "p (Holm)",
        "",
    ];
    let mut pairs = vec![head.map(String::from).to_vec()];
    pairs.extend(comparison.pairs.iter().map(|pair| pair_line(table, pair)));
    lines(&pairs, out);
    out.push('\n');
    for remark in remarks(table, comparison) {
        let _ = writeln!(out, "- {}", one_line(&remark).replace('*', "\\*"));
    }
}

fn pair_line(table: &Table, pair: &Pair) -> Vec<String> {
    let mut line = vec![
        table.label(&pair.system).to_string(),
        table.label(&pair.against).to_string(),
    ];
    line.extend(match &pair.outcome {
        Outcome::Compared(d) => numbers(d),
        Outcome::SameRuns => {
            vec![
                "=".into(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
            ]
        }
        Outcome::NotCompared { why } => {
            vec![
                DASH.into(),
                String::new(),
                String::new(),
                String::new(),
                String::new(),
                why.clone(),
            ]
        }
    });
    line
}

fn numbers(d: &Difference) -> Vec<String> {
    let counts: Vec<String> = d
        .by_seed
        .iter()
        .map(|s| format!("{}:{}", s.only_system, s.only_against))
        .collect();
    let verdict = if d.more_than_noise {
        "**more than noise**"
    } else {
        ""
    };
    let (p, p_holm) = (probability(d.p), probability(d.p_holm));
    vec![
        points(d.difference),
        points_interval(d),
        counts.join(" "),
        p,
        p_holm,
        verdict.into(),
    ]
}

/// Lines of a table, of which the first is the heading.
fn lines(lines: &[Vec<String>], out: &mut String) {
    for (number, line) in lines.iter().enumerate() {
        let cells: Vec<String> = line
            .iter()
            .map(|cell| one_line(cell).replace('|', "\\|"))
            .collect();
        let _ = writeln!(out, "| {} |", cells.join(" | "));
        if number == 0 {
            let _ = writeln!(
                out,
                "| {} |",
                line.iter().map(|_| "---").collect::<Vec<_>>().join(" | ")
            );
        }
    }
}

fn draw(sheet: &Sheet, out: &mut String) {
    let rows = sheet
        .rows
        .iter()
        .map(|row| row.iter().map(marked).collect());
    lines(
        &std::iter::once(sheet.head.clone())
            .chain(rows)
            .collect::<Vec<_>>(),
        out,
    );
}

fn marked(text: &Text) -> String {
    text.iter()
        .map(|span| match span.mark {
            Some(Rank::Best) => format!("**{}**", span.text),
            Some(Rank::Second) => format!("<u>{}</u>", span.text),
            None => span.text.clone(),
        })
        .collect()
}

/// A parser's message may run over several lines; a list item may not.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
