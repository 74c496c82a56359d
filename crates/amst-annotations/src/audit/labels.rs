//! Samples with more than one label.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::Finding;
use crate::{Annotation, Conflict, Mention, Split};

/// Conflicts in each split, then those between splits.
pub(crate) fn conflicts(samples: &[Annotation]) -> Vec<Finding> {
    let mut findings: Vec<_> = Split::ALL
        .into_iter()
        .map(|split| Finding::ConflictingLabels {
            split,
            conflicts: conflicting(
                samples.iter().filter(|sample| sample.split == split),
                within,
            ),
        })
        .collect();
    findings.push(Finding::ConflictingLabelsBetween {
        conflicts: conflicting(samples.iter(), between),
    });
    findings.retain(|finding| finding.count() > 0);
    findings
}

/// The names of samples with several labels, wherever they stand.
pub(crate) fn disputed(samples: &[Annotation]) -> BTreeMap<String, Conflict> {
    conflicting(samples.iter(), within)
        .into_iter()
        .map(|conflict| (conflict.id.clone(), conflict))
        .collect()
}

/// Mentions that disagree.
fn within(mentions: &[Mention]) -> bool {
    mentions
        .iter()
        .any(|mention| mention.label != mentions[0].label)
}

/// Mentions of which one has a label that another split does not give.
fn between(mentions: &[Mention]) -> bool {
    let mut labels: BTreeMap<Split, BTreeSet<&str>> = BTreeMap::new();
    for mention in mentions {
        labels
            .entry(mention.split)
            .or_default()
            .insert(&mention.label);
    }
    let mut sets = labels.values();
    let first = sets.next();
    sets.any(|set| Some(set) != first)
}

/// Samples, by name, whose mentions are in dispute.
fn conflicting<'a>(
    samples: impl Iterator<Item = &'a Annotation>,
    dispute: fn(&[Mention]) -> bool,
) -> Vec<Conflict> {
    let mut mentions: BTreeMap<&str, Vec<Mention>> = BTreeMap::new();
    for sample in samples {
        mentions
            .entry(&sample.id)
            .or_default()
            .push(Mention::from(sample));
    }
    let disputed = mentions
        .into_iter()
        .filter(|(_, mentions)| dispute(mentions));
    disputed
        .map(|(id, mentions)| Conflict {
            id: id.into(),
            mentions,
        })
        .collect()
}
