//! Numbers and names as text of a known width.

use ratatui::text::Span;

/// What stands where there is nothing.
pub(crate) const NOTHING: &str = "-";

/// Seconds in words, to about a minute: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`.
pub(crate) fn duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    let minutes = (seconds / 60.0).round() as u64;
    if seconds < 59.5 {
        format!("{} s", seconds.round())
    } else if minutes < 60 {
        format!("{minutes} min")
    } else if minutes < 24 * 60 {
        format!("{} h {} min", minutes / 60, minutes % 60)
    } else {
        format!("{} d {} h", minutes / (24 * 60), minutes / 60 % 24)
    }
}

/// Seconds in three letters, rounded: `45s`, `12m`, ` 3h`, ` 2d`.
pub(crate) fn short_duration(seconds: f64) -> String {
    let seconds = seconds.max(0.0);
    for (length, in_all, letter) in [(1.0, 60.0, 's'), (60.0, 60.0, 'm'), (3600.0, 24.0, 'h')] {
        let units = (seconds / length).round();
        if units < in_all {
            return format!("{units:>2}{letter}");
        }
    }
    format!("{:>2}d", (seconds / 86400.0).round().min(99.0))
}

/// An accuracy of 0..1 in per cent, four letters wide.
pub(crate) fn percent(accuracy: Option<f64>) -> String {
    match accuracy {
        None => format!("{NOTHING:>4}"),
        // A decimal does not fit beside three digits.
        Some(all) if all >= 0.9995 => " 100".into(),
        Some(accuracy) => format!("{:>4.1}", 100.0 * accuracy),
    }
}

/// A bar of so many columns for a share of 0..1, in eighths of a column.
pub(crate) fn bar(share: f64, columns: usize) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    let eighths = (share.clamp(0.0, 1.0) * 8.0 * columns as f64).floor() as usize;
    let (full, rest) = (eighths / 8, eighths % 8);
    let mut text = "█".repeat(full);
    if full < columns {
        text.push(EIGHTHS[rest]);
        text.push_str(&" ".repeat(columns - full - 1));
    }
    text
}

/// Columns that a text takes in a terminal.
pub(crate) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text in exactly so many columns: shortened with `…`, or followed by spaces. What would move
/// the cursor is a space.
pub(crate) fn fitted(text: &str, columns: usize) -> String {
    let text = one_line(text);
    let mut fitted = text.clone();
    if width(&text) > columns {
        fitted.clear();
        for letter in text.chars() {
            fitted.push(letter);
            if width(&fitted) + 1 > columns {
                fitted.pop();
                break;
            }
        }
        if columns > 0 {
            fitted.push('…');
        }
    }
    let missing = columns.saturating_sub(width(&fitted));
    fitted + &" ".repeat(missing)
}

/// A text with spaces for what would move the cursor.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (seconds, long, short) in [
            (-1.0, "0 s", " 0s"),
            (59.0, "59 s", "59s"),
            (59.9, "1 min", " 1m"),
            (754.0, "13 min", "13m"),
            (3599.0, "1 h 0 min", " 1h"),
            (3700.0, "1 h 2 min", " 1h"),
            (180000.0, "2 d 2 h", " 2d"),
            (1e9, "11574 d 1 h", "99d"),
        ] {
            assert_eq!(duration(seconds), long);
            assert_eq!(short_duration(seconds), short);
        }
    }

    #[test]
    fn accuracies_are_four_letters_wide() {
        for (accuracy, text) in [
            (None, "   -"),
            (Some(0.0), " 0.0"),
            (Some(0.7512), "75.1"),
            (Some(0.9996), " 100"),
        ] {
            assert_eq!(percent(accuracy), text);
        }
    }

    #[test]
    fn bars_grow_by_eighths() {
        assert_eq!(bar(0.0, 3), "   ");
        assert_eq!(bar(0.5, 3), "█▌ ");
        assert_eq!(bar(1.0, 3), "███");
        assert_eq!(bar(7.0, 2), "██");
        assert_eq!(bar(0.5, 0), "");
    }

    #[test]
    fn texts_are_fitted_by_columns_not_by_letters() {
        assert_eq!(fitted("abc", 5), "abc  ");
        assert_eq!(fitted("abcdef", 5), "abcd…");
        assert_eq!(fitted("a\nb", 3), "a b");
        assert_eq!(fitted("数字数字", 6), "数字… ");
        assert_eq!(fitted("数字", 4), "数字");
        assert_eq!(fitted("é", 1), "é");
        assert_eq!(fitted("abc", 0), "");
    }
}
