//! Mean and range over runs.

/// Mean, smallest and largest of a number over runs of several seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// Arithmetic mean.
    pub mean: f64,
    /// The smallest value.
    pub low: f64,
    /// The largest value.
    pub high: f64,
    /// Number of values.
    pub n: usize,
}

impl Spread {
    /// That of the finite ones among `values`; `None` where there are none.
    ///
    /// The sum is taken in the order given.
    pub fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sum = 0.0;
        let mut spread = Self {
            mean: 0.0,
            low: f64::INFINITY,
            high: f64::NEG_INFINITY,
            n: 0,
        };
        for value in values.into_iter().filter(|value| value.is_finite()) {
            sum += value;
            spread.low = spread.low.min(value);
            spread.high = spread.high.max(value);
            spread.n += 1;
        }
        if spread.n == 0 {
            return None;
        }
        // Rounding must not put the mean outside the range.
        spread.mean = (sum / spread.n as f64).clamp(spread.low, spread.high);
        Some(spread)
    }

    /// Whether the values differ, so that there is a range to draw.
    pub fn has_range(&self) -> bool {
        self.high > self.low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mean_and_range() {
        let spread = Spread::of([3.0, 1.0, 5.0]).unwrap();
        assert_eq!(
            spread,
            Spread {
                mean: 3.0,
                low: 1.0,
                high: 5.0,
                n: 3
            }
        );
        assert!(spread.has_range());
        assert!(!Spread::of([2.0, 2.0]).unwrap().has_range());
    }

    #[test]
    fn what_is_not_finite_does_not_count() {
        assert_eq!(Spread::of([f64::NAN, 2.0, f64::INFINITY]).unwrap().n, 1);
        assert_eq!(Spread::of([f64::NAN]), None);
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn rounding_leaves_the_mean_inside_the_range() {
        let spread = Spread::of([0.1; 3]).unwrap();
        assert_eq!(
            (spread.mean, spread.low, spread.high),
            (0.1, 0.1, 0.1),
            "0.1 + 0.1 + 0.1 is more than 0.3"
        );
    }
}
