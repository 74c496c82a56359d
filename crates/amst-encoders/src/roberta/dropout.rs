//! Dropout (Srivastava et al. 2014) whose masks do not depend on earlier draws.
//!
//! burn's layer draws from the device's generator, so its masks depend on everything drawn before:
//! a skipped modality, an evaluation between two steps, a resume. Here the n-th bit of a mask is a
//! hash of its position.

use amst_kernels::Dropout;
use rayon::prelude::*;

use crate::TrainingStep;

/// 2⁶⁴ divided by the golden ratio, made odd: the step of a SplitMix64 sequence.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
/// Hashes that one task computes; each decides over two values.
const TASK: usize = 1 << 15;

/// The key of a mask: a pure function of an encoder's seed, the step, and a place in the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draws(u64);

/// Spreads every input bit over all output bits: SplitMix64's finaliser (Steele et al. 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Draws {
    pub(super) fn new(seed: u64, at: TrainingStep) -> Self {
        Self(mix(seed ^ STEP))
            .part(at.epoch as u64)
            .part(at.step as u64)
    }

    /// The key of a part of the network that this key is for.
    pub(super) fn part(self, number: u64) -> Self {
        Self(mix(mix(self.0.wrapping_add(STEP)) ^ number))
    }

    /// Whether each of some values is dropped, with the given probability to within 2⁻³³.
    fn dropped(self, places: Places, probability: f64) -> Vec<bool> {
        let below = (probability * (1u64 << 32) as f64).round() as u64;
        let mut dropped = vec![false; places.runs * places.length];
        dropped
            .par_chunks_mut(places.length.max(1))
            .enumerate()
            .for_each(|(run, values)| {
                values
                    .par_chunks_mut(2 * TASK)
                    .enumerate()
                    .for_each(|(task, values)| {
                        let first = run * places.distance + task * 2 * TASK;
                        self.fill(first as u64, values, below);
                    });
            });
        dropped
    }

    /// Decides over values whose first one has the place `first`.
    fn fill(self, first: u64, values: &mut [bool], below: u64) {
        let unpaired = ((first % 2) as usize).min(values.len());
        let (odd, pairs) = values.split_at_mut(unpaired);
        if let [odd] = odd {
            *odd = self.bits(first / 2)[1] < below;
        }
        for (pair, number) in pairs.chunks_mut(2).zip(first.div_ceil(2)..) {
            for (value, bits) in pair.iter_mut().zip(self.bits(number)) {
                *value = bits < below;
            }
        }
    }

    /// 32 bits for each of a pair of values.
    fn bits(self, pair: u64) -> [u64; 2] {
        let bits = mix(self.0.wrapping_add(pair.wrapping_mul(STEP)));
        [bits & 0xffff_ffff, bits >> 32]
    }
}

/// Some values among those that a mask is for: runs of values beside each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    /// How many runs.
    pub(super) runs: usize,
    /// Values of a run.
    pub(super) length: usize,
    /// From the beginning of a run to that of the next.
    pub(super) distance: usize,
}

impl Places {
    /// The first `count` values.
    pub(super) fn all(count: usize) -> Self {
        Self {
            runs: 1,
            length: count,
            distance: count,
        }
    }
}

/// The key of a part of the network, where dropout is active.
pub(super) fn part(draws: Option<Draws>, number: u64) -> Option<Draws> {
    draws.map(|draws| draws.part(number))
}

