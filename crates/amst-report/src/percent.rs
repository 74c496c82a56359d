//! Numbers as the paper prints them.

use amst_recipe::Published;

use crate::Aggregate;

/// What stands where there is no number.
pub(crate) const DASH: &str = "–";

/// A share as per cent with one decimal: `82.1`.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.1}", 100.0 * share)
}

/// `82.1 ± 0.30`, or `82.1` of a single run.
pub(crate) fn measured(accuracy: &Aggregate) -> String {
    match accuracy.standard_error {
        Some(error) => format!("{} ± {:.2}", percent(accuracy.mean), 100.0 * error),
        None => percent(accuracy.mean),
    }
}

/// A whole number with its thousands apart: `1,250`.
pub(crate) fn count(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A difference of shares in percentage points, with its sign: `+23.5`, `−3.2`, `0.0`.
pub(crate) fn points(difference: f64) -> String {
    let text = format!("{:+.1}", 100.0 * difference);
    match text.as_str() {
        "+0.0" | "-0.0" => "0.0".into(),
        _ => text.replace('-', "−"),
    }
}

/// `[86.7, 98.1]`.
pub(crate) fn share_interval([low, high]: [f64; 2]) -> String {
    format!("[{}, {}]", percent(low), percent(high)).replace('-', "−")
}

/// A p with three decimals, below a thousandth with its power of ten: `0.109`, `2e-5`.
pub(crate) fn probability(p: f64) -> String {
    if p < 0.001 {
        format!("{p:.0e}")
    } else {
        format!("{p:.3}")
    }
}

/// `80.5 ± 0.77`.
pub(crate) fn published(Published(mean, error): Published) -> String {
    format!("{mean:.1} ± {error:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_have_one_decimal_and_errors_two() {
        let mean = |mean, standard_error| Aggregate {
            mean,
            standard_error,
            interval: None,
            n: 3,
        };
        assert_eq!(measured(&mean(0.82149, Some(0.00304))), "82.1 ± 0.30");
        assert_eq!(measured(&mean(1.0, None)), "100.0");
        assert_eq!(published(Published(64.0, 1.45)), "64.0 ± 1.45");
    }

    #[test]
    fn counts_have_their_thousands_apart() {
        assert_eq!(
            [7.0, 999.6, 52_431.0, 1_234_567.0].map(count),
            ["7", "1,000", "52,431", "1,234,567"]
        );
    }

    #[test]
    fn differences_have_a_sign_unless_they_print_as_zero() {
        assert_eq!(
            [0.2349, -0.0321, 0.0004, -0.0004].map(points),
            ["+23.5", "−3.2", "0.0", "0.0"]
        );
        assert_eq!(
            [0.109375, 0.0000234, 1.0].map(probability),
            ["0.109", "2e-5", "1.000"]
        );
        assert_eq!(share_interval([-0.0123, 0.981]), "[−1.2, 98.1]");
    }
}
