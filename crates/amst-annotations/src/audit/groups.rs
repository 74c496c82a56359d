//! Speakers and dialogues that stand in two splits.

use std::collections::BTreeSet;

use crate::audit::{Finding, PAIRS, of};
use crate::{Annotation, Split};

/// Groups that two splits share.
pub(crate) fn shared(unit: &'static str, samples: &[Annotation]) -> impl Iterator<Item = Finding> {
    PAIRS.into_iter().filter_map(move |(first, second)| {
        let (there, own) = (groups(first, samples), groups(second, samples));
        let also_there = |sample: &&Annotation| {
            sample
                .group
                .as_deref()
                .is_some_and(|group| there.contains(group))
        };
        let rows = of(second, samples).filter(also_there).count();
        let of_rows = of(second, samples).count();
        let shared = own.intersection(&there).count();
        let of_groups = own.len();
        (shared > 0).then_some(Finding::SharedGroups {
            unit,
            first,
            second,
            groups: shared,
            of_groups,
            rows,
            of: of_rows,
        })
    })
}

fn groups(split: Split, samples: &[Annotation]) -> BTreeSet<&str> {
    of(split, samples)
        .filter_map(|sample| sample.group.as_deref())
        .collect()
}
