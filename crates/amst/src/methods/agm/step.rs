//! docs/paper.md §4.7: adaptive gradient modulation.

use crate::{
    Batch, Branch, BranchGradients, ForwardPass, GradientChange, HeadKind, Method, MethodError,
    MethodState, Modality, Net, Phase, StepContext, StepReport, change_gradients, cross_entropy,
    training_order,
};
use amst_encoders::Encoder;
use amst_kernels::sums::sum_all;
use burn::module::Module;
use burn::tensor::{Device, Tensor};

use super::AgmSpec;

/// Naive, with the gradient at each modality's logits scaled by how its response to the
/// batch compares with what it used to be. A modality's response is what it contributes to
/// the logits: its Shapley value, other modalities being switched off by feeding zeros.
#[derive(Clone, Debug)]
pub struct Agm {
    modalities: Vec<Modality>,
    spec: AgmSpec,
    /// Sum of each modality's ratios so far.
    ratio_sums: Vec<f64>,
    /// Steps that the sums are over.
    steps: usize,
}

impl Agm {
    /// The method for these modalities.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &AgmSpec) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(modalities)?,
            spec: spec.clone(),
            ratio_sums: vec![0.0; modalities.len()],
            steps: 0,
        })
    }

    /// The factor of each modality, given the mean `-log p` of its responses.
    ///
    /// `ratio_m = exp((mean s − s_m)·M/(M − 1))` is above 1 for a modality that does better than
    /// the others; `exp(alpha·min(target − ratio, cap))` slows it, the target being the mean of
    /// all its earlier ratios.
    fn factors(&mut self, surprise: &[f64]) -> Vec<f64> {
        let count = surprise.len() as f64;
        let mean = surprise.iter().sum::<f64>() / count;
        let mut factors = Vec::new();
        for (s, sum) in surprise.iter().zip(&mut self.ratio_sums) {
            let ratio = ((mean - s) * count / (count - 1.0)).exp();
            let target = if self.steps == 0 {
                ratio
            } else {
                *sum / self.steps as f64
            };
            factors.push((self.spec.alpha * (target - ratio).min(self.spec.cap)).exp());
            *sum += ratio;
        }
        self.steps += 1;
        factors
    }
}

impl<E: Encoder> Method<E> for Agm {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", HeadKind::LateSum)]
    }

    fn modalities(&self) -> &[Modality] {
        &self.modalities
    }

    fn state(&self) -> MethodState {
        MethodState::new()
            .with_numbers("ratios", &self.ratio_sums)
            .with_numbers("steps", &[self.steps as f64])
    }

    fn restore(
        &mut self,
        mut state: MethodState,
        _: &Net<E>,
        _: &Device,
    ) -> Result<(), MethodError> {
        let [steps] = state.take("steps")?;
        self.steps = steps as usize;
        self.ratio_sums = state.take_some("ratios", self.ratio_sums.len())?;
        state.end()
    }

    fn step(
        &mut self,
        net: &mut Net<E>,
        batch: &Batch,
        context: &mut StepContext<'_>,
    ) -> StepReport {
        let branch = &mut net.branches[0];
        let modalities = &self.modalities;
        let surprise = context
            .clock
            .time(Phase::Forward, || surprise(branch, modalities, batch));
        let factors = self.factors(&surprise);
        let pass = ForwardPass::run(branch, &self.modalities, batch, context);
        let mut scaled = Vec::new();
        for (m, embedding) in &pass.embeddings {
            let logits = branch.head.modality(*m, embedding.clone());
            // The gradient of k times the logits, and to the bit their own value: k may be a
            // million.
            let value = logits.clone().detach();
            scaled.push(value.clone() + (logits - value).mul_scalar(factors[*m]));
        }
        let fused = scaled.into_iter().reduce(|a, b| a + b);
        let fused = fused.expect("there is at least one modality");
        let loss = cross_entropy(fused, &batch.labels);
        let mut report = pass.report_fused(&loss);
        report.balance_by_modality("k", &self.modalities, &factors);
        if report.is_finite() {
            let mut gradients = branch.gradients(&loss, context);
            clip(branch, &mut gradients, self.spec.clip);
            branch.descend(gradients, context);
        }
        report
    }
}

/// Mean `-log p` of the right class, by modality, of responses in evaluation mode.
fn surprise<E: Encoder>(branch: &Branch<E>, modalities: &[Modality], batch: &Batch) -> Vec<f64> {
    let (branch, batch) = (branch.valid(), batch.inner());
    let mut real: Vec<Tensor<2>> = Vec::new();
    let mut blank: Vec<Tensor<2>> = Vec::new();
    for (index, modality) in modalities.iter().enumerate() {
        let input = &batch.inputs[modality];
        let embedding = branch.embed(index, input);
        // A blank input is the same for every sample, so one sample of it will do.
        let one = branch.embed(index, &input.blank());
        blank.push(one.expand(embedding.dims()));
        real.push(embedding);
    }
    let responses = shapley(real.len(), |players| {
        let mut chosen = Vec::new();
        for m in 0..real.len() {
            let embedding = if contains(players, m) {
                &real[m]
            } else {
                &blank[m]
            };
            chosen.push((m, embedding.clone()));
        }
        branch.head.fused(&chosen)
    });
    let mut surprise = Vec::new();
    for response in responses {
        surprise.push(cross_entropy(response, &batch.labels).into_scalar::<f32>() as f64);
    }
    surprise
}

/// Whether a set of players, bit m for player m, contains one.
fn contains(set: usize, player: usize) -> bool {
    set >> player & 1 == 1
}

