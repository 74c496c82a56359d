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

/// `80.5 ± 0.77`.
pub(crate) fn published(Published(mean, error): Published) -> String {
    format!("{mean:.1} ± {error:.2}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_have_one_decimal_and_errors_two() {
        assert_eq!(measured(&Aggregate { mean: 0.82149, standard_error: Some(0.00304), n: 3 }), "82.1 ± 0.30");
        assert_eq!(measured(&Aggregate { mean: 1.0, standard_error: None, n: 1 }), "100.0");
        assert_eq!(published(Published(64.0, 1.45)), "64.0 ± 1.45");
    }
}
