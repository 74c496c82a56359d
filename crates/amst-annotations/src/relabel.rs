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

impl From<&Annotation> for Mention {
    fn from(sample: &Annotation) -> Self {
        Self {
            split: sample.split,
            line: sample.line,
            label: sample.label.clone(),
        }
    }
}

/// Gives every row of a sample that a list names several times the label of its last line there, as
/// the published code does (docs/paper.md §2.7: 28 samples of AVE). Lists do not influence each
/// other. Returns what was decided, by list and name.
pub fn later_label_wins(samples: &mut [Annotation]) -> Vec<Conflict> {
    let mut rows: BTreeMap<(Split, &str), Vec<usize>> = BTreeMap::new();
    for (index, sample) in samples.iter().enumerate() {
        rows.entry((sample.split, &sample.id))
            .or_default()
            .push(index);
    }
    let mut conflicts = Vec::new();
    let mut labels = Vec::new();
    for rows in rows.into_values() {
        let last = &samples[rows[rows.len() - 1]];
        if rows.iter().any(|&row| samples[row].label != last.label) {
            conflicts.push(Conflict {
                id: last.id.clone(),
                mentions: rows
                    .iter()
                    .map(|&row| Mention::from(&samples[row]))
                    .collect(),
            });
            labels.push((rows, last.label.clone()));
        }
    }
    for (rows, label) in labels {
        for row in rows {
            samples[row].label.clone_from(&label);
        }
    }
    conflicts
}
