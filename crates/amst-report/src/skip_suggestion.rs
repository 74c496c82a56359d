//! The paper's rule of thumb for skip parameters (Section 3.2), with its uncertainty.
//!
//! "The skip parameter for each modality should be assigned in proportion to its accuracy rate of
//! change relative to the slowest learning modality", in the initial epochs. The rate of change is
//! the slope of the least-squares line through chance at epoch 0 and the accuracies after the
//! first epochs. Its ratio to the slowest modality's is taken seed by seed; the suggestion is their
//! geometric mean, rounded, and the interval is Student's t over the logarithms.

use std::collections::BTreeMap;

use amst_recipe::Modality;
use serde::{Deserialize, Serialize};

use crate::Aggregate;

/// Standard errors above chance from which on a modality counts as learning.
const STANDARD_ERRORS: f64 = 2.0;

/// Samples where it is not known how many there were.
const UNKNOWN_SAMPLES: usize = 100;

/// Accuracies of one modality alone, by seed and then by epoch from the first, in 0..1.
pub type AccuracyCurves = BTreeMap<Modality, Vec<Vec<f64>>>;

/// What the rule suggests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SkipSuggestion {
    /// The modality that learns slowest, to which the others are compared.
    pub slowest: Modality,
    /// One a modality, in training order.
    pub modalities: BTreeMap<Modality, SuggestedSkip>,
}

/// One modality's part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SuggestedSkip {
    /// Accuracy gained an epoch, by seed, in 0..1.
    pub slopes: Vec<f64>,
    /// Their mean.
    pub slope: f64,
    /// How many times as fast as the slowest modality it learns; `None` without a slope.
    pub ratio: Option<Ratio>,
    /// The skip parameter; `None` without a slope.
    pub skip: Option<u32>,
    /// Why it has no slope, where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_slope: Option<String>,
}

/// A ratio of slopes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ratio {
    /// The geometric mean over seeds.
    pub estimate: f64,
    /// Its 95 % confidence interval over seeds; `None` with a single seed, or where a seed's slope
    /// is not positive.
    pub interval: Option<[f64; 2]>,
}

/// Why nothing can be suggested.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SuggestionError {
    /// There is nothing to compare with.
    #[error(
        "skip parameters compare modalities, and there is {count}: name at least two, for example \
         `--set modalities=audio,visual`"
    )]
    TooFewModalities {
        /// How many.
        count: usize,
    },
    /// A curve without an epoch, or a modality without a run.
    #[error("there is no epoch of {modality} to take a slope of: train at least one")]
    NoEpoch {
        /// Whose.
        modality: Modality,
    },
    /// Seeds that one modality lacks.
    #[error("{modality} has {found} seeds, and others have {wanted}: train the same seeds of each")]
    UnequalSeeds {
        /// Whose.
        modality: Modality,
        /// Its seeds.
        found: usize,
        /// The others'.
        wanted: usize,
    },
    /// No modality learns.
    #[error("no modality learns anything in these epochs: {0}; train for more, `--epochs 10`")]
    NothingLearns(String),
}

/// Suggests skip parameters from the accuracies of modalities that were trained alone.
///
/// `chance` is the accuracy of guessing, `samples` the number of samples on which accuracy was
/// measured, taken for a hundred where it is not known: a modality whose last accuracy is not above chance by more than two standard errors of
/// guessing has no slope, and is not compared.
///
/// # Errors
///
/// Fewer than two modalities, other seeds of one than of another, no epoch, nothing that learns.
pub fn suggest_skips(
    curves: &AccuracyCurves,
    chance: f64,
    samples: Option<usize>,
) -> Result<SkipSuggestion, SuggestionError> {
    if curves.len() < 2 {
        let count = curves.len();
        return Err(SuggestionError::TooFewModalities { count });
    }
    let wanted = curves.values().map(Vec::len).max().unwrap_or(0);
    for (modality, seeds) in curves {
        let modality = *modality;
        if seeds.is_empty() || seeds.iter().any(Vec::is_empty) {
            return Err(SuggestionError::NoEpoch { modality });
        }
        if seeds.len() != wanted {
            return Err(SuggestionError::UnequalSeeds {
                modality,
                found: seeds.len(),
                wanted,
            });
        }
    }
    let mut modalities = BTreeMap::new();
    for (modality, seeds) in curves {
        let slopes: Vec<f64> = seeds.iter().map(|seed| slope(seed, chance)).collect();
        let slope = mean(&slopes);
        let suggested = SuggestedSkip {
            no_slope: why_no_slope(seeds, slope, chance, samples.unwrap_or(UNKNOWN_SAMPLES)),
            slopes,
            slope,
            ratio: None,
            skip: None,
        };
        modalities.insert(*modality, suggested);
    }
    let slowest = modalities
        .iter()
        .filter(|(_, own)| own.no_slope.is_none())
        .min_by(|(_, a), (_, b)| a.slope.total_cmp(&b.slope))
        .map(|(modality, own)| (*modality, own.slopes.clone()));
    let Some((slowest, slowest_slopes)) = slowest else {
        let with_name = |(modality, own): (&Modality, &SuggestedSkip)| {
            let why = own.no_slope.as_ref()?;
            Some(format!("{modality}: {why}"))
        };
        let reasons: Vec<_> = modalities.iter().filter_map(with_name).collect();
        return Err(SuggestionError::NothingLearns(reasons.join("; ")));
    };
    for (modality, own) in &mut modalities {
        if own.no_slope.is_none() {
            let ratio = if *modality == slowest {
                Ratio {
                    estimate: 1.0,
                    interval: None,
                }
            } else {
                ratio_of(&own.slopes, &slowest_slopes)
            };
            own.skip = Some((ratio.estimate.round() as u32).max(1));
            own.ratio = Some(ratio);
        }
    }
    Ok(SkipSuggestion {
        slowest,
        modalities,
    })
}

