//! METHODS 4.1: one modality alone.

use crate::{
    Batch, HeadKind, Method, MethodError, Modality, Net, Skipping, StepContext, StepReport,
    joint_step,
};
use amst_encoders::Encoder;

/// One encoder and one linear layer: what a modality is worth by itself.
#[derive(Clone, Debug)]
pub struct Unimodal {
    skipping: Skipping,
}

impl Unimodal {
    /// The system for the one modality of the list.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality]) -> Result<Self, MethodError> {
        Ok(Self {
            skipping: Skipping::never(modalities)?,
        })
    }
}

impl<E: Encoder> Method<E> for Unimodal {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::Shared)]
    }

    fn skipping(&self) -> &Skipping {
        &self.skipping
    }

    fn step(
        &mut self,
        mut net: Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> (Net<E>, StepReport) {
        let modalities = self.skipping.schedule.modalities();
        let report = joint_step(
            &mut net.branches[0],
            &modalities,
            &modalities,
            batch,
            context,
        );
        (net, report)
    }
}
