//! How often each class stands in a split.

use serde::Serialize;

use crate::audit::{names, of};
use crate::{Annotation, Split};

/// A split's samples by class.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Balance {
    /// The split.
    pub split: Split,
    /// Its lines.
    pub rows: usize,
    /// Samples that they name.
    pub samples: usize,
    /// Lines of each class, in the order of the classes.
    pub classes: Vec<(String, usize)>,
    /// The class with the most lines; of several, the first.
    pub majority: Option<String>,
    /// Share of the lines that are of that class: what always answering it would score.
    pub majority_rate: f64,
}

impl Balance {
    /// Counts the classes of a split.
    pub(crate) fn of(split: Split, classes: &[String], samples: &[Annotation]) -> Self {
        let count = |class: &String| {
            of(split, samples)
                .filter(|sample| sample.label == *class)
                .count()
        };
        let classes: Vec<_> = classes
            .iter()
            .map(|class| (class.clone(), count(class)))
            .collect();
        let rows = of(split, samples).count();
        let mut majority: Option<(&String, usize)> = None;
        for (class, count) in classes.iter().map(|(class, count)| (class, *count)) {
            if count > majority.map_or(0, |(_, most)| most) {
                majority = Some((class, count));
            }
        }
        let majority_rate = majority.map_or(0.0, |(_, most)| most as f64 / rows as f64);
        let majority = majority.map(|(class, _)| class.clone());
        Self {
            split,
            rows,
            samples: names(split, samples).len(),
            classes,
            majority,
            majority_rate,
        }
    }
}
