//! Clips that are too short for their frames, sound that is too long for its features.

use std::collections::BTreeMap;

use super::finding::Finding;
use super::rules::{AuditRules, Facts};
use super::splits::in_split;
use crate::{Annotation, Split};

/// Judges lengths.
pub(crate) struct Lengths<'a> {
    rules: &'a AuditRules,
    facts: &'a BTreeMap<String, Facts>,
}

impl<'a> Lengths<'a> {
    pub(crate) fn new(rules: &'a AuditRules, facts: &'a BTreeMap<String, Facts>) -> Self {
        Self { rules, facts }
    }

    /// Clips too short for the frames that a sample needs.
    pub(crate) fn short(&self, samples: &[Annotation]) -> Vec<Finding> {
        let Some(frames) = self.rules.frames else {
            return Vec::new();
        };
        findings(
            samples,
            |sample| self.is_short(sample, frames),
            |split, of, ids| Finding::ShortClips {
                split,
                frames,
                of,
                ids,
            },
        )
    }

    /// Sound longer than what the features hold.
    pub(crate) fn cut(&self, samples: &[Annotation]) -> Vec<Finding> {
        let Some(seconds) = self.rules.sound_seconds else {
            return Vec::new();
        };
        findings(
            samples,
            |sample| self.is_cut(sample, seconds),
            |split, of, ids| Finding::CutSound {
                split,
                seconds,
                of,
                ids,
            },
        )
    }

    /// Which of the two could not be judged.
    pub(crate) fn unchecked(&self, samples: &[Annotation]) -> Vec<String> {
        let samples = samples.iter();
        let short = self.rules.frames.map_or(0, |frames| {
            let unknown = samples
                .clone()
                .filter(|s| self.is_short(s, frames).is_none());
            unknown.count()
        });
        let cut = self.rules.sound_seconds.map_or(0, |seconds| {
            let unknown = samples.filter(|s| self.is_cut(s, seconds).is_none());
            unknown.count()
        });
        let counts = if short == cut {
            vec![(short, "length of video and sound")]
        } else {
            vec![(short, "length of video"), (cut, "length of sound")]
        };
        counts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{what} of {n} samples: their files were not read"))
            .collect()
    }

    /// The n-th of k frames a second is kept (n − 1)/k seconds from the start, so that a clip must
    /// last longer: 1 s for IEMOCAP's 2 frames a second, 2 s elsewhere. Counted frames say it
    /// exactly.
    fn is_short(&self, sample: &Annotation, frames: u32) -> Option<bool> {
        let facts = self.facts.get(&sample.id).copied().unwrap_or_default();
        if let Some(found) = facts.frames {
            return Some(found < frames as usize);
        }
        let last =
            f64::from(frames.saturating_sub(1)) / f64::from(self.rules.frames_per_second.max(1));
        Some(facts.video_seconds.or_else(|| spanned(sample))? <= last)
    }

    fn is_cut(&self, sample: &Annotation, seconds: f64) -> Option<bool> {
        let facts = self.facts.get(&sample.id).copied().unwrap_or_default();
        Some(facts.sound_seconds.or_else(|| spanned(sample))? > seconds)
    }
}

/// A finding for each split with samples that `is_bad`; where that is `None`, it is not known.
fn findings(
    samples: &[Annotation],
    is_bad: impl Fn(&Annotation) -> Option<bool>,
    finding: impl Fn(Split, usize, Vec<String>) -> Finding,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for split in Split::ALL {
        let (mut judged, mut ids) = (0, Vec::new());
        for sample in in_split(split, samples) {
            let Some(bad) = is_bad(sample) else { continue };
            judged += 1;
            if bad {
                ids.push(sample.id.clone());
            }
        }
        if !ids.is_empty() {
            findings.push(finding(split, judged, ids));
        }
    }
    findings
}

fn spanned(sample: &Annotation) -> Option<f64> {
    sample.span.map(|span| span.seconds())
}
