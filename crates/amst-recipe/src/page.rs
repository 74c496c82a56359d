//! Plain text of at most 100 columns, wrapped and aligned.

use std::fmt;

/// Columns of a page.
pub(crate) const WIDTH: usize = 100;

/// Text under construction. Widths are counted in characters, which all take one column here.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// A line at the left edge with an empty line before it, except at the top.
    pub fn heading(&mut self, text: &str) {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        self.wrapped("", "", text);
    }

    /// Text behind an indentation.
    pub fn text(&mut self, indent: usize, text: &str) {
        let indent = " ".repeat(indent);
        self.wrapped(&indent, &indent, text);
    }

    /// A line as it is, behind an indentation.
    pub fn line(&mut self, indent: usize, line: &str) {
        self.end(&format!("{}{line}", " ".repeat(indent)));
    }

    /// Text behind a label that is padded to `width`; further lines start where the first did.
    pub fn labelled(&mut self, indent: usize, label: &str, width: usize, text: &str) {
        let first = format!("{}{label:<width$}  ", " ".repeat(indent));
        let hanging = " ".repeat(columns(&first));
        self.wrapped(&first, &hanging, text);
    }

    /// Rows whose columns are aligned; the last one is wrapped.
    pub fn table(&mut self, indent: usize, rows: &[Vec<String>]) {
        let count = rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |c: usize| {
            rows.iter()
                .filter_map(|r| r.get(c))
                .map(|cell| columns(cell))
                .max()
                .unwrap_or(0)
        };
        let widths: Vec<usize> = (0..count.saturating_sub(1)).map(width).collect();
        for row in rows.iter().filter(|row| !row.is_empty()) {
            let (last, cells) = row.split_last().expect("empty rows are left out");
            let padded: Vec<String> = cells
                .iter()
                .zip(&widths)
                .map(|(cell, w)| format!("{cell:<w$}"))
                .collect();
            self.labelled(indent, &padded.join("  "), 0, last);
        }
    }

    fn wrapped(&mut self, first: &str, hanging: &str, text: &str) {
        let mut line = first.to_string();
        let mut empty = true;
        for word in text.split_whitespace() {
            if !empty && columns(&line) + 1 + columns(word) > WIDTH {
                self.end(&line);
                line = hanging.to_string();
                empty = true;
            }
            if !empty {
                line.push(' ');
            }
            line.push_str(word);
            empty = false;
        }
        self.end(&line);
    }

    fn end(&mut self, line: &str) {
        self.0.push_str(line.trim_end());
        self.0.push('\n');
    }
}

impl fmt::Display for Page {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn columns(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_wrapped_at_the_width_and_hangs_below_its_label() {
        let mut page = Page::default();
        let words = "seven77 ".repeat(13); // 13 × 7 + 12 = 103 columns
        page.labelled(2, "ab", 4, &words);
        let seven = |n: usize| vec!["seven77"; n].join(" ");
        assert_eq!(
            page.to_string(),
            format!("  ab    {}\n        {}\n", seven(11), seven(2))
        );
    }

    #[test]
    fn columns_are_aligned_by_characters_and_the_last_is_not_padded() {
        let mut page = Page::default();
        let row = |cells: &[&str]| cells.iter().map(|c| c.to_string()).collect::<Vec<_>>();
        page.table(
            1,
            &[
                row(&["Naïve", "1", "x"]),
                row(&["a", "22", "yy z"]),
                row(&["b", "3", ""]),
            ],
        );
        assert_eq!(
            page.to_string(),
            " Naïve  1   x\n a      22  yy z\n b      3\n"
        );
    }

    #[test]
    fn a_word_longer_than_a_line_has_a_line_of_its_own() {
        let mut page = Page::default();
        let long = "x".repeat(120);
        page.text(2, &format!("a {long} b"));
        assert_eq!(page.to_string(), format!("  a\n  {long}\n  b\n"));
    }

    #[test]
    fn a_heading_has_a_blank_line_above() {
        let mut page = Page::default();
        page.heading("A");
        page.text(2, "b");
        page.heading("C");
        assert_eq!(page.to_string(), "A\n  b\n\nC\n");
    }
}
