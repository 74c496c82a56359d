//! The drawn numbers as CSV, one a line.

use crate::Spread;

/// Lines of CSV under headings.
pub(crate) struct LongForm {
    out: csv::Writer<Vec<u8>>,
}

impl LongForm {
    pub(crate) fn new(headings: &[&str]) -> Self {
        let mut long_form = Self {
            out: csv::Writer::from_writer(Vec::new()),
        };
        long_form.record(headings);
        long_form
    }

    /// A line: what is measured, then mean, low, high and n.
    pub(crate) fn add(&mut self, what: &[&str], spread: Spread) {
        let numbers = [
            number(spread.mean),
            number(spread.low),
            number(spread.high),
            spread.n.to_string(),
        ];
        let mut line = what.to_vec();
        line.extend(numbers.iter().map(String::as_str));
        self.record(&line);
    }

    pub(crate) fn finish(self) -> String {
        let bytes = self
            .out
            .into_inner()
            .expect("writing to memory does not fail");
        String::from_utf8(bytes).expect("strings were written")
    }

    pub(crate) fn record(&mut self, line: &[&str]) {
        self.out
            .write_record(line)
            .expect("writing to memory does not fail");
    }
}

/// Ten significant digits at most: enough to compare, without the dust of a change of unit.
pub(crate) fn number(value: f64) -> String {
    let rounded: f64 = format!("{value:.9e}").parse().unwrap_or(value);
    rounded.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_no_dust() {
        let texts = [0.24625 * 100.0, 0.1 + 0.2, 5e-5, 0.0, 1.0 / 3.0].map(number);
        assert_eq!(texts, ["24.625", "0.3", "0.00005", "0", "0.3333333333"]);
    }
}
