//! Reading a text line by line, with all that is wrong in it.

use crate::{AnnotationError, BadLine};

/// The lines of a text that hold something, numbered from 1. A byte-order mark and `\r` at line
/// ends are passed over.
pub(crate) fn numbered(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text
        .split('\n')
        .map(|line| line.strip_suffix('\r').unwrap_or(line));
    lines
        .enumerate()
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty())
}

/// What `parse` makes of each line; lines of which it makes `None` are passed over. The second list
/// holds those that it refused.
pub(crate) fn each<T>(
    text: &str,
    file: &str,
    mut parse: impl FnMut(usize, &str) -> Result<Option<T>, String>,
) -> (Vec<T>, Vec<BadLine>) {
    let (mut good, mut bad) = (Vec::new(), Vec::new());
    for (line, content) in numbered(text) {
        match parse(line, content) {
            Ok(Some(value)) => good.push(value),
            Ok(None) => {}
            Err(why) => bad.push(BadLine {
                file: file.into(),
                line,
                why,
            }),
        }
    }
    (good, bad)
}

/// As [`each`], where one bad line refuses the text.
pub(crate) fn all<T>(
    text: &str,
    file: &str,
    parse: impl FnMut(usize, &str) -> Result<Option<T>, String>,
) -> Result<Vec<T>, AnnotationError> {
    let (good, bad) = each(text, file, parse);
    if !bad.is_empty() {
        Err(AnnotationError::Lines { bad })
    } else if good.is_empty() {
        Err(AnnotationError::Empty { file: file.into() })
    } else {
        Ok(good)
    }
}

/// A number of seconds: plain decimal digits, at most one point.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.') && text.len() < 20;
    let value = text.parse::<f64>().ok().filter(|_| plain);
    value.ok_or_else(|| format!("{} is no number of seconds", crate::error::shown(text)))
}

/// A span whose end is after its start.
pub(crate) fn span(start: &str, end: &str) -> Result<crate::Span, String> {
    let span = crate::Span {
        start: seconds(start)?,
        end: seconds(end)?,
    };
    (span.end > span.start)
        .then_some(span)
        .ok_or_else(|| format!("the span ends at {end} s and begins at {start} s"))
}

/// A name that can stand in a path without leading elsewhere.
pub(crate) fn id(text: &str) -> Result<String, String> {
    let wrong = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '/' | '\\' | ':');
    let fit = (1..=200).contains(&text.len()) && !text.starts_with('.') && !text.contains(wrong);
    fit.then(|| text.into())
        .ok_or_else(|| format!("{} cannot be a sample's name", crate::error::shown(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_as_an_editor_counts_them() {
        let lines: Vec<_> = numbered("\u{feff}a\r\n\r\nb\n \nc").collect();
        assert_eq!(lines, [(1, "a"), (3, "b"), (5, "c")]);
    }

    #[test]
    fn seconds_and_spans_are_plain_and_ordered() {
        assert_eq!(seconds("60.2400"), Ok(60.24));
        for wrong in ["", ".", "-1", "1e3", "NaN", "inf", "1.2.3", "1,5", " 1"] {
            assert!(seconds(wrong).is_err(), "{wrong:?}");
        }
        assert!(span("2.5", "2.5").unwrap_err().contains("ends at 2.5 s"));
        assert_eq!(span("1", "2.5").unwrap().seconds(), 1.5);
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        for good in ["1001_DFA_ANG_XX", "-GJvu5hr6w4", "c---zaDCTaE", "10397"] {
            assert_eq!(id(good), Ok(good.into()));
        }
        for wrong in [
            "", ".", "..", ".hidden", "a/b", "..\\b", "C:x", "a b", "a\0", "a\tb",
        ] {
            assert!(id(wrong).is_err(), "{wrong:?}");
        }
    }
}
