//! Samples that are named more than once.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::splits::{PAIRS, in_split, names};
use crate::{Annotation, Split};

/// Samples in two splits.
pub(crate) fn shared(samples: &[Annotation]) -> impl Iterator<Item = Finding> {
    PAIRS.into_iter().filter_map(|(first, second)| {
        let there = names(second, samples);
        let ids = distinct(
            in_split(first, samples)
                .map(|sample| sample.id.as_str())
                .filter(|id| there.contains(id)),
        );
        (!ids.is_empty()).then_some(Finding::SharedSamples { first, second, ids })
    })
}

/// Samples on several lines of one split.
pub(crate) fn repeated(samples: &[Annotation]) -> impl Iterator<Item = Finding> {
    Split::ALL.into_iter().filter_map(|split| {
        let mut seen = BTreeSet::new();
        let again = in_split(split, samples)
            .map(|sample| sample.id.as_str())
            .filter(|id| !seen.insert(*id));
        let ids = distinct(again);
        (!ids.is_empty()).then_some(Finding::RepeatedSamples { split, ids })
    })
}

/// Each name once, in the order of its first mention.
fn distinct<'a>(ids: impl Iterator<Item = &'a str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    ids.filter(|id| seen.insert(*id))
        .map(String::from)
        .collect()
}
