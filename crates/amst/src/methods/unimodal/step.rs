//! docs/paper.md §4.1: one modality alone.

use crate::{
    Batch, HeadKind, Method, MethodError, Modality, Net, StepContext, StepReport, joint_step,
    training_order,
};
use amst_encoders::Encoder;

/// One encoder and one linear layer: what a modality is worth by itself.
#[derive(Clone, Debug)]
pub struct Unimodal {
    modalities: Vec<Modality>,
}

impl Unimodal {
    /// The system for the one modality of the list.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality]) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(modalities)?,
        })
    }
}

impl<E: Encoder> Method<E> for Unimodal {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        joint_step(&mut net.branches[0], &self.modalities, batch, context)
    }
}
