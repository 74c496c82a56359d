//! One part of a data set, as a list of samples.

use std::collections::BTreeMap;
use std::sync::Arc;

use amst_recipe::Modality;
use burn_dataset::Dataset;

use crate::sample::{Sample, SampleInfo};
use crate::samples::PreparedSamples;
use crate::{DataError, SplitName};

/// One part of a prepared data set. Cheap to clone.
///
/// It is a [`Dataset`] of burn, so burn's own transforms and tools read it too.
/// An index from [`Split::len`] on panics.
#[derive(Clone)]
pub struct Split {
    pub(crate) all: Arc<PreparedSamples>,
    name: SplitName,
    /// Indices in the whole data set.
    members: Arc<[usize]>,
}

impl Split {
    pub(crate) fn new(all: Arc<PreparedSamples>, name: SplitName, members: Vec<usize>) -> Self {
        Self {
            all,
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
        &self.all.modalities
    }

    /// The name of the sample at `index`.
    pub fn id(&self, index: usize) -> &str {
        &self.info(index).id
    }

    /// The class of the sample at `index`.
    pub fn label(&self, index: usize) -> usize {
        self.info(index).label
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
        let mut counts = vec![0; self.all.classes.len()];
        for label in self.labels() {
            counts[label] += 1;
        }
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
    pub fn sample(&self, index: usize, active: &[Modality]) -> Result<Sample, DataError> {
        let info = self.info(index);
        let mut inputs = BTreeMap::new();
        for &modality in active {
            inputs.insert(modality, self.all.input(modality, self.members[index])?);
        }
        Ok(Sample {
            index,
            id: info.id.clone(),
            label: info.label,
            inputs,
        })
    }

    fn info(&self, index: usize) -> &SampleInfo {
        &self.all.samples[self.members[index]]
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
