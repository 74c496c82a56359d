//! Samples that say the same.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use super::splits::{PAIRS, in_split};
use crate::{Annotation, Split};

/// Words from which on two equal transcripts are more than a coincidence.
const LONG: usize = 3;

/// Transcripts that two splits share, then those that stand in one split several times.
pub(crate) fn findings(samples: &[Annotation]) -> Vec<Finding> {
    let between = PAIRS
        .into_iter()
        .map(|(first, second)| shared(first, second, samples));
    let within = Split::ALL.into_iter().map(|split| repeated(split, samples));
    between
        .chain(within)
        .filter(|finding| finding.count() > 0)
        .collect()
}

/// Whether a transcript is too long to be repeated by chance.
pub(crate) fn is_long(text: &str) -> bool {
    text.split_whitespace().count() >= LONG
}

/// Transcripts compare as they are written, but for blanks around them.
pub(crate) fn text(sample: &Annotation) -> Option<&str> {
    sample
        .text
        .as_deref()
        .map(str::trim)
        .filter(|text| !text.is_empty())
}

/// The samples of a split by what they say.
pub(crate) fn by_text(split: Split, samples: &[Annotation]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut texts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for sample in in_split(split, samples) {
        if let Some(text) = text(sample) {
            texts.entry(text).or_default().insert(&sample.id);
        }
    }
    texts
}

/// A sample that stands in both splits is no second sample with its words.
fn shared(first: Split, second: Split, samples: &[Annotation]) -> Finding {
    let texts = by_text(first, samples);
    let twins: Vec<_> = in_split(second, samples)
        .filter(|sample| {
            let others = text(sample).and_then(|text| texts.get(text));
            others.is_some_and(|ids| ids.iter().any(|id| *id != sample.id))
        })
        .collect();
    Finding::SharedTranscripts {
        first,
        second,
        rows: twins.len(),
        long_rows: long(&twins),
        of: in_split(second, samples).count(),
        ids: ids(&twins),
    }
}

fn repeated(split: Split, samples: &[Annotation]) -> Finding {
    let texts = by_text(split, samples);
    let twins: Vec<_> = in_split(split, samples)
        .filter(|sample| {
            let together = text(sample).and_then(|text| texts.get(text));
            together.is_some_and(|ids| ids.len() > 1)
        })
        .collect();
    Finding::RepeatedTranscripts {
        split,
        texts: texts.values().filter(|ids| ids.len() > 1).count(),
        rows: twins.len(),
        long_rows: long(&twins),
        ids: ids(&twins),
    }
}

fn long(samples: &[&Annotation]) -> usize {
    samples
        .iter()
        .filter(|sample| text(sample).is_some_and(is_long))
        .count()
}

fn ids(samples: &[&Annotation]) -> Vec<String> {
    samples.iter().map(|sample| sample.id.clone()).collect()
}
