//! How much stands in a line, and in a function.

use super::source::{Token, tokens};
use super::{listed, place, product};

/// Editors show a hundred columns beside each other; rustfmt keeps to them but for long strings.
#[test]
fn hardly_a_line_is_wider_than_a_hundred_columns() {
    let (mut lines, mut wide) = (0, Vec::new());
    for file in product() {
        for (at, line) in file.text.lines().enumerate() {
            lines += 1;
            if line.chars().count() > 100 {
                wide.push(place(&file, at + 1));
            }
        }
    }
    let share = 100.0 * wide.len() as f64 / lines as f64;
    assert!(
        share <= 0.5,
        "{share:.2} % of {lines} lines:{}",
        listed(&wide)
    );
}

/// A closure with a name, `let area = |side: f64| …`, is a function that no search, no breakpoint
/// and no test finds. One that is used once is better written where it is used.
#[test]
fn hardly_a_closure_has_a_name() {
    let (mut lines, mut closures) = (0, Vec::new());
    for file in product() {
        lines += file.text.lines().count();
        let tokens = tokens(&file.text);
        for at in 0..tokens.len() {
            if names_a_closure(&tokens[at..]) {
                closures.push(place(&file, tokens[at].line));
            }
        }
    }
    let share = 1000.0 * closures.len() as f64 / lines as f64;
    assert!(
        share <= 3.0,
        "{} closures have names, {share:.1} in 1,000 lines:{}",
        closures.len(),
        listed(&closures)
    );
}

/// Whether `let name = |…|` is next, perhaps with `mut`, a type or `move`.
fn names_a_closure(next: &[Token]) -> bool {
    let mut words = next.iter().map(|token| token.text);
    if words.next() != Some("let") {
        return false;
    }
    let mut words = words.skip_while(|word| *word == "mut").skip(1).peekable();
    if words.peek() == Some(&":") {
        // The type: it holds no `=` and ends before one.
        while words.peek().is_some_and(|word| !["=", ";"].contains(word)) {
            words.next();
        }
    }
    words.next() == Some("=") && words.find(|word| *word != "move") == Some("|")
}
