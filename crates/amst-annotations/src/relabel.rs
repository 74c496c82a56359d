//! Samples that lists name with different labels.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::{Annotation, Split};

/// A sample with more than one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// Its name.
    pub id: String,
    /// Where it stands and as what, in the order of the lists.
    pub mentions: Vec<Mention>,
}

/// One line that names a sample.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Mention {
    /// The list.
    pub split: Split,
    /// The line, from 1.
    pub line: usize,
    /// The label there.
    pub label: String,
}

impl Mention {
    /// The line of a sample.
    pub(crate) fn of(sample: &Annotation) -> Self {
        Self {
            split: sample.split,
            line: sample.line,
            label: sample.label.clone(),
        }
    }
}

/// Gives every row of a sample that a list names several times the label of its last line there, as
/// the published code does (METHODS 2.7: 28 samples of AVE). Lists do not influence each other.
/// Returns what was decided, by list and name.
pub fn later_label_wins(samples: &mut [Annotation]) -> Vec<Conflict> {
    let mut rows: BTreeMap<(Split, &str), Vec<usize>> = BTreeMap::new();
    for (index, sample) in samples.iter().enumerate() {
        rows.entry((sample.split, &sample.id))
            .or_default()
            .push(index);
    }
    let differ = |rows: &Vec<usize>| {
        rows.windows(2)
            .any(|pair| samples[pair[0]].label != samples[pair[1]].label)
    };
    let conflicting: Vec<_> = rows.into_values().filter(differ).collect();
    let conflict = |rows: &Vec<usize>| Conflict {
        id: samples[rows[0]].id.clone(),
        mentions: rows.iter().map(|&row| Mention::of(&samples[row])).collect(),
    };
    let conflicts = conflicting.iter().map(conflict).collect();
    for rows in conflicting {
        let label = rows
            .last()
            .map(|&row| samples[row].label.clone())
            .unwrap_or_default();
        rows.into_iter()
            .for_each(|row| samples[row].label.clone_from(&label));
    }
    conflicts
}
