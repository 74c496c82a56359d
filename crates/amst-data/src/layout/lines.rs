//! Which lines of a table belong to which of its rows.
//!
//! A quotation mark that is not closed makes a cell of everything up to the next one, and parsers
//! of such tables do not mind. Here a cell may hold line breaks only where that cannot be so.

/// What the lines of a table are, as far as quotation marks decide it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// The first line of each row, from 1; the header is one.
    pub(super) rows: Vec<usize>,
    /// Lines with nothing in them.
    pub(super) blank: usize,
    /// Line breaks inside cells.
    pub(super) inside: usize,
    /// Cells that hold line breaks.
    pub(super) long_cells: Vec<LongCell>,
}

/// A cell that holds line breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct LongCell {
    /// Which of its row's cells, from 0.
    pub(super) column: usize,
    /// The line of the quotation mark that opens it.
    pub(super) opened: usize,
    /// The line of the one that closes it.
    pub(super) closed: usize,
}

/// A quotation mark that opens a cell and is not closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotClosed {
    /// Its line.
    pub(super) opened: usize,
    /// The line with a quotation mark in the middle of that cell, if there is any.
    pub(super) stray: Option<usize>,
}

enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quotation mark that closes the cell, unless another one follows.
    AfterMark,
}

impl Lines {
    /// Reads all of a text.
    pub(super) fn of(text: &str) -> Result<Self, NotClosed> {
        let mut lines = Self::default();
        let (mut line, mut row, mut column, mut opened) = (1, 1, 0, 1);
        let mut state = State::CellStart;
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let ends_line = matches!(character, '\r' | '\n');
            if character == '\r' {
                characters.next_if_eq(&'\n');
            }
            state = match (state, character) {
                (State::CellStart, '"') => {
                    opened = line;
                    State::Quoted
                }
                (State::Quoted, '"') => State::AfterMark,
                (State::AfterMark, '"') => State::Quoted,
                (State::Quoted, _) => {
                    lines.inside += usize::from(ends_line);
                    State::Quoted
                }
                (before, _) if ends_line || character == ',' => {
                    if matches!(before, State::AfterMark) && opened < line {
                        lines.long_cells.push(LongCell {
                            column,
                            opened,
                            closed: line,
                        });
                    }
                    column += 1;
                    if ends_line {
                        let is_blank = column == 1 && matches!(before, State::CellStart);
                        lines.end_row(row, is_blank);
                        (row, column) = (line + 1, 0);
                    }
                    State::CellStart
                }
                (State::AfterMark, ' ' | '\t') => State::AfterMark,
                (State::AfterMark, _) => {
                    return Err(NotClosed {
                        opened,
                        stray: Some(line),
                    });
                }
                (State::CellStart | State::Plain, _) => State::Plain,
            };
            line += usize::from(ends_line);
        }
        match state {
            State::Quoted => {
                return Err(NotClosed {
                    opened,
                    stray: None,
                });
            }
            State::AfterMark if opened < line => lines.long_cells.push(LongCell {
                column,
                opened,
                closed: line,
            }),
            _ => {}
        }
        let ends_inside_line = !text.is_empty() && !text.ends_with(['\n', '\r']);
        if ends_inside_line {
            lines.end_row(row, false);
        }
        Ok(lines)
    }

    fn end_row(&mut self, first: usize, is_blank: bool) {
        if is_blank {
            self.blank += 1;
        } else {
            self.rows.push(first);
        }
    }

    /// How many lines all this is.
    pub(super) fn total(&self) -> usize {
        self.rows.len() + self.blank + self.inside
    }
}

/// The lines of a text, from the first.
pub(super) fn split(text: &str) -> Vec<&str> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(['\n', '\r']) {
        lines.push(&rest[..end]);
        let length = if rest[end..].starts_with("\r\n") {
            2
        } else {
            1
        };
        rest = &rest[end + length..];
    }
    if !rest.is_empty() {
        lines.push(rest);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_a_row_s_first_blank_or_inside_a_cell() {
        for (text, rows, blank, inside) in [
            ("", vec![], 0, 0),
            ("a,b", vec![1], 0, 0),
            ("a,b\r\n\r\nc,d\r\n", vec![1, 3], 1, 0),
            ("a,\"b\nc\"\nd,e\n\n  \n", vec![1, 3, 5], 1, 1),
            ("a,\"say \"\"b\"\"\r\n\r\nc\" \rd,e", vec![1, 4], 0, 2),
            ("5\" disk,\"\"\n\"\"\n", vec![1, 2], 0, 0),
        ] {
            let lines = Lines::of(text).unwrap();
            assert_eq!(lines.rows, rows, "{text:?}");
            assert_eq!((lines.blank, lines.inside), (blank, inside), "{text:?}");
            assert_eq!(lines.total(), split(text).len(), "{text:?}");
        }
        let long = Lines::of("x,y\na,\"b\nc\"\n").unwrap().long_cells;
        let [cell] = long[..] else { panic!("{long:?}") };
        assert_eq!((cell.column, cell.opened, cell.closed), (1, 2, 3));
    }

    #[test]
    fn a_quotation_mark_that_is_not_closed_is_named_by_its_own_line() {
        for (text, opened, stray) in [
            ("a,b\nc,\"d\ne,f\n", 2, None),
            ("a,b\nc,\"d\ne,\"f\n", 2, Some(3)),
            ("a,\"so\" funny\n", 1, Some(1)),
        ] {
            let refused = Lines::of(text).unwrap_err();
            assert_eq!(refused, NotClosed { opened, stray }, "{text:?}");
        }
    }
}
