//! METHODS 4.2: one loss on the fused logits, and nothing that balances the modalities.

use crate::{
    Batch, HeadKind, Method, MethodError, Modality, Net, Pass, Skipping, StepContext, StepReport,
    cross_entropy,
};
use amst_encoders::Encoder;
use amst_recipe::Rates;

use crate::methods::build::head;

use super::NaiveSpec;

/// The baseline of every table. With a learning rate a modality it is what MSLR turns out to be
/// (D6).
#[derive(Clone, Debug)]
pub struct Naive {
    skipping: Skipping,
    head: HeadKind,
    /// Of each encoder in training order; without, the common one.
    rates: Vec<Option<f64>>,
}

impl Naive {
    /// The baseline for these modalities; a rate of 0 is the common one.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &NaiveSpec) -> Result<Self, MethodError> {
        let skipping = Skipping::never(modalities)?;
        let rates = rates(&skipping, &spec.lr)
            .into_iter()
            .map(|rate| (rate > 0.0).then_some(rate))
            .collect();
        Ok(Self {
            skipping,
            head: head(spec.head),
            rates,
        })
    }

    /// A rate of 0 here is one: the encoder stands still.
    pub(crate) fn set_rates(&mut self, rates: &[f64]) {
        self.rates = rates.iter().copied().map(Some).collect();
    }
}

/// In training order.
pub(crate) fn rates(skipping: &Skipping, rates: &Rates) -> Vec<f64> {
    skipping
        .schedule
        .modalities()
        .into_iter()
        .map(|m| rates.of(m))
        .collect()
}

impl<E: Encoder> Method<E> for Naive {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", self.head)]
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
        let branch = &mut net.branches[0];
        let pass = Pass::forward(branch, &modalities, batch, context);
        let loss = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        let report = pass.report(
            &modalities,
            vec![("fused".into(), loss.clone().into_scalar())],
        );
        if report.is_finite() {
            let gradients = branch.gradients(&loss, context);
            let (lr, decay) = (context.lr, context.decay);
            let own = |index: usize| self.rates[index].map_or(lr, |rate| rate * decay);
            branch.descend(gradients, context, own);
        }
        (net, report)
    }
}
