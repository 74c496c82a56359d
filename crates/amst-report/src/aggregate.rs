//! Mean and standard error over seeds.

use serde::Serialize;

use crate::interval;

/// The mean of some runs and how far it is to be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Aggregate {
    /// Arithmetic mean.
    pub mean: f64,
    /// Sample standard deviation (n − 1 in the denominator) over √n; of a single run nothing can be
    /// said.
    pub standard_error: Option<f64>,
    /// Student's 95 % interval of the mean; of a single run nothing can be said.
    pub interval: Option<[f64; 2]>,
    /// How many runs.
    pub n: usize,
}

impl Aggregate {
    /// The aggregate of at least one value; `None` of none.
    pub fn of(values: &[f64]) -> Option<Self> {
        let n = values.len();
        if n == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
        let standard_error = (n > 1).then(|| (squares / (n - 1) as f64).sqrt() / (n as f64).sqrt());
        let interval = standard_error.and_then(|error| interval::of_mean(mean, error, n));
        Some(Self {
            mean,
            standard_error,
            interval,
            n,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_two_three_has_mean_two_and_standard_error_one_over_root_three() {
        let a = Aggregate::of(&[1.0, 2.0, 3.0]).unwrap();
        assert_eq!((a.mean, a.n), (2.0, 3));
        assert!((a.standard_error.unwrap() - 1.0 / 3f64.sqrt()).abs() < 1e-12);
    }

    #[test]
    fn two_values_are_off_by_half_their_distance() {
        // Standard deviation |a - b| / √2, over √2.
        assert_eq!(
            Aggregate::of(&[0.5, 0.75]).unwrap().standard_error,
            Some(0.125)
        );
    }

    #[test]
    fn a_single_run_has_no_standard_error() {
        let single = Aggregate {
            mean: 0.8,
            standard_error: None,
            interval: None,
            n: 1,
        };
        assert_eq!(Aggregate::of(&[0.8]), Some(single));
    }

    #[test]
    fn the_interval_of_two_values_reaches_12_7_errors_far() {
        // t at one degree of freedom is tan(0.475·π) = 12.706.
        let [low, high] = Aggregate::of(&[0.5, 0.75]).unwrap().interval.unwrap();
        assert!(
            (low - (0.625 - 12.7062 * 0.125)).abs() < 1e-4
                && (high - (0.625 + 12.7062 * 0.125)).abs() < 1e-4
        );
    }

    #[test]
    fn of_no_run_nothing_is_said() {
        assert_eq!(Aggregate::of(&[]), None);
    }
}
