//! The samples of a prepared data set, and where their inputs come from.

use std::collections::BTreeMap;

use amst_recipe::Modality;

use crate::DataError;
use crate::collator::Collator;
use crate::random_inputs::RandomInputs;
use crate::sample::{HostInput, SampleInfo};
use crate::store::read::Store;
use crate::synthetic::Generator;

/// What a data set and its splits share.
pub(crate) struct PreparedSamples {
    pub(crate) classes: Vec<String>,
    pub(crate) samples: Vec<SampleInfo>,
    pub(crate) modalities: Vec<Modality>,
    pub(crate) inputs: InputProvider,
    pub(crate) collator: Collator,
}

pub(crate) enum InputProvider {
    Stores(BTreeMap<Modality, Store>),
    Synthetic(Generator),
    Random(RandomInputs),
}

impl PreparedSamples {
    /// One modality of one sample; nothing of the others is touched.
    pub(crate) fn input(&self, modality: Modality, sample: usize) -> Result<HostInput, DataError> {
        if !self.modalities.contains(&modality) {
            return Err(DataError::not_prepared(modality, &self.modalities));
        }
        match &self.inputs {
            InputProvider::Stores(stores) => {
                stores[&modality].input(sample, self.collator.frames())
            }
            InputProvider::Random(inputs) => inputs.input(modality, sample),
            InputProvider::Synthetic(generator) => {
                Ok(generator.input(modality, sample, self.samples[sample].label))
            }
        }
    }
}
