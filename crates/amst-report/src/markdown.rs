//! Markdown, for a README or an issue.

use std::fmt::Write;

use crate::sheet::{Layout, Sheet, Text, accuracies, outputs};
use crate::{Exporter, Rank, Table};

/// The table with `**best**` and `<u>second</u>`.
#[derive(Clone, Copy, Debug, Default)]
pub struct Markdown;

impl Exporter for Markdown {
    fn extension(&self) -> &'static str {
        "md"
    }

    fn export(&self, table: &Table) -> String {
        let mut out = format!("**{}**\n\n", table.title);
        draw(&accuracies(table, Layout::Beside), &mut out);
        out += "\nIn parentheses: the paper's numbers. In each column **best** and <u>second</u>. ";
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
                let _ = write!(out, "\n{}: accuracy of each output at the selected epoch (%)\n\n", column.title);
                draw(&sheet, &mut out);
            }
        }
        out
    }
}

fn draw(sheet: &Sheet, out: &mut String) {
    let cells = |texts: Vec<String>| format!("| {} |\n", texts.join(" | "));
    *out += &cells(sheet.head.clone());
    *out += &cells(sheet.head.iter().map(|_| "---".into()).collect());
    for row in &sheet.rows {
        *out += &cells(row.iter().map(marked).collect());
    }
}

fn marked(text: &Text) -> String {
    text.iter()
        .map(|span| match span.mark {
            Some(Rank::Best) => format!("**{}**", span.text),
            Some(Rank::Second) => format!("<u>{}</u>", span.text),
            None => span.text.replace('|', "\\|"),
        })
        .collect()
}

/// A parser's message may run over several lines; a list item may not.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
