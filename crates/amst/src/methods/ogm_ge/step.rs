//! docs/paper.md §4.3: on-the-fly gradient modulation with generalisation enhancement.

use crate::{
    Batch, ForwardPass, GradientChange, HeadKind, Method, MethodError, Modality, Net, Phase,
    StepContext, StepReport, change_gradients, cross_entropy, training_order,
};
use amst_encoders::Encoder;
use amst_kernels::sums::{mean_all, softmax, sum_all};
use burn::tensor::{Int, Tensor, TensorData};

use crate::methods::build::head;

use super::{OgmScope, OgmSpec, OgmTrimodal};

/// Standard normal numbers for a step: given (epoch, step), a source of as many as are asked
/// for next. A pure function of the two, so that a resumed run draws the same.
pub type Noise = Box<dyn Fn(usize, usize) -> Box<dyn FnMut(usize) -> Vec<f32>>>;

/// Naive, with the gradients of the leading modality's encoder scaled down in proportion to
/// its lead, and noise of each gradient's own deviation added.
pub struct OgmGe {
    modalities: Vec<Modality>,
    spec: OgmSpec,
    noise: Noise,
}

impl OgmGe {
    /// The method for these modalities; `noise` is drawn from if the settings ask for noise.
    ///
    /// # Errors
    ///
    /// No modality.
    pub fn new(modalities: &[Modality], spec: &OgmSpec, noise: Noise) -> Result<Self, MethodError> {
        Ok(Self {
            modalities: training_order(modalities)?,
            spec: spec.clone(),
            noise,
        })
    }
}

impl<E: Encoder> Method<E> for OgmGe {
    fn branches(&self) -> Vec<(&'static str, HeadKind)> {
        vec![("", head(self.spec.head))]
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
        let mut report = pass.report_fused(&loss);
        if !report.is_finite() {
            return report;
        }
        let mut scores = Vec::new();
        for modality in &self.modalities {
            let logits = pass.outputs.modality(*modality);
            let logits = logits.expect("every modality was forwarded");
            scores.push(score(logits.clone(), &batch.labels));
        }
        let coefficients = coefficients(&scores, self.spec.alpha, self.spec.trimodal);
        let mut gradients = branch.gradients(&loss, context);
        let epoch = context.plan.epoch;
        if (self.spec.start..=self.spec.end).contains(&epoch) {
            let mut noise = (self.noise)(epoch, context.step);
            context.clock.time(Phase::Backward, || {
                for (index, own) in gradients.encoders.iter_mut().enumerate() {
                    let mut modulation = Modulation {
                        k: coefficients[index],
                        least_rank: least_rank(self.spec.scope, self.modalities[index]),
                        noise: self.spec.noise.then_some(&mut noise),
                    };
                    change_gradients(&branch.encoders[index], own, &mut modulation);
                }
            });
            report.balance_by_modality("k", &self.modalities, &coefficients);
        }
        branch.descend(gradients, context);
        report
    }
}

/// Sum over the batch of the probability that a modality alone gives to the right class.
fn score(logits: Tensor<2>, labels: &Tensor<1, Int>) -> f64 {
    let of_right = softmax(logits).gather(1, labels.clone().unsqueeze_dim(1));
    let sum: f32 = sum_all(of_right).into_scalar();
    sum as f64
}

/// What the gradients of each modality's encoder are multiplied by: `1 − tanh(alpha·ratio)`
/// for the modality that leads, 1 for the others.
///
/// Of two modalities one is always scaled: the second if its ratio is above 1, else the
/// first, ties included, as published.
fn coefficients(scores: &[f64], alpha: f64, trimodal: OgmTrimodal) -> Vec<f64> {
    let mut coefficients = vec![1.0; scores.len()];
    if let [first, second] = scores {
        let (leader, ratio) = if second / first > 1.0 {
            (1, second / first)
        } else {
            (0, first / second)
        };
        coefficients[leader] = slowed(alpha, ratio);
        return coefficients;
    }
    match trimodal {
        OgmTrimodal::RatioToRest => {
            let total: f64 = scores.iter().sum();
            let ratios: Vec<f64> = scores.iter().map(|s| s / (total - s)).collect();
            // The first of equals.
            let mut leader = 0;
            for m in 1..ratios.len() {
                if ratios[m].total_cmp(&ratios[leader]).is_gt() {
                    leader = m;
                }
            }
            coefficients[leader] = slowed(alpha, ratios[leader]);
        }
        OgmTrimodal::PairwiseMean => {
            for (m, score) in scores.iter().enumerate() {
                let mut sum = 0.0;
                for (other, theirs) in scores.iter().enumerate() {
                    if other != m {
                        sum += score / theirs;
                    }
                }
                let ratio = sum / (scores.len() - 1) as f64;
                if ratio > 1.0 {
                    coefficients[m] = slowed(alpha, ratio);
                }
            }
        }
    }
    coefficients
}

