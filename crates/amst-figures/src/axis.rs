//! Axes: round numbers to mark, and where a number stands on the page.

/// A line on which numbers stand.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Axis {
    pub low: f64,
    pub high: f64,
    pub ticks: Vec<f64>,
    /// Digits behind the point of every tick.
    pub decimals: usize,
}

impl Axis {
    /// An axis with round ends that holds `low..high` and is divided into at most `parts`.
    ///
    /// It starts at 0, unless everything is positive and lies in the upper half. It does not go
    /// beyond `limit`.
    pub(crate) fn holding(low: f64, high: f64, limit: Option<f64>, parts: usize) -> Self {
        let low = if low > high / 2.0 { low } else { low.min(0.0) };
        // Equal numbers get an axis from 0, too.
        let low = if low < high { low } else { low.min(0.0) };
        let high = if high > low { high } else { low + 1.0 };
        let step = round_step((high - low) / parts as f64);
        let first = (low / step).floor();
        let mut last = (high / step - 1e-9).ceil();
        if let Some(limit) = limit {
            last = last.min((limit / step).round());
        }
        let ticks = (first as i64..=last as i64)
            .map(|i| i as f64 * step)
            .collect();
        Self {
            low: first * step,
            high: (last * step).max(high),
            ticks,
            decimals: decimals(step),
        }
    }

    /// An axis of classes or settings, which have no numbers.
    pub(crate) fn none() -> Self {
        Self {
            low: 0.0,
            high: 1.0,
            ticks: Vec::new(),
            decimals: 0,
        }
    }

    /// The epochs 0 to `epochs` − 1, each from half before to half behind its number.
    pub(crate) fn of_epochs(epochs: usize, parts: usize) -> Self {
        let step = whole_step(epochs.saturating_sub(1), parts);
        Self {
            low: -0.5,
            high: epochs as f64 - 0.5,
            ticks: (0..epochs)
                .step_by(step)
                .map(|epoch| epoch as f64)
                .collect(),
            decimals: 0,
        }
    }

    /// A tick's text.
    pub(crate) fn text(&self, tick: f64) -> String {
        format!("{tick:.*}", self.decimals)
    }
}

/// A whole round number, so that `length` has at most `parts` of it.
pub(crate) fn whole_step(length: usize, parts: usize) -> usize {
    let least = length as f64 / parts.max(1) as f64;
    let mut power = 1;
    loop {
        for digit in [1, 2, 5] {
            if (digit * power) as f64 >= least {
                return digit * power;
            }
        }
        power *= 10;
    }
}

/// The smallest of 1, 2, 2.5 and 5 times a power of ten that is at least `least`, which is above 0.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powi(least.log10().floor() as i32);
    for digit in [1.0, 2.0, 2.5, 5.0] {
        if digit * power >= least * (1.0 - 1e-9) {
            return digit * power;
        }
    }
    10.0 * power
}

/// Digits behind the point that a multiple of `step` needs.
fn decimals(step: f64) -> usize {
    (0..12)
        .find(|digits| {
            let scaled = step * 10f64.powi(*digits as i32);
            (scaled - scaled.round()).abs() < 1e-6
        })
        .unwrap_or(12)
}

/// Where the numbers of an axis stand on the page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `axis.low` stands at `start`, `axis.high` at `end`, in points of the page.
    pub(crate) fn new(axis: &Axis, start: f64, end: f64) -> Self {
        Self {
            low: axis.low,
            high: axis.high,
            start,
            end,
        }
    }

    /// Where a number stands, in points of the page.
    pub(crate) fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        self.start + share * (self.end - self.start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accuracies_end_at_a_hundred() {
        let axis = Axis::holding(12.0, 99.5, Some(100.0), 5);
        assert_eq!(axis.ticks, [0.0, 20.0, 40.0, 60.0, 80.0, 100.0]);
        assert_eq!((axis.low, axis.high, axis.decimals), (0.0, 100.0, 0));
    }

    #[test]
    fn the_upper_half_does_not_start_at_zero() {
        let axis = Axis::holding(81.0, 99.0, Some(100.0), 5);
        assert_eq!(axis.ticks, [80.0, 85.0, 90.0, 95.0, 100.0]);
        assert_eq!(axis.text(85.0), "85");
    }

    #[test]
    fn entropies_have_decimals() {
        let axis = Axis::holding(0.0, 1.9, None, 5);
        assert_eq!(axis.ticks, [0.0, 0.5, 1.0, 1.5, 2.0]);
        assert_eq!(axis.text(0.5), "0.5");
    }

    #[test]
    fn equal_numbers_have_an_axis() {
        for value in [0.0, 3.0, -2.0, 100.0] {
            let axis = Axis::holding(value, value, None, 5);
            assert!(axis.low <= value && value <= axis.high, "{value}: {axis:?}");
            assert!(axis.low < axis.high && axis.ticks.len() > 1, "{axis:?}");
        }
    }

    #[test]
    fn every_axis_holds_its_numbers() {
        for exponent in -12..12 {
            for digit in [1.0, 1.7, 2.49, 3.3, 7.7, 9.99] {
                let high = digit * 10f64.powi(exponent);
                let axis = Axis::holding(0.0, high, None, 5);
                assert!(
                    axis.high >= high && axis.ticks.len() <= 6,
                    "{high}: {axis:?}"
                );
            }
        }
    }

    #[test]
    fn epochs_are_whole() {
        let axis = Axis::of_epochs(20, 4);
        assert_eq!(axis.ticks, [0.0, 5.0, 10.0, 15.0]);
        let scale = Scale::new(&axis, 100.0, 300.0);
        assert_eq!((scale.at(-0.5), scale.at(19.5)), (100.0, 300.0));
        assert_eq!(Axis::of_epochs(1, 4).ticks, [0.0]);
    }
}
