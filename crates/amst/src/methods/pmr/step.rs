//! docs/paper.md §4.4: prototypical modal rebalance.

use crate::{
    Batch, EpochContext, EpochError, FUSED, ForwardPass, HeadKind, Method, MethodError,
    MethodState, Modality, Net, Part, Phase, StepContext, StepReport, cross_entropy,
    training_order,
};
use amst_encoders::Encoder;
use amst_kernels::sums::{softmax, sum_all, sum_last};
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor};

use crate::methods::build::head;

use super::{PmrRule, PmrSpec, PmrWeights, PrototypeSplit};

/// Naive, with a second loss for the modality that lags: the cross-entropy of its embeddings'
/// (negative Euclidean) distances to the class means of its own embeddings.
pub struct Pmr {
    modalities: Vec<Modality>,
    spec: PmrSpec,
    /// By modality, `[classes, D]`.
    prototypes: Vec<Tensor<2>>,
}

impl Pmr {
    /// The method for these modalities.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &PmrSpec) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(modalities)?,
            spec: spec.clone(),
            prototypes: Vec::new(),
        })
    }

    fn rebalances(&self, epoch: usize) -> bool {
        (self.spec.start..=self.spec.end).contains(&epoch)
    }

    /// Class means of all modalities over a share of a split, network in evaluation mode. Where
    /// there are no prototypes yet, goes on until every class was seen.
    fn class_means<E: Encoder>(
        &self,
        net: &Net<E>,
        context: &mut EpochContext<'_>,
    ) -> Result<Means, EpochError> {
        let part = match self.spec.split {
            PrototypeSplit::Train => Part::Sample,
            PrototypeSplit::Val => Part::Validation,
        };
        let count = context.supply.count(part);
        let enough = ((self.spec.fraction * count as f64).ceil() as usize).clamp(1, count.max(1));
        let net = net.valid();
        let mut means = Means::new(self.modalities.len(), context.classes);
        for number in 0..count {
            if number >= enough && (!self.prototypes.is_empty() || means.missing().is_none()) {
                break;
            }
            let batch = context.batch(part, number)?.inner();
            let embeddings = context
                .clock
                .time(Phase::Forward, || net.embed(&self.modalities, &batch));
            means.add(&embeddings[0], &batch.labels);
        }
        match means.missing() {
            Some(class) if self.prototypes.is_empty() => {
                Err(MethodError::NoPrototype { class }.into())
            }
            _ => Ok(means),
        }
    }
}

/// Sums of embeddings and numbers of samples by class.
struct Means {
    classes: usize,
    sums: Vec<Option<Tensor<2>>>,
    counts: Vec<f32>,
}

impl Means {
    fn new(modalities: usize, classes: usize) -> Self {
        Self {
            classes,
            sums: vec![None; modalities],
            counts: vec![0.0; classes],
        }
    }

    fn add(&mut self, embeddings: &[Option<Tensor<2>>], labels: &Tensor<1, Int>) {
        let members: Tensor<2> = labels
            .clone()
            .one_hot::<2>(self.classes)
            .float()
            .transpose();
        let counts: Vec<f32> = members
            .clone()
            .sum_dim(1)
            .into_data()
            .try_to_vec()
            .expect("counts are 32-bit floats");
        self.counts
            .iter_mut()
            .zip(counts)
            .for_each(|(total, new)| *total += new);
        for (sum, embedding) in self.sums.iter_mut().zip(embeddings) {
            let new = members
                .clone()
                .matmul(embedding.clone().expect("every modality was forwarded"));
            *sum = Some(sum.take().map_or(new.clone(), |old| old + new));
        }
    }

    /// A class of which nothing was seen.
    fn missing(&self) -> Option<usize> {
        self.counts.iter().position(|count| *count == 0.0)
    }

    /// New prototypes: `(1 − momentum)·mean + momentum·old`, the old ones where a class was not
    /// seen, the means where there are none yet.
    fn prototypes(self, old: &[Tensor<2>], momentum: f64) -> Vec<Tensor<2>> {
        let mut all = Vec::new();
        for (m, sum) in self.sums.into_iter().enumerate() {
            let sum = sum.expect("at least one batch was seen");
            let device = sum.device();
            let per_sample = self.counts.iter().map(|n| 1.0 / n.max(1.0));
            let mean = sum * column(per_sample, &device);
            let Some(old) = old.get(m) else {
                all.push(mean);
                continue;
            };
            let new = mean.mul_scalar(1.0 - momentum) + old.clone().mul_scalar(momentum);
            let seen = column(self.counts.iter().map(|n| one_if(*n > 0.0)), &device);
            let unseen = column(self.counts.iter().map(|n| one_if(*n <= 0.0)), &device);
            all.push(new * seen + old.clone() * unseen);
        }
        all
    }
}

/// A tensor `[classes, 1]`.
fn column(values: impl Iterator<Item = f32>, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = values.collect();
    Tensor::<1>::from_floats(values.as_slice(), device).unsqueeze_dim::<2>(1)
}