/// Slope of the least-squares line through chance at epoch 0 and the accuracies after epochs 1, 2,
/// …
fn slope(accuracies: &[f64], chance: f64) -> f64 {
    let points: Vec<f64> = std::iter::once(chance)
        .chain(accuracies.iter().copied())
        .collect();
    let middle = (points.len() - 1) as f64 / 2.0;
    let level = mean(&points);
    let (mut covariance, mut variance) = (0.0, 0.0);
    for (epoch, accuracy) in points.iter().enumerate() {
        let from_middle = epoch as f64 - middle;
        covariance += from_middle * (accuracy - level);
        variance += from_middle * from_middle;
    }
    covariance / variance
}

fn why_no_slope(seeds: &[Vec<f64>], slope: f64, chance: f64, samples: usize) -> Option<String> {
    let last: Vec<f64> = seeds
        .iter()
        .filter_map(|seed| seed.last().copied())
        .collect();
    let last = mean(&last);
    let error = (chance * (1.0 - chance) / samples.max(1) as f64).sqrt();
    let least = chance + STANDARD_ERRORS * error;
    (slope <= 0.0 || last <= least).then(|| {
        format!(
            "its accuracy after the last epoch, {:.1} %, is not above {:.1} %, what guessing gives \
             on {samples} samples",
            100.0 * last,
            100.0 * least
        )
    })
}

