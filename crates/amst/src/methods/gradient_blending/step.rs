//! docs/paper.md §4.7: gradient blending.

use crate::{
    Batch, EpochContext, EpochError, EpochPlan, FUSED, ForwardPass, HeadKind, LearningRate, Method,
    MethodError, MethodState, Modality, Net, Part, StepContext, StepReport, Stopwatch,
    cross_entropy, training_order,
};
use amst_encoders::Encoder;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::BlendingSpec;

/// One loss a modality and one on the fused logits, weighed by how much each generalises and
/// how little it overfits, which copies of the network find out by training on one of them for an
/// epoch.
#[derive(Clone, Debug)]
pub struct GradientBlending {
    modalities: Vec<Modality>,
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
        Ok(Self {
            modalities: training_order(modalities)?,
            spec: spec.clone(),
            weights: vec![1.0 / outputs as f64; outputs],
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
        let plan = EpochPlan::everything(context.epoch, &self.modalities);
        let steps = context.supply.count(Part::Epoch);
        for step in 0..steps {
            let batch = self.only(k, context.batch(Part::Epoch, step)?);
            let mut step_context = StepContext {
                plan: &plan,
                step,
                steps,
                rate: LearningRate::constant(context.lr),
                optimiser: &mut optimiser,
                clock: &mut Stopwatch::default(),
                fault: None,
            };
            self.step_alone(&mut copy, &batch, &mut step_context);
        }
        Ok((before, self.losses(&copy, k, context)?))
    }

    /// One step on the fused loss of the modalities that the batch holds.
    fn step_alone<E: Encoder>(
        &self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) {
        let branch = &mut net.branches[0];
        let pass = ForwardPass::run(branch, &self.modalities, batch, context);
        let loss = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        branch.train_on(&loss, context);
    }

    /// The batch with what output `k` needs: one modality, or all. The late-sum head's fused
    /// logits of one modality are that modality's own.
    fn only(&self, k: usize, mut batch: Batch) -> Batch {
        if let Some(modality) = self.modalities.get(k) {
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
        Ok(Losses {
            train: self.mean_loss(&net, k, Part::Epoch, context)?,
            val: self.mean_loss(&net, k, Part::Validation, context)?,
        })
    }

    /// Mean cross-entropy of output `k` over a part of the data, network in evaluation mode.
    fn mean_loss<E: Encoder>(
        &self,
        net: &Net<E>,
        k: usize,
        part: Part,
        context: &mut EpochContext<'_>,
    ) -> Result<f64, EpochError> {
        let (mut sum, mut samples) = (0.0, 0);
        for number in 0..context.supply.count(part) {
            let batch = self.only(k, context.batch(part, number)?.inner());
            let embeddings = net.embed(&self.modalities, &batch).swap_remove(0);
            let mut present = Vec::new();
            for (index, embedding) in embeddings.into_iter().enumerate() {
                if let Some(embedding) = embedding {
                    present.push((index, embedding));
                }
            }
            let logits = net.branches[0].head.fused(&present);
            let [size, _] = logits.dims();
            let loss: f32 = cross_entropy(logits, &batch.labels).into_scalar();
            sum += loss as f64 * size as f64;
            samples += size;
        }
        Ok(sum / samples.max(1) as f64)
    }
}

/// `G/O²` of each output, normalised: G is what the validation loss fell by, O what its
/// distance to the training loss grew by. Nothing that did not generalise counts; where
/// nothing did, all count the same.
fn weights(tried: &[(Losses, Losses)]) -> Vec<f64> {
    let mut worths = Vec::new();
    for (before, after) in tried {
        let gain = before.val - after.val;
        let overfitting = (after.val - after.train) - (before.val - before.train);
        worths.push(gain.max(0.0) / overfitting.powi(2).max(1e-8));
    }
    let total: f64 = worths.iter().sum();
    if total > 0.0 {
        worths.iter().map(|w| w / total).collect()
    } else {
        vec![1.0 / tried.len() as f64; tried.len()]
    }
}

impl<E: Encoder> Method<E> for GradientBlending {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::LateSum)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn begin_epoch(
        &mut self,
        net: &Net<E>,
        context: &mut EpochContext<'_>,
    ) -> Result<(), EpochError> {
        if context.epoch.is_multiple_of(self.spec.super_epoch) {
            let mut tried = Vec::new();
            for k in 0..self.weights.len() {
                tried.push(self.try_alone(net, k, context)?);
            }
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
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let branch = &mut net.branches[0];
        let pass = ForwardPass::run(branch, &self.modalities, batch, context);
        let mut named: Vec<(String, Tensor<2>)> = Vec::new();
        for (m, embedding) in &pass.embeddings {
            let logits = branch.head.modality(*m, embedding.clone());
            named.push((self.modalities[*m].to_string(), logits));
        }
        named.push((FUSED.into(), branch.head.fused(&pass.embeddings)));
        let (mut losses, mut balance) = (Vec::new(), Vec::new());
        let mut total: Option<Tensor<1>> = None;
        for ((name, logits), weight) in named.into_iter().zip(&self.weights) {
            let loss = cross_entropy(logits, &batch.labels);
            let weighed = loss.clone().mul_scalar(*weight);
            total = Some(match total {
                None => weighed,
                Some(sum) => sum + weighed,
            });
            balance.push((format!("weight.{name}"), *weight as f32));
            losses.push((name, loss.into_scalar()));
        }
        let total = total.expect("there is always a fused loss");
        losses.push(("total".into(), total.clone().into_scalar()));
        let mut report = pass.report(losses);
        report.balance = balance;
        if report.is_finite() {
            branch.train_on(&total, context);
        }
        report
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
