//! How wide text is, roughly: letters that the embedded font lacks are drawn in the reader's.

/// The embedded font, then fonts that are about as wide for readers that take none from a file.
pub(crate) const FONT: &str =
    "Roboto, Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif";

/// Points that a text takes in a sans-serif font of `size` points, generously.
pub(crate) fn width(text: &str, size: f64) -> f64 {
    text.chars().map(em).sum::<f64>() * size
}

fn em(letter: char) -> f64 {
    match letter {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.28,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 0.36,
        'm' | 'w' | 'M' | 'W' | '%' => 0.9,
        'A'..='Z' => 0.7,
        letter if letter.is_ascii() => 0.57,
        // Of other scripts some are square.
        _ => 1.0,
    }
}

/// Lines of at most `available` points, broken at spaces, and inside a word that is longer than a
/// line.
pub(crate) fn wrap(text: &str, size: f64, available: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().expect("there is always a line");
        let space = if line.is_empty() { "" } else { " " };
        if width(&format!("{line}{space}{word}"), size) <= available {
            line.push_str(space);
            line.push_str(word);
            continue;
        }
        if !line.is_empty() {
            lines.push(String::new());
        }
        for letter in word.chars() {
            let line = lines.last_mut().expect("there is always a line");
            if line.is_empty() || width(&format!("{line}{letter}"), size) <= available {
                line.push(letter);
            } else {
                lines.push(letter.to_string());
            }
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_at_spaces() {
        let text = "(a) Alternating without skip";
        assert_eq!(wrap(text, 7.0, 1000.0), [text]);
        let lines = wrap(text, 7.0, 60.0);
        assert_eq!(lines.join(" "), text);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line, 7.0) <= 60.0));
        assert_eq!(wrap("", 7.0, 60.0), [""]);
        assert_eq!(wrap("a mmm b", 10.0, 20.0), ["a", "mm", "m b"]);
    }
}
