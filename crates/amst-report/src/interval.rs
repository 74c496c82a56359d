//! How far the mean of a few runs is to be trusted.

use statrs::distribution::{ContinuousCDF, StudentsT};

/// What share of such intervals covers what it is about: 95 %.
pub const LEVEL: f64 = 0.95;

/// Student's interval of a mean, from its standard error over `n` runs: mean ± t·error, with
/// the t that cuts off 2.5 % on either side at n − 1 degrees of freedom. Of three runs t is
/// 4.3, not 2; of fewer than two there is no interval.
pub(crate) fn of_mean(mean: f64, standard_error: f64, n: usize) -> Option<[f64; 2]> {
    let freedom = n.checked_sub(1).filter(|f| *f > 0)?;
    let half = quantile(freedom) * standard_error;
    Some([mean - half, mean + half])
}

/// What Student's t stays below in 97.5 % of all cases.
fn quantile(freedom: usize) -> f64 {
    let t =
        StudentsT::new(0.0, 1.0, freedom as f64).expect("there is at least one degree of freedom");
    t.inverse_cdf((1.0 + LEVEL) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::oracle;

    #[test]
    fn quantiles_are_those_of_scipy() {
        let table = oracle()["student_t"].as_object().unwrap().clone();
        assert!(table.len() > 5);
        for (freedom, expected) in table {
            let (freedom, expected) = (freedom.parse().unwrap(), expected.as_f64().unwrap());
            assert!(
                (quantile(freedom) - expected).abs() < 1e-9 * expected,
                "{freedom}: {}",
                quantile(freedom)
            );
        }
    }

    #[test]
    fn three_runs_reach_four_errors_far() {
        // Printed tables have t = 4.303 at two degrees of freedom.
        let [low, high] = of_mean(0.5, 0.1, 3).unwrap();
        assert!(
            (low - 0.0697).abs() < 1e-4 && (high - 0.9303).abs() < 1e-4,
            "{low} {high}"
        );
    }

    #[test]
    fn a_single_run_has_no_interval() {
        assert_eq!((of_mean(0.5, 0.1, 1), of_mean(0.5, 0.1, 0)), (None, None));
    }
}
