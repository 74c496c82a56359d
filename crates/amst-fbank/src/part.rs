//! Which stretch of a recording is read.

use std::ops::Range;

use crate::FbankError;

/// How much of a recording is read; the rest is not held in memory.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Part {
    /// All of it.
    Whole,
    /// From the first to the second number of seconds, each rounded to the nearest sampling
    /// instant; it must lie inside the recording.
    Span([f64; 2]),
    /// So many seconds from its start, or all of it where it is shorter.
    First(f64),
}

impl Part {
    /// The sampling instants that are wanted, whatever the length; `None` where no recording has
    /// them.
    pub(crate) fn instants(self, rate: u32) -> Option<Range<u64>> {
        let instant = |seconds: f64| (seconds * f64::from(rate)).round();
        let [first, last] = match self {
            Self::Whole => return Some(0..u64::MAX),
            Self::Span([start, end]) => [instant(start), instant(end)],
            Self::First(seconds) => [0.0, instant(seconds)],
        };
        // NaN is in no range.
        (0.0 <= first && first < last).then_some(first as u64..last as u64)
    }

    /// Those of `length` sampling instants that are read.
    pub(crate) fn of(self, length: u64, rate: u32, name: &str) -> Result<Range<u64>, FbankError> {
        match self.instants(rate) {
            Some(wanted) if wanted.end <= length || !matches!(self, Self::Span(_)) => {
                Ok(wanted.start..wanted.end.min(length))
            }
            _ => Err(self.refused(length, rate, name)),
        }
    }

    /// The error for a part that `length` sampling instants do not have.
    pub(crate) fn refused(self, length: u64, rate: u32, name: &str) -> FbankError {
        let [start, end] = match self {
            Self::Whole => [0.0, f64::INFINITY],
            Self::Span(span) => span,
            Self::First(seconds) => [0.0, seconds],
        };
        FbankError::BadSpan {
            name: name.into(),
            start,
            end,
            seconds: length as f64 / f64::from(rate.max(1)),
        }
    }
}
