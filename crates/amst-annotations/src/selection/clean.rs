//! The published lists without what an audit found wrong with them.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::labels::disputed;
use crate::audit::splits::names;
use crate::audit::transcripts::{by_text, is_long, text};
use crate::selection::{Reason, Selection, sieve};
use crate::{Annotation, Conflict, Split};

/// Leaves out what [`Reason`] lists. Transcripts are compared with samples that stay.
pub(super) fn clean(samples: &[Annotation]) -> Selection {
    let once = once(samples);
    let said: Vec<_> = Split::ALL
        .iter()
        .map(|&split| by_text(split, &once.samples))
        .collect();
    let twins = sieve(&once.samples, |sample| same_transcript(sample, &said));
    let mut dropped = [once.dropped, twins.dropped].concat();
    dropped.sort_by_key(|dropped| (dropped.split, dropped.line));
    Selection {
        samples: twins.samples,
        dropped,
    }
}

/// Every sample once, without those whose label is in dispute.
pub(super) fn once(samples: &[Annotation]) -> Selection {
    let disputed = disputed(samples);
    let (val, test) = (names(Split::Val, samples), names(Split::Test, samples));
    let mut seen = BTreeSet::new();
    sieve(samples, |sample| {
        let id = sample.id.as_str();
        if let Some(conflict) = disputed.get(id) {
            return Some(Reason::ConflictingLabels {
                labels: labels(conflict),
            });
        }
        if sample.split < Split::Test && test.contains(id) {
            return Some(Reason::AlsoIn { split: Split::Test });
        }
        if sample.split < Split::Val && val.contains(id) {
            return Some(Reason::AlsoIn { split: Split::Val });
        }
        (!seen.insert((sample.split, id.to_string()))).then_some(Reason::Repeated)
    })
}

/// The labels of a conflict, each once, in the order of the lists.
fn labels(conflict: &Conflict) -> Vec<String> {
    let mut labels: Vec<String> = Vec::new();
    for mention in &conflict.mentions {
        if !labels.contains(&mention.label) {
            labels.push(mention.label.clone());
        }
    }
    labels
}

/// A sample of a later split with the same words, from `test` backwards.
fn same_transcript(sample: &Annotation, said: &[BTreeMap<&str, BTreeSet<&str>>]) -> Option<Reason> {
    let text = text(sample).filter(|text| is_long(text))?;
    let later = Split::ALL
        .into_iter()
        .zip(said)
        .rev()
        .take_while(|(split, _)| *split > sample.split);
    later.into_iter().find_map(|(split, texts)| {
        let id = texts.get(text)?.first()?.to_string();
        Some(Reason::SameTranscript { split, id })
    })
}