fn one_if(condition: bool) -> f32 {
    if condition { 1.0 } else { 0.0 }
}

impl<E: Encoder> Method<E> for Pmr {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", head(self.spec.head))]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn begin_epoch(
        &mut self,
        net: &Net<E>,
        context: &mut EpochContext<'_>,
    ) -> Result<(), EpochError> {
        let means = self.class_means(net, context)?;
        self.prototypes = means.prototypes(&self.prototypes, self.spec.momentum);
        Ok(())
    }

    fn state(&self) -> MethodState {
        let mut state = MethodState::new();
        for (modality, own) in self.modalities.iter().zip(&self.prototypes) {
            state = state.with_tensor(format!("prototypes.{modality}"), own);
        }
        state
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        device: &Device,
    ) -> Result<(), MethodError> {
        // There are none before the first epoch.
        self.prototypes.clear();
        for modality in &self.modalities {
            let own = state.take_tensor(&format!("prototypes.{modality}"), device)?;
            self.prototypes.extend(own);
        }
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
        let fused = cross_entropy(branch.head.fused(&pass.embeddings), &batch.labels);
        let mut nearness = Vec::new();
        for (m, embedding) in &pass.embeddings {
            let prototypes = self.prototypes[*m].clone();
            nearness.push(negative_distance(embedding.clone(), prototypes));
        }
        let weights = if self.rebalances(context.plan.epoch) {
            let scores = nearness.iter().map(|near| score(near, &batch.labels));
            weights(&scores.collect::<Vec<_>>(), &self.spec)
        } else {
            vec![0.0; nearness.len()]
        };
        let mut total = fused.clone();
        let mut prototype_losses = Vec::new();
        for ((modality, near), weight) in self.modalities.iter().zip(nearness).zip(&weights) {
            let loss = cross_entropy(near, &batch.labels);
            if *weight > 0.0 {
                total = total + loss.clone().mul_scalar(self.spec.alpha * weight);
            }
            prototype_losses.push((format!("proto.{modality}"), loss.into_scalar()));
        }
        let mut losses = vec![
            (FUSED.to_string(), fused.into_scalar()),
            ("total".into(), total.clone().into_scalar()),
        ];
        losses.extend(prototype_losses);
        let mut report = pass.report(losses);
        report.balance_by_modality("weight", &self.modalities, &weights);
        if report.is_finite() {
            branch.train_on(&total, context);
        }
        report
    }
}

/// Negative Euclidean distance of each embedding to each prototype: `[batch, D]` and
/// `[classes, D]` to `[batch, classes]`. By differences: squares by way of a product of
/// matrices would be off by 5e-4.
fn negative_distance(embeddings: Tensor<2>, prototypes: Tensor<2>) -> Tensor<2> {
    let prototypes = Tensor::from_inner(prototypes);
    let apart = embeddings.unsqueeze_dim::<3>(1) - prototypes.unsqueeze_dim::<3>(0);
    // A root has no slope at 0; an embedding on its prototype has nowhere to go.
    sum_last(apart.clone() * apart)
        .squeeze_dim::<2>(2)
        .clamp_min(1e-24)
        .sqrt()
        .neg()
}

/// Sum over the batch of the probability that the prototypes give to the right class.
fn score(nearness: &Tensor<2>, labels: &Tensor<1, Int>) -> f64 {
    let nearness = nearness.clone().detach();
    let of_right = softmax(nearness).gather(1, labels.clone().unsqueeze_dim(1));
    let sum: f32 = sum_all(of_right).into_scalar();
    sum as f64
}

/// How much of its prototype loss each modality gets.
fn weights(scores: &[f64], spec: &PmrSpec) -> Vec<f64> {
    let count = scores.len() as f64;
    let mean = scores.iter().sum::<f64>() / count;
    let lowest = scores.iter().copied().fold(f64::INFINITY, f64::min);
    let mut weights = Vec::new();
    for (m, score) in scores.iter().enumerate() {
        let lags = match spec.rule {
            PmrRule::Published | PmrRule::BelowMean => *score < mean,
            PmrRule::WeakestOnly => *score == lowest && lowest < mean,
        };
        weights.push(match spec.weights {
            _ if !lags => 0.0,
            PmrWeights::Hard => 1.0,
            PmrWeights::Soft => lead_of_others(scores, m).clamp(0.0, 1.0),
        });
    }
    weights
}

