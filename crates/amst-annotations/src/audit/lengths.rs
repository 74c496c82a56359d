//! Clips that are too short for their frames, sound that is too long for its features.

use std::collections::BTreeMap;

use crate::audit::{AuditRules, Facts, Finding, of};
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

    /// Too short for the frames that a sample needs.
    pub(crate) fn short(&self, samples: &[Annotation]) -> Vec<Finding> {
        let finding = |split, of, ids| Finding::ShortClips {
            split,
            frames: self.rules.frames,
            of,
            ids,
        };
        self.judged(samples, |sample| self.is_short(sample), finding)
    }

    /// Longer than what the features hold.
    pub(crate) fn cut(&self, samples: &[Annotation]) -> Vec<Finding> {
        let seconds = self.rules.sound_seconds;
        let finding = |split, of, ids| Finding::CutSound {
            split,
            seconds,
            of,
            ids,
        };
        self.judged(samples, |sample| self.is_cut(sample), finding)
    }

    /// Which of the two could not be judged.
    pub(crate) fn unchecked(&self, samples: &[Annotation]) -> Vec<String> {
        let without = |known: &dyn Fn(&Annotation) -> bool| {
            samples.iter().filter(|sample| !known(sample)).count()
        };
        let short = without(&|sample| self.rules.frames == 0 || self.is_short(sample).is_some());
        let cut = without(&|sample| {
            self.rules.sound_seconds.is_infinite() || self.is_cut(sample).is_some()
        });
        let say = |n: usize, what: &str| {
            (n > 0).then(|| format!("{what} of {n} samples: their files were not read"))
        };
        let both = short > 0 && short == cut;
        let lines = match both {
            true => [say(short, "length of video and sound"), None],
            false => [say(short, "length of video"), say(cut, "length of sound")],
        };
        lines.into_iter().flatten().collect()
    }

    fn judged(
        &self,
        samples: &[Annotation],
        judge: impl Fn(&Annotation) -> Option<bool>,
        finding: impl Fn(Split, usize, Vec<String>) -> Finding,
    ) -> Vec<Finding> {
        let judged = |split| {
            let judged: Vec<_> = of(split, samples)
                .filter_map(|sample| Some((sample, judge(sample)?)))
                .collect();
            let ids = judged
                .iter()
                .filter(|(_, bad)| *bad)
                .map(|(sample, _)| sample.id.clone())
                .collect();
            finding(split, judged.len(), ids)
        };
        Split::ALL
            .into_iter()
            .map(judged)
            .filter(|finding| finding.count() > 0)
            .collect()
    }

    /// The n-th of k frames a second is kept (n − 1)/k seconds from the start, so that a clip must
    /// last longer: 1 s for IEMOCAP's 2 frames a second, 2 s elsewhere. Counted frames say it
    /// exactly.
    fn is_short(&self, sample: &Annotation) -> Option<bool> {
        let facts = self.facts.get(&sample.id).copied().unwrap_or_default();
        if self.rules.frames == 0 {
            return None;
        }
        if let Some(frames) = facts.frames {
            return Some(frames < self.rules.frames as usize);
        }
        let last =
            f64::from(self.rules.frames - 1) / f64::from(self.rules.frames_per_second.max(1));
        Some(facts.video_seconds.or_else(|| spanned(sample))? <= last)
    }

    fn is_cut(&self, sample: &Annotation) -> Option<bool> {
        if self.rules.sound_seconds.is_infinite() {
            return None;
        }
        let facts = self.facts.get(&sample.id).copied().unwrap_or_default();
        Some(facts.sound_seconds.or_else(|| spanned(sample))? > self.rules.sound_seconds)
    }
}

fn spanned(sample: &Annotation) -> Option<f64> {
    sample.span.map(|span| span.seconds())
}