/// Of two modalities' slopes, seed by seed.
fn ratio_of(own: &[f64], slowest: &[f64]) -> Ratio {
    let pairs = || own.iter().zip(slowest);
    if pairs().any(|(own, slowest)| *own <= 0.0 || *slowest <= 0.0) {
        return Ratio {
            estimate: mean(own) / mean(slowest),
            interval: None,
        };
    }
    let logs: Vec<f64> = pairs().map(|(own, slowest)| (own / slowest).ln()).collect();
    match Aggregate::of(&logs) {
        Some(Aggregate { mean, interval, .. }) => Ratio {
            estimate: mean.exp(),
            interval: interval.map(|ends| ends.map(f64::exp)),
        },
        None => Ratio {
            estimate: f64::NAN,
            interval: None,
        },
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

#[cfg(test)]
mod tests {
    use Modality::{Audio, Text, Visual};

    use super::*;

    fn curves(of_each: &[(Modality, &[&[f64]])]) -> AccuracyCurves {
        let seeds = |seeds: &[&[f64]]| seeds.iter().map(|seed| seed.to_vec()).collect();
        of_each.iter().map(|(m, own)| (*m, seeds(own))).collect()
    }

    /// Three times as fast, as in the paper's example.
    #[test]
    fn a_straight_line_has_its_slope_and_the_ratio_is_the_skip_parameter() {
        let given = curves(&[
            (Audio, &[&[0.25, 0.4, 0.55], &[0.25, 0.4, 0.55]]),
            (Visual, &[&[0.15, 0.2, 0.25], &[0.15, 0.2, 0.25]]),
        ]);
        let found = suggest_skips(&given, 0.1, Some(300)).unwrap();
        assert_eq!(found.slowest, Visual);
        let audio = &found.modalities[&Audio];
        assert!((audio.slope - 0.15).abs() < 1e-12);
        assert_eq!(audio.skip, Some(3));
        let [low, high] = audio.ratio.unwrap().interval.unwrap();
        assert!((low - 3.0).abs() < 1e-9 && (high - 3.0).abs() < 1e-9);
        assert_eq!(found.modalities[&Visual].skip, Some(1));
    }

    /// scipy.stats.linregress([0, 1, 2, 3], [0.1, 0.5, 0.6, 0.62]).slope = 0.166;
    /// for ratios 2, 3 and 4 the geometric mean is 2.884 and
    /// exp(scipy.stats.t.interval(0.95, 2, mean, sem)) = (1.2144, 6.8512).
    #[test]
    fn slopes_and_intervals_are_those_of_scipy() {
        assert!((slope(&[0.5, 0.6, 0.62], 0.1) - 0.166).abs() < 1e-12);
        let ratio = ratio_of(&[0.2, 0.3, 0.4], &[0.1; 3]);
        assert!((ratio.estimate - 2.8845).abs() < 1e-4);
        let [low, high] = ratio.interval.unwrap();
        assert!((low - 1.2144).abs() < 1e-3, "{low}");
        assert!((high - 6.8512).abs() < 1e-3, "{high}");
    }

    #[test]
    fn a_modality_that_does_not_learn_has_no_slope_and_is_compared_with_nothing() {
        let given = curves(&[
            (Audio, &[&[0.3, 0.5]]),
            (Text, &[&[0.11, 0.12]]),
            (Visual, &[&[0.2, 0.3]]),
        ]);
        let found = suggest_skips(&given, 0.1, Some(300)).unwrap();
        let text = &found.modalities[&Text];
        assert_eq!((text.skip, text.ratio), (None, None));
        let why = text.no_slope.as_deref().unwrap();
        assert!(why.contains("12.0 %") && why.contains("13.5 %"), "{why}");
        assert_eq!(
            (found.slowest, found.modalities[&Audio].skip),
            (Visual, Some(2))
        );
        let nothing = curves(&[(Audio, &[&[0.1]]), (Text, &[&[0.05]])]);
        assert!(matches!(
            suggest_skips(&nothing, 0.1, Some(300)),
            Err(SuggestionError::NothingLearns(_))
        ));
    }

    #[test]
    fn curves_that_cannot_be_compared_are_refused() {
        let one = curves(&[(Audio, &[&[0.3]])]);
        assert_eq!(
            suggest_skips(&one, 0.1, Some(300)),
            Err(SuggestionError::TooFewModalities { count: 1 })
        );
        let unequal = curves(&[(Audio, &[&[0.3], &[0.3]]), (Visual, &[&[0.3]])]);
        assert!(matches!(
            suggest_skips(&unequal, 0.1, Some(300)),
            Err(SuggestionError::UnequalSeeds {
                modality: Visual,
                found: 1,
                wanted: 2
            })
        ));
        let empty = curves(&[(Audio, &[&[0.3]]), (Visual, &[&[]])]);
        assert_eq!(
            suggest_skips(&empty, 0.1, Some(300)),
            Err(SuggestionError::NoEpoch { modality: Visual })
        );
    }

    /// Equally likely numbers in 0..1, always the same ones.
    struct Uniform(u64);

    impl Uniform {
        fn next(&mut self) -> f64 {
            self.0 = self
                .0
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (self.0 >> 11) as f64 / (1u64 << 53) as f64
        }

        /// The share of right answers among 300 of a probability.
        fn accuracy(&mut self, probability: f64) -> f64 {
            let right = (0..300).filter(|_| self.next() < probability).count();
            right as f64 / 300.0
        }
    }

    /// Accuracies grow by 0.12 and 0.04 an epoch from chance on, and are measured on 300 samples.
    #[test]
    fn the_interval_covers_a_known_ratio_of_learning_speeds() {
        let mut covered = 0;
        for seed in 0..20 {
            let mut uniform = Uniform(seed);
            uniform.next();
            let mut measured = |rate: f64| -> Vec<Vec<f64>> {
                let mut curve = || {
                    let epochs = (1..=5).map(|epoch| 0.1 + rate * f64::from(epoch));
                    epochs.map(|accuracy| uniform.accuracy(accuracy)).collect()
                };
                (0..3).map(|_| curve()).collect()
            };
            let given = [(Audio, measured(0.12)), (Visual, measured(0.04))].into();
            let found = suggest_skips(&given, 0.1, Some(300)).unwrap();
            let [low, high] = found.modalities[&Audio].ratio.unwrap().interval.unwrap();
            if (low..high).contains(&3.0) {
                covered += 1;
            }
        }
        assert!(covered >= 18, "{covered} of 20");
    }
}
