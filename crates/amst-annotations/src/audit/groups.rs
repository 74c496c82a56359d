//! Speakers and dialogues that stand in two splits.

use std::collections::BTreeSet;

use super::finding::Finding;
use super::splits::{PAIRS, in_split};
use crate::{Annotation, Split};

/// Groups that two splits share.
pub(crate) fn shared(unit: &str, samples: &[Annotation]) -> impl Iterator<Item = Finding> {
    PAIRS.into_iter().filter_map(move |(first, second)| {
        let (there, own) = (groups(first, samples), groups(second, samples));
        let shared: BTreeSet<_> = own.intersection(&there).copied().collect();
        let groups_of_rows = in_split(second, samples).filter_map(|s| s.group.as_deref());
        (!shared.is_empty()).then_some(Finding::SharedGroups {
            unit: unit.to_string(),
            first,
            second,
            groups: shared.len(),
            of_groups: own.len(),
            rows: groups_of_rows
                .filter(|group| shared.contains(group))
                .count(),
            of: in_split(second, samples).count(),
        })
    })
}

fn groups(split: Split, samples: &[Annotation]) -> BTreeSet<&str> {
    in_split(split, samples)
        .filter_map(|sample| sample.group.as_deref())
        .collect()
}
