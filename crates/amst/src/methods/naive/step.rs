//! docs/paper.md §4.2: one loss on the fused logits, and nothing that balances the modalities.

use crate::{
    Batch, ForwardPass, HeadKind, Method, MethodError, Modality, Net, StepContext, StepReport,
    cross_entropy, training_order,
};
use amst_encoders::Encoder;

use crate::methods::build::head;

use super::NaiveSpec;

/// The baseline of every table. With a learning rate a modality it is what MSLR turns out to be
/// (D6).
#[derive(Clone, Debug)]
pub struct Naive {
    modalities: Vec<Modality>,
    head: HeadKind,
    /// The learning rate of each encoder in training order; `None` is the common one.
    rates: Vec<Option<f64>>,
}

impl Naive {
    /// The baseline for these modalities; a rate of 0 in the settings is the common one.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &NaiveSpec) -> Result<Self, MethodError> {
        let modalities = training_order(modalities)?;
        let mut rates = Vec::new();
        for modality in &modalities {
            let rate = spec.lr.of(*modality);
            rates.push((rate > 0.0).then_some(rate));
        }
        Ok(Self {
            modalities,
            head: head(spec.head),
            rates,
        })
    }

    /// Sets the rate of each encoder. A rate of 0 is taken as it is: the encoder does not move.
    pub(crate) fn set_rates(&mut self, rates: &[f64]) {
        self.rates = rates.iter().copied().map(Some).collect();
    }
}

impl<E: Encoder> Method<E> for Naive {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", self.head)]
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
        let branch = &mut net.branches[0];
        let pass = ForwardPass::run(branch, &self.modalities, batch, context);
        let loss = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        let report = pass.report_fused(&loss);
        if report.is_finite() {
            let gradients = branch.gradients(&loss, context);
            let mut rates = Vec::new();
            for rate in &self.rates {
                rates.push(rate.map_or(context.rate.lr, |own| own * context.rate.decay));
            }
            branch.descend_at(&rates, gradients, context);
        }
        report
    }
}