/// What is dropped of the values at some places, with the given probability; nothing without
/// `draws`.
pub(super) fn dropout(places: Places, probability: f64, draws: Option<Draws>) -> Option<Dropout> {
    let draws = draws.filter(|_| probability > 0.0)?;
    Some(Dropout::new(
        draws.dropped(places, probability),
        probability,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Tensor;

    fn at(seed: u64, epoch: usize, step: usize) -> Draws {
        Draws::new(seed, TrainingStep { epoch, step })
    }

    #[test]
    fn the_share_that_is_dropped_is_the_probability() {
        for (probability, count) in [(0.1, 200_001), (0.5, 200_001), (0.9, 200_001)] {
            let dropped = at(1, 0, 0)
                .dropped(Places::all(count), probability)
                .into_iter()
                .filter(|d| *d)
                .count();
            let expected = count as f64 * probability;
            // Five standard deviations of a binomial.
            let allowed = 5.0 * (expected * (1.0 - probability)).sqrt();
            assert!(
                (dropped as f64 - expected).abs() < allowed,
                "{dropped} of {count}, expected {expected}"
            );
        }
        assert!(
            at(1, 0, 0)
                .dropped(Places::all(1000), 1.0 - 1e-12)
                .iter()
                .all(|d| *d)
        );
    }

    #[test]
    fn neighbours_in_a_mask_and_masks_of_neighbouring_places_are_independent() {
        let (count, p) = (400_000, 0.1);
        let masks = [
            at(1, 0, 0),
            at(2, 0, 0),
            at(1, 1, 0),
            at(1, 0, 1),
            at(1, 0, 0).part(0),
            at(1, 0, 0).part(1),
        ]
        .map(|draws| draws.dropped(Places::all(count), p));
        let both =
            |a: &[bool], b: &[bool]| a.iter().zip(b).filter(|(a, b)| **a && **b).count() as f64;
        let (expected, allowed) = (
            count as f64 * p * p,
            5.0 * (count as f64 * p * p * (1.0 - p * p)).sqrt(),
        );
        for lag in [1, 2, 768] {
            let found = both(&masks[0][lag..], &masks[0]);
            assert!(
                (found - expected).abs() < allowed,
                "lag {lag}: {found}, expected {expected}"
            );
        }
        for (i, one) in masks.iter().enumerate() {
            for other in &masks[..i] {
                let found = both(one, other);
                assert!(
                    (found - expected).abs() < allowed,
                    "{found}, expected {expected}"
                );
            }
        }
    }

    /// Computed apart from this code (`fixtures/make.py` prints it): results were made with these.
    #[test]
    fn the_masks_are_the_ones_that_results_were_made_with() {
        let dropped = at(7, 2, 5).part(3).part(1).dropped(Places::all(64), 0.5);
        let bits = dropped
            .iter()
            .rev()
            .fold(0u64, |bits, d| bits << 1 | u64::from(*d));
        assert_eq!(bits, 0x9114_dee2_b6a4_030b, "{bits:#x}");
    }

    #[test]
    fn a_mask_does_not_depend_on_the_number_of_threads() {
        let (count, draws) = (5 * TASK + 3, at(3, 1, 4));
        let with = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| draws.dropped(Places::all(count), 0.1))
        };
        assert_eq!(with(1), with(3));
        assert_eq!(
            with(1)[..2 * TASK + 1],
            draws.dropped(Places::all(2 * TASK + 1), 0.1)
        );
    }

    #[test]
    fn runs_of_a_mask_are_those_of_the_whole_mask() {
        let draws = at(3, 1, 4);
        let whole = draws.dropped(Places::all(9 * 77), 0.4);
        // Runs that begin at even and at odd places, of even and odd lengths.
        for (length, distance) in [(7, 77), (6, 77), (8, 70), (1, 33), (77, 77)] {
            let places = Places {
                runs: 9,
                length,
                distance,
            };
            let runs = draws.dropped(places, 0.4);
            for (run, values) in runs.chunks(length).enumerate() {
                assert_eq!(values, &whole[run * distance..][..length]);
            }
        }
    }

    #[test]
    fn what_is_left_is_scaled_and_so_is_its_gradient() {
        let device = burn::tensor::Device::flex().autodiff();
        let x = Tensor::<2>::ones([30, 40], &device).require_grad();
        let y = dropout(Places::all(1200), 0.25, Some(at(1, 0, 0)))
            .unwrap()
            .apply(x.clone());
        let gradient = x.grad(&y.clone().sum().backward()).unwrap();
        let values: Vec<f32> = y.into_data().iter::<f32>().collect();
        let kept = values
            .iter()
            .filter(|v| (**v - 4.0 / 3.0).abs() < 1e-6)
            .count();
        assert_eq!(kept + values.iter().filter(|v| **v == 0.0).count(), 1200);
        assert!(
            (kept as f64 - 900.0).abs() < 5.0 * (1200.0f64 * 0.25 * 0.75).sqrt(),
            "{kept}"
        );
        assert_eq!(
            gradient.into_data().iter::<f32>().collect::<Vec<_>>(),
            values
        );
    }
}
