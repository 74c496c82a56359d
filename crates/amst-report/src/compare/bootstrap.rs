//! What other seeds and other samples of the same kind might have shown.

use crate::interval::LEVEL;

/// How often seeds and samples are drawn anew.
pub const REPLICATES: usize = 10_000;

/// State from which the draws start; the same for every table, so that a table repeats to the
/// digit.
pub const BOOTSTRAP_SEED: u64 = 0;

/// Whether each test sample was classified rightly, a list a seed.
pub(crate) type Right = Vec<Vec<bool>>;

/// How many right answers each system gives in each replicate, `[system][replicate]`. A
/// replicate draws seeds and samples with replacement, as many as there are; all systems see
/// the same draws, so that what is hard for both takes nothing from the certainty of their
/// difference. All systems must have the same seeds and samples. `set_of_seed` numbers the sets of
/// test samples from 0: seeds that are tested on the same samples share what is drawn of them.
pub(crate) fn right_answers(systems: &[&Right], set_of_seed: &[usize]) -> Vec<Vec<u32>> {
    let seeds = systems.first().map_or(0, |s| s.len());
    let sets = set_of_seed.iter().max().map_or(0, |last| last + 1);
    let mut samples_of_set = vec![0; sets];
    for (seed, set) in systems
        .first()
        .into_iter()
        .flat_map(|s| s.iter().zip(set_of_seed))
    {
        samples_of_set[*set] = seed.len();
    }
    let masks: Vec<Vec<Vec<u16>>> = systems
        .iter()
        .map(|s| s.iter().map(|seed| mask(seed)).collect())
        .collect();
    let mut counts = vec![Vec::with_capacity(REPLICATES); systems.len()];
    let mut draws = Draws(BOOTSTRAP_SEED);
    for _ in 0..REPLICATES {
        let of_seed = draws.times_drawn(seeds);
        let mut of_sample = Vec::with_capacity(sets);
        for samples in &samples_of_set {
            of_sample.push(draws.times_drawn(*samples));
        }
        for (system, counts) in masks.iter().zip(&mut counts) {
            let mut right = 0;
            for ((seed, times), set) in system.iter().zip(&of_seed).zip(set_of_seed) {
                if *times > 0 {
                    right += u32::from(*times) * weighed(seed, &of_sample[*set]);
                }
            }
            counts.push(right);
        }
    }
    counts
}

/// The 95 % percentile interval of the difference of two systems' accuracies, `answers` being the
/// number of answers (seeds × samples) in a replicate; between two replicates interpolated
/// linearly.
pub(crate) fn interval(first: &[u32], second: &[u32], answers: usize) -> [f64; 2] {
    let mut differences: Vec<i64> = first
        .iter()
        .zip(second)
        .map(|(a, b)| i64::from(*a) - i64::from(*b))
        .collect();
    differences.sort_unstable();
    let tail = (1.0 - LEVEL) / 2.0;
    [tail, 1.0 - tail].map(|share| percentile(&differences, share) / answers as f64)
}

fn percentile(sorted: &[i64], share: f64) -> f64 {
    let place = share * (sorted.len() - 1) as f64;
    let (below, above) = (
        sorted[place.floor() as usize] as f64,
        sorted[place.ceil() as usize] as f64,
    );
    below + (above - below) * place.fract()
}

/// All bits where the answer is right, so that summing needs no branch.
fn mask(right: &[bool]) -> Vec<u16> {
    right
        .iter()
        .map(|r| if *r { u16::MAX } else { 0 })
        .collect()
}

fn weighed(right: &[u16], times: &[u16]) -> u32 {
    right
        .iter()
        .zip(times)
        .map(|(right, times)| u32::from(right & times))
        .sum()
}

/// Steele, Lea and Flood's SplitMix64.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// How often each of `count` things is drawn in `count` draws with replacement.
    fn times_drawn(&mut self, count: usize) -> Vec<u16> {
        let mut times = vec![0; count];
        for _ in 0..count {
            // The upper half of the product is uniform in 0..count, but for 2⁻⁶⁴·count.
            times[((u128::from(self.next()) * count as u128) >> 64) as usize] += 1;
        }
        times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oracle::oracle;

    fn systems() -> Vec<Right> {
        let answers =
            |seed: &serde_json::Value| seed.as_str().unwrap().chars().map(|c| c == '1').collect();
        let system =
            |system: &serde_json::Value| system.as_array().unwrap().iter().map(answers).collect();
        oracle()["bootstrap"]["right"]
            .as_array()
            .unwrap()
            .iter()
            .map(system)
            .collect()
    }

    fn numbers(value: &serde_json::Value) -> [f64; 2] {
        [0, 1].map(|i| value[i].as_f64().unwrap())
    }

    #[test]
    fn intervals_are_those_of_the_same_draws_in_numpy_and_near_those_of_its_own() {
        let systems = systems();
        let (seeds, samples) = (systems[0].len(), systems[0][0].len());
        let counts = right_answers(&systems.iter().collect::<Vec<_>>(), &vec![0; seeds]);
        let pairs = oracle()["bootstrap"]["pairs"].as_array().unwrap().clone();
        assert_eq!(pairs.len(), 6);
        for pair in &pairs {
            let [first, second] =
                ["first", "second"].map(|k| &counts[pair[k].as_u64().unwrap() as usize]);
            let found = interval(first, second, seeds * samples);
            let (same, own) = (numbers(&pair["splitmix"]), numbers(&pair["numpy"]));
            for i in 0..2 {
                assert!((found[i] - same[i]).abs() < 1e-12, "{pair}: {found:?}");
                // 10,000 replicates place an end to about one answer in 180.
                assert!(
                    (found[i] - own[i]).abs() < 1.5 / (seeds * samples) as f64,
                    "{pair}: {found:?}"
                );
            }
        }
    }

    /// Seeds of two folds, of two and three samples.
    #[test]
    fn seeds_with_samples_of_their_own_have_draws_of_their_own() {
        let right = vec![vec![true; 2], vec![true; 3]];
        let first_sample = vec![vec![true, false], vec![true, false, false]];
        let counts = right_answers(&[&right, &first_sample], &[0, 1]);
        for total in [4, 5, 6] {
            assert!(counts[0].contains(&total), "{total}");
        }
        assert!(counts[0].iter().all(|count| (4..=6).contains(count)));
        // One seed of each fold, and the first sample drawn once in the one, never in the other.
        assert!(counts[1].contains(&1));
    }

    #[test]
    fn one_seed_and_one_sample_leave_nothing_to_draw() {
        let (right, wrong) = (vec![vec![true]], vec![vec![false]]);
        let counts = right_answers(&[&right, &wrong], &[0]);
        assert!(counts[0].iter().all(|c| *c == 1) && counts[1].iter().all(|c| *c == 0));
        assert_eq!(interval(&counts[0], &counts[1], 1), [1.0, 1.0]);
        assert!(right_answers(&[], &[]).is_empty());
    }

    #[test]
    fn a_percentile_lies_between_its_neighbours() {
        assert_eq!(percentile(&[0, 10, 20, 30], 0.5), 15.0);
        assert!((percentile(&[0, 10, 20, 30], 0.025) - 0.75).abs() < 1e-12);
        assert_eq!(percentile(&[7], 0.975), 7.0);
    }
}
