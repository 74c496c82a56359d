//! How often each class stands in a split.

use serde::Serialize;

use super::splits::{in_split, names};
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
    pub(crate) fn count(split: Split, classes: &[String], samples: &[Annotation]) -> Self {
        let rows = in_split(split, samples).count();
        let mut counts = Vec::new();
        let (mut majority, mut most) = (None, 0);
        for class in classes {
            let of_class = in_split(split, samples).filter(|sample| sample.label == *class);
            let count = of_class.count();
            if count > most {
                (majority, most) = (Some(class.clone()), count);
            }
            counts.push((class.clone(), count));
        }
        Self {
            split,
            rows,
            samples: names(split, samples).len(),
            classes: counts,
            majority,
            majority_rate: if most > 0 {
                most as f64 / rows as f64
            } else {
                0.0
            },
        }
    }
}
