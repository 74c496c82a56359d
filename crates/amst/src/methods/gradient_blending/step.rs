//! METHODS 4.7: gradient blending.

use crate::{
    Batch, EpochContext, EpochError, HeadKind, Method, MethodError, MethodState, Modality, Net,
    Optimiser, Part, Pass, Skipping, StepContext, StepReport, Stopwatch, cross_entropy,
};
use amst_encoders::Encoder;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::BlendingSpec;

/// One loss a modality and one on the fused logits, weighed by how much each generalises and how
/// little it overfits, which copies of the network find out by training on one of them for an
/// epoch.
#[derive(Clone, Debug)]
pub struct GradientBlending {
    skipping: Skipping,
    spec: BlendingSpec,
    /// Of each modality in training order, then of the fused loss.
    weights: Vec<f64>,
}

/// Training and validation loss of one output.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Losses {
    train: f64,
    val: f64,
}

impl GradientBlending {
    /// The method for these modalities, all losses weighing the same at first.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &BlendingSpec) -> Result<Self, MethodError> {
        let outputs = modalities.len() + 1;
        let weights = vec![1.0 / outputs as f64; outputs];
        Ok(Self {
            skipping: Skipping::never(modalities)?,
            spec: spec.clone(),
            weights,
        })
    }

    /// Output `k` alone, a modality or the fused one: losses of the network before and after
    /// a copy of it has trained on that loss through the coming epoch.
    fn try_alone<E: Encoder>(
        &self,
        net: &Net<E>,
        k: usize,
        context: &mut EpochContext<'_>,
    ) -> Result<(Losses, Losses), EpochError> {
        let before = self.losses(net, k, context)?;
        let mut copy = net.valid().train();
        let mut optimiser = context.optimiser.fresh();
        for number in 0..context.supply.count(Part::Epoch) {
            let batch = self.only(
                k,
                context
                    .supply
                    .batch(Part::Epoch, number)
                    .map_err(EpochError::Supply)?,
            );
            copy = self.step_alone(
                copy,
                &batch,
                (context.epoch, number),
                context.lr,
                &mut optimiser,
            );
        }
        Ok((before, self.losses(&copy, k, context)?))
    }

    /// One step on the fused loss of whatever the batch holds.
    fn step_alone<E: Encoder>(
        &self,
        mut net: Net<E>,
        batch: &Batch,
        (epoch, step): (usize, usize),
        lr: f64,
        optimiser: &mut Optimiser,
    ) -> Net<E> {
        let mut clock = Stopwatch::default();
        let mut context = StepContext {
            step,
            ..StepContext::new(epoch, lr, optimiser, &mut clock)
        };
        let branch = &mut net.branches[0];
        let pass = Pass::forward(
            branch,
            &self.skipping.schedule.modalities(),
            batch,
            &mut context,
        );
        let loss = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        let gradients = branch.gradients(&loss, &mut context);
        branch.descend(gradients, &mut context, |_| lr);
        net
    }

    /// The batch with what output `k` needs: one modality, or all. The late-sum head's fused
    /// logits of one modality are that modality's own.
    fn only(&self, k: usize, mut batch: Batch) -> Batch {
        if let Some(modality) = self.skipping.schedule.modalities().get(k) {
            batch.inputs.retain(|m, _| m == modality);
        }
        batch
    }

    fn losses<E: Encoder>(
        &self,
        net: &Net<E>,
        k: usize,
        context: &mut EpochContext<'_>,
    ) -> Result<Losses, EpochError> {
        let net = net.valid();
        let mut mean = |part: Part| -> Result<f64, EpochError> {
            let (mut sum, mut samples) = (0.0, 0);
            for number in 0..context.supply.count(part) {
                let batch = self.only(
                    k,
                    context
                        .supply
                        .batch(part, number)
                        .map_err(EpochError::Supply)?
                        .inner(),
                );
                let embeddings = net
                    .embed(&self.skipping.schedule.modalities(), &batch)
                    .swap_remove(0);
                let present = embeddings
                    .into_iter()
                    .enumerate()
                    .filter_map(|(i, e)| Some((i, e?)));
                let logits = net.branches[0].head.fused(&present.collect::<Vec<_>>());
                let [size, _] = logits.dims();
                sum +=
                    cross_entropy(logits, &batch.labels).into_scalar::<f32>() as f64 * size as f64;
                samples += size;
            }
            Ok(sum / samples.max(1) as f64)
        };
        Ok(Losses {
            train: mean(Part::Epoch)?,
            val: mean(Part::Validation)?,
        })
    }
}

