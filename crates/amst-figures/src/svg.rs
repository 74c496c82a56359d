//! The few parts of SVG that a figure needs, written in a fixed order with two decimals.

use std::fmt::{Display, Write};

/// An element with its attributes, in the order they were set.
#[derive(Clone, Debug)]
pub(crate) struct Element {
    name: &'static str,
    attributes: String,
}

impl Element {
    pub(crate) fn new(name: &'static str) -> Self {
        Self {
            name,
            attributes: String::new(),
        }
    }

    /// Sets an attribute to a text or a whole number.
    pub(crate) fn set(mut self, name: &str, value: impl Display) -> Self {
        let value = escaped(&value.to_string());
        // Writing to a `String` does not fail.
        let _ = write!(self.attributes, " {name}=\"{value}\"");
        self
    }

    /// Sets an attribute to a length or place, in points.
    pub(crate) fn at(self, name: &str, points: f64) -> Self {
        self.set(name, number(points))
    }

    /// Sets an attribute, unless the text is empty.
    pub(crate) fn set_unless_empty(self, name: &str, value: &str) -> Self {
        if value.is_empty() {
            self
        } else {
            self.set(name, value)
        }
    }
}

/// A text that is being written.
#[derive(Debug, Default)]
pub(crate) struct Svg {
    text: String,
    depth: usize,
}

impl Svg {
    /// Opens an element, for others to stand in it.
    pub(crate) fn open(&mut self, element: &Element) {
        self.line(&format!("<{}{}>", element.name, element.attributes));
        self.depth += 1;
    }

    /// Closes what was opened.
    pub(crate) fn close(&mut self, name: &str) {
        self.depth -= 1;
        self.line(&format!("</{name}>"));
    }

    /// Adds an element that holds nothing.
    pub(crate) fn add(&mut self, element: &Element) {
        self.line(&format!("<{}{}/>", element.name, element.attributes));
    }

    /// Adds an element that holds text.
    pub(crate) fn add_text(&mut self, element: &Element, text: &str) {
        let Element { name, attributes } = element;
        self.line(&format!("<{name}{attributes}>{}</{name}>", escaped(text)));
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }

    fn line(&mut self, line: &str) {
        self.text.extend(std::iter::repeat_n("  ", self.depth));
        self.text.push_str(line);
        self.text.push('\n');
    }
}

/// Points with at most two decimals.
pub(crate) fn number(points: f64) -> String {
    let text = format!("{points:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short == "-0" {
        "0".into()
    } else {
        short.into()
    }
}

/// Places as `x,y x,y`.
pub(crate) fn places(places: impl IntoIterator<Item = (f64, f64)>) -> String {
    let texts: Vec<String> = places
        .into_iter()
        .map(|(x, y)| format!("{},{}", number(x), number(y)))
        .collect();
    texts.join(" ")
}

/// Text in which nothing is markup. What XML cannot hold at all becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push(' '),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        let texts = [1.0, 1.5, 1.126, -0.001, 100.0, 0.0].map(number);
        assert_eq!(texts, ["1", "1.5", "1.13", "0", "100", "0"]);
    }

    #[test]
    fn markup_in_text_is_text() {
        let mut svg = Svg::default();
        svg.add_text(&Element::new("text").set("class", "a\"b"), "x < y & \u{1}");
        assert_eq!(
            svg.finish(),
            "<text class=\"a&quot;b\">x &lt; y &amp; \u{fffd}</text>\n"
        );
    }
}