/// What each of M players adds, averaged over the orders in which they may come, of a value
/// of sets (bit m for player m). Alone a player counts with the whole value, not with what it
/// adds to the empty set: responses then keep the scale of logits.
fn shapley(players: usize, value: impl Fn(usize) -> Tensor<2>) -> Vec<Tensor<2>> {
    let values: Vec<Tensor<2>> = (0..1 << players).map(value).collect();
    let mut all = Vec::new();
    for player in 0..players {
        let mut sum: Option<Tensor<2>> = None;
        for without in (0..1usize << players).filter(|set| !contains(*set, player)) {
            let with = values[without | 1 << player].clone();
            let gain = if without == 0 {
                with
            } else {
                with - values[without].clone()
            };
            let share = share_of_orders(without.count_ones(), players as u32);
            let term = gain.mul_scalar(share);
            sum = Some(match sum {
                None => term,
                Some(sum) => sum + term,
            });
        }
        all.push(sum.expect("the empty set is always there"));
    }
    all
}

/// The share of the orders of all players in which exactly `before` given ones come before a
/// player.
fn share_of_orders(before: u32, players: u32) -> f64 {
    factorial(before) * factorial(players - 1 - before) / factorial(players)
}

fn factorial(n: u32) -> f64 {
    (1..=n).product::<u32>() as f64
}

/// Scales all gradients of a branch so that their common norm is at most `limit`, as
/// PyTorch's `clip_grad_norm_` does; 0 leaves them alone.
fn clip<E: Encoder>(branch: &Branch<E>, gradients: &mut BranchGradients, limit: f64) {
    if limit == 0.0 {
        return;
    }
    let mut squares = Squares(None);
    change_all(branch, gradients, &mut squares);
    let norm = squares
        .0
        .map_or(0.0, |sum| sum.into_scalar::<f32>() as f64)
        .sqrt();
    let factor = limit / (norm + 1e-6);
    if factor < 1.0 {
        change_all(branch, gradients, &mut Scale(factor));
    }
}

fn change_all<E: Encoder>(
    branch: &Branch<E>,
    gradients: &mut BranchGradients,
    change: &mut impl GradientChange,
) {
    change_gradients(&branch.head, &mut gradients.head, change);
    for (encoder, own) in branch.encoders.iter().zip(&mut gradients.encoders) {
        change_gradients(encoder, own, change);
    }
}

/// Adds up squares and changes nothing.
struct Squares(Option<Tensor<1>>);

impl GradientChange for Squares {
    fn change<const D: usize>(&mut self, gradient: Tensor<D>) -> Tensor<D> {
        let sum = sum_all(gradient.clone() * gradient.clone());
        self.0 = Some(match self.0.take() {
            None => sum,
            Some(total) => total + sum,
        });
        gradient
    }
}

struct Scale(f64);

impl GradientChange for Scale {
    fn change<const D: usize>(&mut self, gradient: Tensor<D>) -> Tensor<D> {
        gradient.mul_scalar(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modality_that_does_better_than_it_used_to_is_slowed() {
        let modalities = [Modality::Audio, Modality::Visual];
        let mut agm = Agm::new(
            &modalities,
            &AgmSpec {
                alpha: 2.0,
                cap: 10.0,
                clip: 0.0,
            },
        )
        .unwrap();
        assert_eq!(
            agm.factors(&[1.0, 1.0]),
            [1.0, 1.0],
            "at first the target is the ratio itself"
        );
        // Mean 0.75, doubled: ratios e^0.5 and e^-0.5; targets 1.
        let got = agm.factors(&[0.5, 1.0]);
        let want = [
            (2.0 * (1.0 - 0.5f64.exp())).exp(),
            (2.0 * (1.0 - (-0.5f64).exp())).exp(),
        ];
        assert!(
            got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12),
            "{got:?} {want:?}"
        );
        assert!(got[0] < 1.0 && got[1] > 1.0);
    }

    #[test]
    fn the_difference_counts_up_to_its_cap() {
        let modalities = [Modality::Audio, Modality::Visual];
        let mut agm = Agm::new(
            &modalities,
            &AgmSpec {
                alpha: 1.0,
                cap: 0.25,
                clip: 0.0,
            },
        )
        .unwrap();
        agm.factors(&[0.0, 3.0]);
        assert!((agm.factors(&[3.0, 0.0])[0] - 0.25f64.exp()).abs() < 1e-12);
    }

    fn responses(values: &[f32]) -> Vec<f32> {
        let device = Device::flex();
        let players = values.len().ilog2() as usize;
        shapley(players, |set| Tensor::full([1, 1], values[set], &device))
            .into_iter()
            .map(|r| r.into_scalar())
            .collect()
    }

    #[test]
    fn responses_of_two_and_three_modalities_equal_those_worked_out_by_hand() {
        // v({1}) = 3, v({2}) = 5, v(all) = 10: (3 + 10 - 5)/2 and (5 + 10 - 3)/2; v(nothing) plays
        // no part.
        assert_eq!(responses(&[99.0, 3.0, 5.0, 10.0]), [4.0, 6.0]);
        // Singles 3, 6, 9; pairs {1,2} 12, {1,3} 15, {2,3} 18; all 30:
        // 3/3 + (12-6)/6 + (15-9)/6 + (30-18)/3 = 7, and 10, 13 likewise.
        let got = responses(&[99.0, 3.0, 6.0, 12.0, 9.0, 15.0, 18.0, 30.0]);
        assert!(
            got.iter()
                .zip([7.0, 10.0, 13.0])
                .all(|(g, w)| (g - w).abs() < 1e-5),
            "{got:?}"
        );
    }
}
