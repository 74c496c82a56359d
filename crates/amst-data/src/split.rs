//! One part of a data set, as a list of samples.

use std::sync::Arc;

use amst_recipe::Modality;
use burn_dataset::Dataset;

use crate::prepared::Shared;
use crate::sample::Sample;
use crate::{DataError, SplitName};

/// One part of a prepared data set. Cheap to clone.
///
/// It is a [`Dataset`] of burn, so burn's own transforms and tools read it too.
#[derive(Clone)]
pub struct Split {
    pub(crate) shared: Arc<Shared>,
    name: SplitName,
    /// Places in the whole data set.
    members: Arc<[usize]>,
}

impl Split {
    pub(crate) fn new(shared: Arc<Shared>, name: SplitName, members: Vec<usize>) -> Self {
        Self {
            shared,
            name,
            members: members.into(),
        }
    }

    /// Which part it is.
    pub fn name(&self) -> SplitName {
        self.name
    }

    /// Number of samples.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The modalities that can be read.
    pub fn modalities(&self) -> &[Modality] {
        self.shared.modalities()
    }

    /// The name of the sample at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`Split::len`].
    pub fn id(&self, index: usize) -> &str {
        &self.shared.entry(self.members[index]).id
    }

    /// The class of the sample at `index`.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`Split::len`].
    pub fn label(&self, index: usize) -> usize {
        self.shared.entry(self.members[index]).label
    }

    /// The names of all samples, in order.
    pub fn ids(&self) -> Vec<String> {
        (0..self.len())
            .map(|index| self.id(index).to_string())
            .collect()
    }

    /// The classes of all samples, in order.
    pub fn labels(&self) -> Vec<usize> {
        (0..self.len()).map(|index| self.label(index)).collect()
    }

    /// Samples of each class, by class index.
    pub fn class_counts(&self) -> Vec<usize> {
        let mut counts = vec![0; self.shared.classes()];
        self.labels()
            .into_iter()
            .for_each(|label| counts[label] += 1);
        counts
    }

    /// The accuracy of always answering this split's most frequent class; 0 for an empty split.
    pub fn majority_rate(&self) -> f64 {
        let most = self.class_counts().into_iter().max().unwrap_or(0);
        if self.is_empty() {
            0.0
        } else {
            most as f64 / self.len() as f64
        }
    }

    /// The sample at `index` with only the `active` modalities; nothing of the others is read.
    ///
    /// # Errors
    ///
    /// A modality that was not prepared, a damaged store.
    ///
    /// # Panics
    ///
    /// If `index` is not below [`Split::len`].
    pub fn sample(&self, index: usize, active: &[Modality]) -> Result<Sample, DataError> {
        let member = self.members[index];
        let input = |&m: &Modality| self.shared.input(m, member).map(|input| (m, input));
        let inputs = active.iter().map(input).collect::<Result<_, _>>()?;
        let entry = self.shared.entry(member);
        Ok(Sample {
            index,
            id: entry.id.clone(),
            label: entry.label,
            inputs,
        })
    }
}

impl Dataset<Sample, DataError> for Split {
    /// The sample at `index` with every modality.
    fn get(&self, index: usize) -> Result<Sample, DataError> {
        self.sample(index, self.modalities())
    }

    fn len(&self) -> usize {
        Split::len(self)
    }
}