/// `1 − tanh(alpha·ratio)`; a negative ratio slows nothing.
fn slowed(alpha: f64, ratio: f64) -> f64 {
    1.0 - (alpha * ratio.max(0.0)).tanh()
}

/// Gradients of at least so many dimensions are in scope.
fn least_rank(scope: OgmScope, modality: Modality) -> usize {
    match (scope, modality) {
        (OgmScope::Backbone, Modality::Text) | (OgmScope::NdimAbove1, _) => 2,
        (OgmScope::Backbone | OgmScope::Conv4d, _) => 4,
        (OgmScope::All, _) => 1,
    }
}

/// `g ← k·g + N(0, std(g)²)` for the gradients in scope, the deviation being that of the
/// whole tensor before it is scaled.
struct Modulation<'a> {
    k: f64,
    least_rank: usize,
    noise: Option<&'a mut Box<dyn FnMut(usize) -> Vec<f32>>>,
}

impl GradientChange for Modulation<'_> {
    fn change<const D: usize>(&mut self, gradient: Tensor<D>) -> Tensor<D> {
        if D < self.least_rank {
            return gradient;
        }
        let noise = self.noise.as_mut().map(|draw| noise_like(&gradient, draw));
        let scaled = if self.k == 1.0 {
            gradient
        } else {
            gradient.mul_scalar(self.k)
        };
        match noise {
            Some(noise) => scaled + noise,
            None => scaled,
        }
    }
}

