//! Samples by split.

use std::collections::BTreeSet;

use crate::{Annotation, Split};

/// Pairs of splits, the one that is learnt from first.
pub(crate) const PAIRS: [(Split, Split); 3] = [
    (Split::Train, Split::Val),
    (Split::Train, Split::Test),
    (Split::Val, Split::Test),
];

/// The samples of one split.
pub(crate) fn in_split(split: Split, samples: &[Annotation]) -> impl Iterator<Item = &Annotation> {
    samples.iter().filter(move |sample| sample.split == split)
}

/// The names of the samples of one split.
pub(crate) fn names(split: Split, samples: &[Annotation]) -> BTreeSet<&str> {
    in_split(split, samples)
        .map(|sample| sample.id.as_str())
        .collect()
}
