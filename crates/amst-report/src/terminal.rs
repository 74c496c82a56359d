//! The table for a terminal, or for a file that is read as plain text.

use std::fmt::Write;
use std::io::IsTerminal;

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, ContentArrangement};

use crate::compare::{list, matrix, remarks, sentences};
use crate::sheet::{Layout, Sheet, Text, accuracies, outputs, outputs_title, published_numbers};
use crate::{Comparison, Exporter, Rank, Table};

/// How plain text is drawn.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// Whether best and second are bold and underlined by escape sequences, or marked
    /// `**best**` and `_second_`.
    pub styled: bool,
    /// Columns that there are; `None` for as many as are needed.
    pub width: Option<usize>,
}

impl Terminal {
    /// As standard output is: styled and as wide as the terminal, or plain if it is a file or a
    /// pipe.
    pub fn detect() -> Self {
        let styled = std::io::stdout().is_terminal();
        // comfy-table asks the system for the width, and says none where there is no terminal.
        Self {
            styled,
            width: comfy_table::Table::new().width().map(usize::from),
        }
    }
}

impl Exporter for Terminal {
    fn extension(&self) -> &'static str {
        "txt"
    }

    fn export(&self, table: &Table) -> String {
        let mut out = format!("{}\n", table.title);
        if !table.settings.is_empty() {
            let _ = writeln!(out, "with {}", table.settings.join(", "));
        }
        out.push('\n');
        let beside = self.draw(&accuracies(table, Layout::Beside));
        let fits = self.width.is_none_or(|width| beside.widest <= width);
        if fits || !table.has_published() {
            out += &beside.text;
            let published = if table.has_published() {
                "(…) published; "
            } else {
                ""
            };
            let _ = write!(out, "\n{published}{}\n", self.legend());
        } else {
            out += &self.draw(&accuracies(table, Layout::Apart)).text;
            let published = self.draw(&published_numbers(table)).text;
            let _ = write!(out, "\npublished\n{published}\n{}\n", self.legend());
        }
        for note in table.notes() {
            let _ = writeln!(out, "{note}");
        }
        for (i, column) in table.columns.iter().enumerate().filter(|(_, c)| c.measured) {
            if let Some(sheet) = outputs(table, i) {
                let text = self.draw(&sheet).text;
                let _ = write!(out, "\n{}\n{text}", outputs_title(&column.title));
            }
            let sentences = sentences(table, i);
            if !sentences.is_empty() {
                out.push('\n');
            }
            for sentence in sentences {
                let _ = writeln!(out, "{sentence}");
            }
        }
        for comparison in table.comparisons.iter().filter(|c| c.says_more()) {
            out += &self.compared(table, comparison);
        }
        out
    }
}

struct Drawn {
    text: String,
    widest: usize,
}

impl Terminal {
    fn draw(&self, sheet: &Sheet) -> Drawn {
        let mut grid = comfy_table::Table::new();
        grid.load_style(NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        grid.set_header(&sheet.head);
        for row in &sheet.rows {
            grid.add_row(row.iter().map(|text| self.marked(text)));
        }
        for column in grid.column_iter_mut() {
            column
                .set_padding((0, 2))
                .set_cell_alignment(CellAlignment::Left);
        }
        let lines: Vec<String> = grid
            .lines()
            .map(|line| line.trim_end().to_string())
            .collect();
        let widest = grid
            .column_max_content_widths()
            .iter()
            .map(|w| usize::from(*w) + 2)
            .sum::<usize>()
            - 2;
        Drawn {
            text: lines.join("\n") + "\n",
            widest,
        }
    }

    /// The differences between rows: as a triangle where it fits, else only those beyond noise.
    fn compared(&self, table: &Table, comparison: &Comparison) -> String {
        let title = table
            .columns
            .iter()
            .find(|c| c.dataset == comparison.dataset)
            .map_or("", |c| &c.title);
        let mut out = format!("\n{title}: differences in accuracy, row minus column (points)\n");
        if comparison.compared().next().is_some() {
            let (triangle, widest) = matrix(table, comparison);
            let fits = self.width.is_none_or(|width| widest <= width);
            out += &if fits {
                triangle
            } else {
                list(table, comparison)
            };
        }
        for remark in remarks(table, comparison) {
            let _ = writeln!(out, "{remark}");
        }
        out
    }

    fn marked(&self, text: &Text) -> String {
        text.iter()
            .map(|span| self.mark(&span.text, span.mark))
            .collect()
    }

    fn mark(&self, text: &str, rank: Option<Rank>) -> String {
        match (rank, self.styled) {
            (None, _) => text.into(),
            (Some(Rank::Best), true) => format!("\u{1b}[1m{text}\u{1b}[22m"),
            (Some(Rank::Second), true) => format!("\u{1b}[4m{text}\u{1b}[24m"),
            (Some(Rank::Best), false) => format!("**{text}**"),
            (Some(Rank::Second), false) => format!("_{text}_"),
        }
    }

    fn legend(&self) -> String {
        let (best, second) = (
            self.mark("best", Some(Rank::Best)),
            self.mark("second", Some(Rank::Second)),
        );
        format!("{best}, {second}; majority: always the most frequent class of the test split")
    }
}