/// `G/O²` of each output, normalised: G is what the validation loss fell by, O what its
/// distance to the training loss grew by. Nothing that did not generalise counts; where
/// nothing did, all count the same.
fn weights(tried: &[(Losses, Losses)]) -> Vec<f64> {
    let worth = |(before, after): &(Losses, Losses)| {
        let gain = before.val - after.val;
        let overfitting = (after.val - after.train) - (before.val - before.train);
        gain.max(0.0) / overfitting.powi(2).max(1e-8)
    };
    let worths: Vec<f64> = tried.iter().map(worth).collect();
    let total: f64 = worths.iter().sum();
    match total > 0.0 {
        true => worths.iter().map(|w| w / total).collect(),
        false => vec![1.0 / tried.len() as f64; tried.len()],
    }
}

impl<E: Encoder> Method<E> for GradientBlending {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::LateSum)]
    }

    fn skipping(&self) -> &Skipping {
        &self.skipping
    }

    fn begin_epoch(
        &mut self,
        net: &Net<E>,
        context: &mut EpochContext<'_>,
    ) -> Result<(), EpochError> {
        if context.epoch.is_multiple_of(self.spec.super_epoch) {
            let outputs = 0..self.weights.len();
            let tried = outputs
                .map(|k| self.try_alone(net, k, context))
                .collect::<Result<Vec<_>, _>>()?;
            self.weights = weights(&tried);
        }
        Ok(())
    }

    fn state(&self) -> MethodState {
        MethodState::new().with_numbers("weights", &self.weights)
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        self.weights = state.take_some("weights", self.weights.len())?;
        state.end()
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
        let alone = pass
            .embeddings
            .iter()
            .map(|(m, e)| branch.head.modality(*m, e.clone()));
        let logits = alone.chain([branch.head.fused(&pass.embeddings)]);
        let losses: Vec<Tensor<1>> = logits.map(|o| cross_entropy(o, &batch.labels)).collect();
        let weighed = losses
            .iter()
            .zip(&self.weights)
            .map(|(loss, w)| loss.clone().mul_scalar(*w));
        let total = weighed
            .reduce(|a, b| a + b)
            .expect("there is always a fused loss");
        let names: Vec<String> = modalities
            .iter()
            .map(|m| m.to_string())
            .chain(["fused".into()])
            .collect();
        let mut values: Vec<(String, f32)> = names
            .iter()
            .cloned()
            .zip(losses.into_iter().map(|loss| loss.into_scalar()))
            .collect();
        values.push(("total".into(), total.clone().into_scalar()));
        let mut report = pass.report(&modalities, values);
        let weight = |(name, w): (&String, &f64)| (format!("weight.{name}"), *w as f32);
        report.balance = names.iter().zip(&self.weights).map(weight).collect();
        if report.is_finite() {
            let gradients = branch.gradients(&total, context);
            let lr = context.lr;
            branch.descend(gradients, context, |_| lr);
        }
        (net, report)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(train: (f64, f64), val: (f64, f64)) -> (Losses, Losses) {
        (
            Losses {
                train: train.0,
                val: val.0,
            },
            Losses {
                train: train.1,
                val: val.1,
            },
        )
    }

    #[test]
    fn weights_are_gain_over_squared_overfitting() {
        // Gains 1 and 1; overfitting grows by 1 and by 2: 1/1 against 1/4.
        let got = weights(&[of((3.0, 1.0), (3.0, 2.0)), of((4.0, 1.0), (3.0, 2.0))]);
        assert!(
            (got[0] - 0.8).abs() < 1e-12 && (got[1] - 0.2).abs() < 1e-12,
            "{got:?}"
        );
    }

    #[test]
    fn what_did_not_generalise_counts_nothing_and_if_nothing_did_all_count_the_same() {
        let (better, worse) = (of((3.0, 1.0), (3.0, 2.0)), of((3.0, 1.0), (3.0, 4.0)));
        assert_eq!(weights(&[better, worse]), [1.0, 0.0]);
        assert_eq!(weights(&[worse, worse]), [0.5, 0.5]);
    }

    #[test]
    fn an_output_that_does_not_overfit_at_all_weighs_much_but_not_infinitely() {
        let still = of((3.0, 2.0), (3.0, 2.0));
        assert!(
            weights(&[still, still])
                .iter()
                .all(|w| (w - 0.5).abs() < 1e-12)
        );
    }
}
