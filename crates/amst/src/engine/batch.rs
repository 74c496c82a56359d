use std::collections::BTreeMap;

use amst_encoders::Input;
use amst_recipe::Modality;
use burn::tensor::{Int, Tensor};

/// What a method sees of the data: one batch, on the device, with only those modalities
/// that were loaded.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The loaded modalities.
    pub inputs: BTreeMap<Modality, Input>,
    /// Class indices, `[batch]`.
    pub labels: Tensor<1, Int>,
}

impl Batch {
    /// The same batch for a network in evaluation mode: on the device without autodiff.
    pub fn inner(&self) -> Self {
        let inputs = self
            .inputs
            .iter()
            .map(|(modality, input)| (*modality, input.clone().inner()))
            .collect();
        Self {
            inputs,
            labels: self.labels.clone().inner(),
        }
    }
}