/// Normal numbers with the (unbiased) deviation of a gradient, plus 1e-8 as published.
fn noise_like<const D: usize>(
    gradient: &Tensor<D>,
    draw: &mut dyn FnMut(usize) -> Vec<f32>,
) -> Tensor<D> {
    let shape = gradient.dims();
    let size: usize = shape.iter().product();
    let device = gradient.device();
    let centred = gradient.clone() - mean_all(gradient.clone()).reshape([1; D]);
    let variance = sum_all(centred.clone() * centred).div_scalar(size.max(2) as f64 - 1.0);
    let standard = Tensor::from_data(TensorData::new(draw(size), shape), &device);
    standard * variance.sqrt().add_scalar(1e-8).reshape([1; D])
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;

    fn close(got: &[f64], want: &[f64]) {
        assert!(
            got.len() == want.len() && got.iter().zip(want).all(|(g, w)| (g - w).abs() < 1e-12),
            "{got:?} {want:?}"
        );
    }

    const RATIO: OgmTrimodal = OgmTrimodal::RatioToRest;

    #[test]
    fn the_leader_of_two_is_slowed_by_the_ratio() {
        close(
            &coefficients(&[1.0, 2.0], 0.5, RATIO),
            &[1.0, 1.0 - 1f64.tanh()],
        );
        close(
            &coefficients(&[3.0, 1.0], 0.5, RATIO),
            &[1.0 - 1.5f64.tanh(), 1.0],
        );
    }

    #[test]
    fn of_two_equals_the_first_is_slowed_as_published() {
        close(
            &coefficients(&[2.0, 2.0], 0.1, RATIO),
            &[1.0 - 0.1f64.tanh(), 1.0],
        );
    }

    #[test]
    fn of_three_only_the_largest_is_slowed_even_where_its_ratio_to_the_rest_is_below_one() {
        close(
            &coefficients(&[2.0, 3.0, 3.0], 1.0, RATIO),
            &[1.0, 1.0 - 0.6f64.tanh(), 1.0],
        );
    }

    #[test]
    fn the_pairwise_mean_slows_every_modality_above_one() {
        // 4 against 2 and 1: (2 + 4)/2 = 3; 2: (1/2 + 2)/2 = 1.25; 1: (1/4 + 1/2)/2.
        let got = coefficients(&[4.0, 2.0, 1.0], 0.1, OgmTrimodal::PairwiseMean);
        close(&got, &[1.0 - 0.3f64.tanh(), 1.0 - 0.125f64.tanh(), 1.0]);
    }

    #[test]
    fn both_rules_for_three_agree_with_the_rule_for_two_on_who_leads() {
        let pairwise = coefficients(&[1.0, 2.0], 0.5, OgmTrimodal::PairwiseMean);
        close(&pairwise, &coefficients(&[1.0, 2.0], 0.5, RATIO));
    }

    fn changed(scope: OgmScope, modality: Modality) -> [bool; 3] {
        let device = Device::flex();
        let moved = |before: Vec<f32>, after: Vec<f32>| before != after;
        let least_rank = least_rank(scope, modality);
        let mut change = Modulation {
            k: 0.5,
            least_rank,
            noise: None,
        };
        let (one, two, four) = (
            Tensor::<1>::ones([2], &device),
            Tensor::<2>::ones([2, 2], &device),
            Tensor::<4>::ones([1, 1, 2, 2], &device),
        );
        let read = |data: TensorData| data.try_to_vec::<f32>().unwrap();
        [
            moved(
                read(one.clone().into_data()),
                read(change.change(one).into_data()),
            ),
            moved(
                read(two.clone().into_data()),
                read(change.change(two).into_data()),
            ),
            moved(
                read(four.clone().into_data()),
                read(change.change(four).into_data()),
            ),
        ]
    }

    #[test]
    fn a_scope_reaches_what_it_says() {
        for modality in Modality::ALL {
            assert_eq!(changed(OgmScope::Conv4d, modality), [false, false, true]);
            assert_eq!(changed(OgmScope::NdimAbove1, modality), [false, true, true]);
            assert_eq!(changed(OgmScope::All, modality), [true, true, true]);
        }
        assert_eq!(
            changed(OgmScope::Backbone, Modality::Visual),
            [false, false, true]
        );
        assert_eq!(
            changed(OgmScope::Backbone, Modality::Text),
            [false, true, true],
            "text has no convolutions"
        );
    }

    /// 20,000 draws onto a gradient of deviation 3 around 5: their mean stays within 4 standard
    /// errors (0.085) of the scaled gradient and their deviation within 2 % of 3 (its own error is
    /// 0.5 %).
    #[test]
    fn noise_has_the_deviation_of_the_gradient_before_it_is_scaled() {
        let device = Device::flex();
        let size = 20_000;
        let gradient: Vec<f32> = (0..size)
            .map(|i| if i % 2 == 0 { 2.0 } else { 8.0 })
            .collect();
        let mut seed = 1u64;
        let mut uniform = move || {
            seed = seed
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (seed >> 33) as f64 / (1u64 << 31) as f64
        };
        let mut draw: Box<dyn FnMut(usize) -> Vec<f32>> = Box::new(move |n| {
            (0..n)
                .map(|_| ((0..12).map(|_| uniform()).sum::<f64>() - 6.0) as f32)
                .collect()
        });
        let mut change = Modulation {
            k: 0.5,
            least_rank: 1,
            noise: Some(&mut draw),
        };
        let before = Tensor::<1>::from_data(TensorData::new(gradient.clone(), [size]), &device);
        let after: Vec<f32> = change.change(before).into_data().try_to_vec().unwrap();
        let noise: Vec<f64> = after
            .iter()
            .zip(&gradient)
            .map(|(a, g)| (a - 0.5 * g) as f64)
            .collect();
        let mean = noise.iter().sum::<f64>() / size as f64;
        let deviation =
            (noise.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (size - 1) as f64).sqrt();
        assert!(mean.abs() < 0.085, "mean {mean}");
        assert!(
            (deviation / 3.0 - 1.0).abs() < 0.02,
            "deviation {deviation}"
        );
    }

    #[test]
    fn a_modality_that_is_not_slowed_gets_noise_all_the_same() {
        let device = Device::flex();
        let mut draw: Box<dyn FnMut(usize) -> Vec<f32>> = Box::new(|n| vec![1.0; n]);
        let mut change = Modulation {
            k: 1.0,
            least_rank: 4,
            noise: Some(&mut draw),
        };
        let before = Tensor::<4>::from_data([[[[1.0, 3.0]]]], &device); // unbiased deviation √2
        let after: Vec<f32> = change.change(before).into_data().try_to_vec().unwrap();
        let want = [
            1.0 + std::f32::consts::SQRT_2,
            3.0 + std::f32::consts::SQRT_2,
        ];
        assert!(
            after.iter().zip(want).all(|(a, w)| (a - w).abs() < 1e-6),
            "{after:?}"
        );
    }
}