/// By how much the mean score of the others exceeds that of modality `m`, as a share of it.
fn lead_of_others(scores: &[f64], m: usize) -> f64 {
    let mut others = 0.0;
    for (other, score) in scores.iter().enumerate() {
        if other != m {
            others += score;
        }
    }
    others / (scores.len() as f64 - 1.0) / scores[m] - 1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(weights: PmrWeights, rule: PmrRule) -> PmrSpec {
        PmrSpec {
            weights,
            rule,
            ..PmrSpec::default()
        }
    }

    const HARD: PmrWeights = PmrWeights::Hard;
    const SOFT: PmrWeights = PmrWeights::Soft;

    #[test]
    fn of_two_modalities_the_weaker_gets_all_and_equals_get_nothing() {
        for rule in [PmrRule::Published, PmrRule::BelowMean, PmrRule::WeakestOnly] {
            assert_eq!(
                weights(&[3.0, 2.0], &spec(HARD, rule)),
                [0.0, 1.0],
                "{rule:?}"
            );
            assert_eq!(
                weights(&[1.0, 2.0], &spec(HARD, rule)),
                [1.0, 0.0],
                "{rule:?}"
            );
            assert_eq!(
                weights(&[2.0, 2.0], &spec(HARD, rule)),
                [0.0, 0.0],
                "{rule:?}"
            );
        }
    }

    #[test]
    fn the_extension_to_three_is_the_rule_for_two_when_there_are_two() {
        // By hand, PMR's own words: rho = s1/s2; above 1 weights the second, below 1 the first;
        // softly by clip(rho - 1, 0, 1) and clip(1/rho - 1, 0, 1).
        for (s1, s2) in [(1.0, 1.25), (1.25, 1.0), (4.0, 1.0), (1.0, 4.0), (2.0, 2.0)] {
            let rho: f64 = s1 / s2;
            let hard = [(rho < 1.0) as u8 as f64, (rho > 1.0) as u8 as f64];
            let soft = [
                (1.0 / rho - 1.0).clamp(0.0, 1.0),
                (rho - 1.0).clamp(0.0, 1.0),
            ];
            assert_eq!(weights(&[s1, s2], &spec(HARD, PmrRule::BelowMean)), hard);
            assert_eq!(weights(&[s1, s2], &spec(SOFT, PmrRule::BelowMean)), soft);
        }
    }

    #[test]
    fn of_three_every_modality_below_the_mean_lags_or_only_the_weakest() {
        let scores = [6.0, 2.0, 1.0]; // mean 3
        assert_eq!(
            weights(&scores, &spec(HARD, PmrRule::BelowMean)),
            [0.0, 1.0, 1.0]
        );
        assert_eq!(
            weights(&scores, &spec(HARD, PmrRule::WeakestOnly)),
            [0.0, 0.0, 1.0]
        );
        // mean(6, 1)/2 - 1 = 0.75; mean(6, 2)/1 - 1 = 3, cut to 1.
        assert_eq!(
            weights(&scores, &spec(SOFT, PmrRule::BelowMean)),
            [0.0, 0.75, 1.0]
        );
    }

    fn rows(tensor: &Tensor<2>) -> Vec<f32> {
        tensor.clone().into_data().try_to_vec().unwrap()
    }

    #[test]
    fn prototypes_are_class_means_mixed_with_the_old_and_an_unseen_class_keeps_its_own() {
        let device = Device::flex();
        let embeddings = Tensor::<2>::from_data([[1.0, 0.0], [3.0, 2.0], [5.0, 5.0]], &device);
        let labels = Tensor::<1, Int>::from_data([0, 0, 2], &device);
        let mut means = Means::new(1, 3);
        means.add(&[Some(embeddings.clone())], &labels);
        assert_eq!(means.missing(), Some(1));
        let old = [Tensor::<2>::from_data(
            [[7.0, 6.0], [8.0, 9.0], [0.0, 0.0]],
            &device,
        )];
        let mixed = means.prototypes(&old, 0.5);
        assert_eq!(rows(&mixed[0]), [4.5, 3.5, 8.0, 9.0, 2.5, 2.5]);
        let mut first = Means::new(1, 3);
        first.add(&[Some(embeddings)], &Tensor::from_data([0, 1, 2], &device));
        assert_eq!(
            rows(&first.prototypes(&[], 0.5)[0]),
            [1.0, 0.0, 3.0, 2.0, 5.0, 5.0],
            "no momentum at first"
        );
    }

    #[test]
    fn distances_are_euclidean_and_harmless_at_zero() {
        let device = Device::flex().autodiff();
        let embeddings = Tensor::<2>::from_data([[3.0, 4.0], [0.0, 0.0]], &device).require_grad();
        let prototypes = Tensor::<2>::from_data([[0.0, 0.0]], &Device::flex());
        let near = negative_distance(embeddings.clone(), prototypes);
        assert_eq!(rows(&near.clone().inner()), [-5.0, -1e-12]);
        let gradient: Vec<f32> = embeddings
            .grad(&near.sum().backward())
            .unwrap()
            .into_data()
            .try_to_vec()
            .unwrap();
        assert!(
            (gradient[0] + 0.6).abs() < 1e-6 && (gradient[1] + 0.8).abs() < 1e-6,
            "{gradient:?}"
        );
        assert_eq!(&gradient[2..], [0.0, 0.0]);
    }
}
