//! Which frames of a video are kept, and which of those a sample uses.

/// Which frames are kept: the first `kept` of each second, evenly apart.
///
/// The rule is the published one (`video_preprocessing.py` of OGM-GE and AMST):
/// a second is the frame rate cut down to a whole number of frames, and within
/// it every frame is kept that is a multiple of `second / kept` away from its
/// start. At 29.97 frames a second a "second" therefore has 29 frames.
///
/// ```
/// use amst_frames::{KeepRule, frames_at_load};
///
/// let rule = KeepRule::new(29.97, 2).expect("two frames fit into a second");
/// let kept: Vec<usize> = (0..90).filter(|&index| rule.keeps(index)).collect();
/// assert_eq!(kept, [0, 14, 29, 43, 58, 72, 87]);
/// assert_eq!(frames_at_load(kept.len(), 3), [0, 2, 4]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepRule {
    second: usize,
    step: usize,
    kept: usize,
}

impl KeepRule {
    /// The rule for a frame rate (frames a second) and the number of frames kept
    /// of each second; `None` when a second holds fewer frames than are to be
    /// kept, or `kept` is zero.
    pub fn new(rate: f64, kept: u32) -> Option<Self> {
        // A float cast saturates: no rate, not even infinity, gets past the checks.
        let (second, kept) = (rate as u32 as usize, kept as usize);
        let step = second.checked_div(kept)?;
        (step > 0).then_some(Self { second, step, kept })
    }

    /// Frames in a second: the rate without its fraction.
    pub fn second(&self) -> usize {
        self.second
    }

    /// Whether the frame of this index (from 0) is kept.
    pub fn keeps(&self, index: usize) -> bool {
        let within = index % self.second;
        within < self.step * self.kept && within.is_multiple_of(self.step)
    }

    /// The index of the kept frame number `nth` (from 0).
    pub fn index(&self, nth: usize) -> usize {
        nth / self.kept * self.second + nth % self.kept * self.step
    }

    /// How many of the first `frames` frames are kept.
    pub fn count(&self, frames: usize) -> usize {
        let rest = frames % self.second;
        frames / self.second * self.kept + rest.div_ceil(self.step).min(self.kept)
    }

    /// The rule in ffmpeg's expressions, where `n` is the index.
    pub(super) fn expression(&self) -> String {
        let Self { second, step, kept } = self;
        format!(
            "lt(mod(n,{second}),{})*not(mod(mod(n,{second}),{step}))",
            step * kept
        )
    }
}

/// Which of `kept` frames a sample of `taken` frames uses, as positions from 0:
/// one at the start of each of `taken` equal segments, or the first frame each
/// time when there are fewer frames than are taken.
///
/// The paper takes three: 0, `kept / 3` and `2 * (kept / 3)`.
pub fn frames_at_load(kept: usize, taken: usize) -> Vec<usize> {
    let segment = kept.checked_div(taken).unwrap_or(0);
    (0..taken).map(|nth| nth * segment).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published loop, counter by counter.
    fn published(rate: f64, kept: usize, frames: usize) -> Vec<usize> {
        let second = rate as usize;
        let step = second / kept;
        let mut within = 0;
        let mut indices = Vec::new();
        for count in 0..frames {
            if count % second == 0 {
                within = 0;
            }
            if within < step * kept && within % step == 0 {
                indices.push(count);
            }
            within += 1;
        }
        indices
    }

    #[test]
    fn the_rule_is_the_published_loop() {
        for rate in [1.0, 2.5, 14.99, 16.2162, 23.976, 25.0, 29.97, 30.0, 59.94] {
            for kept in [1, 2, 3, 5, 7] {
                let Some(rule) = KeepRule::new(rate, kept) else {
                    assert!((rate as u32) < kept);
                    continue;
                };
                for frames in [0, 1, 2, 3, 29, 30, 31, 75, 200] {
                    let expected = published(rate, kept as usize, frames);
                    let ours: Vec<_> = (0..frames).filter(|&index| rule.keeps(index)).collect();
                    assert_eq!(ours, expected, "{rate} {kept} {frames}");
                    assert_eq!(rule.count(frames), expected.len(), "{rate} {kept} {frames}");
                    let numbered: Vec<_> = (0..expected.len()).map(|nth| rule.index(nth)).collect();
                    assert_eq!(numbered, expected);
                }
            }
        }
    }

    #[test]
    fn a_rate_that_cannot_be_divided_has_no_rule() {
        for (rate, kept) in [
            (0.9, 1),
            (0.0, 1),
            (-5.0, 1),
            (f64::NAN, 1),
            (1.9, 2),
            (25.0, 0),
            (25.0, 26),
        ] {
            assert_eq!(KeepRule::new(rate, kept), None, "{rate} {kept}");
        }
    }

    #[test]
    fn three_frames_are_taken_a_third_apart() {
        let at_load = [
            (1, [0, 0, 0]),
            (2, [0, 0, 0]),
            (3, [0, 1, 2]),
            (5, [0, 1, 2]),
            (6, [0, 2, 4]),
            (11, [0, 3, 6]),
        ];
        for (kept, taken) in at_load {
            assert_eq!(frames_at_load(kept, 3), taken, "{kept}");
        }
        assert_eq!(frames_at_load(10, 1), [0]);
        assert!(frames_at_load(10, 0).is_empty());
    }
}
