//! A stretch of a video.

use std::ffi::OsString;
use std::path::Path;

use crate::FrameError;
use crate::video::ffmpeg::words;

/// How far a span may reach past the declared end: annotations and containers
/// both round, and a frame lasts a thirtieth of a second or so.
const TOLERANCE: f64 = 0.1;

/// Starts before this many seconds are reached by decoding from the beginning.
/// Seeking there is wrong in ffmpeg 5.1 for an flv or an avi with B-frames: it goes
/// back a little for B-frames, to before the beginning.
const MIN_SEEK: f64 = 1.0;

/// A stretch of a video, in seconds from its beginning.
///
/// What belongs to it is what `ffmpeg -ss START -to END` cuts out: the frames
/// and sampling instants from `start` on, for `end - start` seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    start: f64,
    end: f64,
}

impl Span {
    /// From `start` to `end` in seconds.
    ///
    /// # Errors
    /// Refuses a negative start, an end that is not after the start, NaN and infinity.
    pub fn new(start: f64, end: f64) -> Result<Self, FrameError> {
        if start >= 0.0 && end > start && end.is_finite() {
            return Ok(Self { start, end });
        }
        Err(FrameError::Span { start, end })
    }

    /// Where it begins, in seconds.
    pub fn start(&self) -> f64 {
        self.start
    }

    /// Where it ends, in seconds.
    pub fn end(&self) -> f64 {
        self.end
    }

    /// How long it is, in seconds.
    pub fn seconds(&self) -> f64 {
        self.end - self.start
    }

    /// The arguments before the input: an exact seek, which decodes from the key frame
    /// before.
    pub(super) fn seek(&self) -> Vec<OsString> {
        if self.start < MIN_SEEK {
            return Vec::new();
        }
        let (start, seconds) = (
            format!("{:.6}", self.start),
            format!("{:.6}", self.seconds()),
        );
        words(["-ss", &start, "-t", &seconds])
    }

    /// The filter that replaces the seek near the beginning: `trim` for pictures, `atrim`
    /// for sound.
    pub(super) fn trim(&self, filter: &str) -> Option<String> {
        (self.start < MIN_SEEK).then(|| {
            format!(
                "{filter}=start={:.6}:duration={:.6}",
                self.start,
                self.seconds()
            )
        })
    }

    /// Refuses a span that reaches past the end of the file.
    pub(super) fn check(&self, path: &Path, duration: Option<f64>) -> Result<(), FrameError> {
        match duration {
            Some(duration) if self.end > duration + TOLERANCE || self.start >= duration => {
                Err(FrameError::SpanOutside {
                    path: path.to_owned(),
                    start: self.start,
                    end: self.end,
                    duration,
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_runs_forward() {
        for (start, end) in [
            (-0.1, 1.0),
            (1.0, 1.0),
            (2.0, 1.0),
            (0.0, f64::INFINITY),
            (f64::NAN, 1.0),
            (0.0, f64::NAN),
        ] {
            assert!(
                matches!(Span::new(start, end), Err(FrameError::Span { .. })),
                "{start} {end}"
            );
        }
        assert_eq!(Span::new(1.5, 4.0).unwrap().seconds(), 2.5);
    }

    #[test]
    fn an_end_rounded_up_is_no_span_past_the_end() {
        let span = Span::new(1.0, 3.05).unwrap();
        let path = Path::new("a.avi");
        span.check(path, Some(3.0)).unwrap();
        span.check(path, None).unwrap();
        let error = span.check(path, Some(2.9)).unwrap_err();
        assert!(
            error.to_string().contains("a.avi") && error.to_string().contains("2.9"),
            "{error}"
        );
    }
}
