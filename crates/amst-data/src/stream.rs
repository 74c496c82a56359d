//! Randomness without history.

/// What random numbers are drawn for. Streams of different purposes share nothing.
///
/// The numbers are part of every result: never give one a new meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u64)]
pub enum Purpose {
    /// The order of the training samples.
    Order = 1,
    /// Random crops and flips.
    Augment = 2,
    /// The samples of the synthetic data set.
    Synthetic = 3,
    /// The initial weights of a model.
    Init = 4,
    /// Noise that a method adds to gradients.
    Noise = 5,
    /// The order of training samples that a method looks at before an epoch.
    Sample = 6,
    /// The initial weights of linear probes.
    Probes = 7,
    /// Damage that is done to inputs on purpose.
    Damage = 8,
    /// What dropout drops.
    Dropout = 9,
}

/// A generator that is a pure function of `(seed, purpose, epoch, index)`.
///
/// What is drawn depends neither on earlier draws nor on the number of threads, so a run that is
/// interrupted and resumed, or read by other threads, gets the same numbers. A stream is made where
/// it is needed and dropped after use; none outlives an epoch.
///
/// The four words are folded one after the other through a 64-bit finaliser (two
/// multiplications and three shifts, each invertible, so no two values of the last word
/// collide); the result is where a SplitMix64 sequence starts. Not for secrets.
///
/// ```
/// use amst_data::{Purpose, Stream};
///
/// let mut one = Stream::new(0, Purpose::Augment, 3, 17);
/// let mut again = Stream::new(0, Purpose::Augment, 3, 17);
/// assert_eq!(one.next_u64(), again.next_u64());
/// assert!((0.0..1.0).contains(&one.unit()));
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    state: u64,
}

/// 2⁶⁴ divided by the golden ratio, made odd: the step of the sequence.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// Spreads every input bit over all output bits.
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of these four words.
    pub fn new(seed: u64, purpose: Purpose, epoch: u64, index: u64) -> Self {
        let fold = |state: u64, word: u64| mix(mix(state.wrapping_add(STEP)) ^ word);
        Self {
            state: [seed, purpose as u64, epoch, index]
                .into_iter()
                .fold(0, fold),
        }
    }

    /// A stream of its own for part `number` of what this one is for, such as one frame of
    /// a sample. It does not depend on how much was drawn from any other part.
    pub fn part(&self, number: u64) -> Self {
        Self {
            state: mix(mix(self.state ^ STEP) ^ number),
        }
    }

    /// 64 random bits.
    pub fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        mix(self.state)
    }

    /// A number in `[0, 1)`, a multiple of 2⁻⁵³.
    pub fn unit(&mut self) -> f64 {
        (self.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number in `0..n`, each equally likely; 0 where `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        if n == 0 {
            return 0;
        }
        // The high half of a 128-bit product is uniform once the low halves that some
        // results would get too often are drawn again.
        let surplus = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= surplus {
                return (product >> 64) as u64;
            }
        }
    }

    /// A normal number of mean 0 and standard deviation 1 (Box and Muller's cosine half).
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Many of them in single precision, a pair from each draw: its halves are the radius and
    /// the angle.
    pub fn normals(&mut self, count: usize) -> Vec<f32> {
        let mut values = Vec::with_capacity(count + 1);
        while values.len() < count {
            let bits = self.next_u64();
            let share = |half: u64| (half as f64 + 1.0) * (1.0 / (1u64 << 32) as f64);
            let radius = (-2.0 * (share(bits >> 32) as f32).ln()).sqrt();
            let (sine, cosine) =
                (std::f32::consts::TAU * share(bits & 0xffff_ffff) as f32).sin_cos();
            values.extend([radius * cosine, radius * sine]);
        }
        values.truncate(count);
        values
    }

    /// A nearly normal number of mean 0 and standard deviation 1: the sum of four uniform
    /// ones out of a single draw. It needs no logarithm, so it is quick and the same to the
    /// last bit on every machine; it never exceeds 2√3.
    pub fn bell(&mut self) -> f32 {
        let bits = self.next_u64();
        let sum: u32 = (0..4).map(|k| (bits >> (16 * k)) as u32 & 0xffff).sum();
        // Each piece has mean 32767.5 and variance (2³² - 1)/12; four add up.
        (sum as f32 - 131_070.0) / 37_837.227
    }

    /// The numbers `0..n` in random order, every order equally likely.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last, self.below(last as u64 + 1) as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn many(count: u64, draw: impl Fn(u64) -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..count).map(draw).collect();
        let mean = values.iter().sum::<f64>() / count as f64;
        (
            mean,
            values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count as f64,
        )
    }

    #[test]
    fn many_normal_numbers_have_mean_0_variance_1_and_the_tails_of_a_bell() {
        let values = Stream::new(3, Purpose::Noise, 0, 0).normals(40_001);
        assert_eq!(values.len(), 40_001);
        let (mean, variance) = many(40_001, |i| values[i as usize] as f64);
        assert!(
            mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
            "{mean} {variance}"
        );
        // Beyond two deviations lie 4.55 %, give or take 0.1 %: neighbours are independent too.
        let beyond = values.iter().filter(|v| v.abs() > 2.0).count() as f64 / 40_001.0;
        assert!((beyond - 0.0455).abs() < 0.004, "{beyond}");
        let product: f64 = values.windows(2).map(|w| (w[0] * w[1]) as f64).sum::<f64>() / 40_000.0;
        assert!(product.abs() < 0.02, "{product}");
    }

    #[test]
    fn every_word_of_the_address_changes_the_stream() {
        let first = |s, p, e, i| Stream::new(s, p, e, i).next_u64();
        let all = [
            first(0, Purpose::Order, 0, 0),
            first(1, Purpose::Order, 0, 0),
            first(0, Purpose::Augment, 0, 0),
            first(0, Purpose::Order, 1, 0),
            first(0, Purpose::Order, 0, 1),
            Stream::new(0, Purpose::Order, 0, 0).part(0).next_u64(),
            Stream::new(0, Purpose::Order, 0, 0).part(1).next_u64(),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
    }

    #[test]
    fn the_numbers_are_the_ones_that_results_were_made_with() {
        let mut stream = Stream::new(7, Purpose::Augment, 2, 5);
        // Computed apart from this code, from the description above.
        assert_eq!(
            [stream.next_u64(), stream.next_u64()],
            [5521013627852732555, 8981133995452579524]
        );
    }

    #[test]
    fn first_draws_of_neighbouring_indices_are_uniform() {
        // The weak spot of a counter-based generator: one draw from each of many streams.
        let (mean, variance) = many(20_000, |i| Stream::new(0, Purpose::Augment, 0, i).unit());
        assert!((mean - 0.5).abs() < 0.01, "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 0.003, "{variance}");
        let mut counts = [0u32; 64];
        for i in 0..64_000 {
            counts[(Stream::new(3, Purpose::Order, i, 0).next_u64() >> 58) as usize] += 1;
        }
        let chi2: f64 = counts
            .iter()
            .map(|&c| (f64::from(c) - 1000.0).powi(2) / 1000.0)
            .sum();
        assert!(
            (30.0..110.0).contains(&chi2),
            "63 degrees of freedom give about 63 ± 11, not {chi2}"
        );
    }

    #[test]
    fn neighbouring_streams_are_not_correlated() {
        let pair = |i| {
            (
                Stream::new(0, Purpose::Augment, 0, i).unit(),
                Stream::new(0, Purpose::Augment, 0, i + 1).unit(),
            )
        };
        let (covariance, _) = many(20_000, |i| (pair(i).0 - 0.5) * (pair(i).1 - 0.5));
        assert!(covariance.abs() < 0.003, "{covariance}");
    }

    #[test]
    fn whole_numbers_below_a_bound_are_equally_likely() {
        let mut stream = Stream::new(1, Purpose::Order, 0, 0);
        let mut counts = [0u32; 6];
        (0..60_000).for_each(|_| counts[stream.below(6) as usize] += 1);
        assert!(
            counts.iter().all(|c| (9_600..10_400).contains(c)),
            "{counts:?}"
        );
        assert_eq!((stream.below(1), stream.below(0)), (0, 0));
    }

    #[test]
    fn both_bells_have_mean_0_and_variance_1() {
        for draw in [
            |s: &mut Stream| s.normal(),
            |s: &mut Stream| f64::from(s.bell()),
        ] {
            let (mean, variance) = many(40_000, |i| draw(&mut Stream::new(0, Purpose::Init, 0, i)));
            assert!(
                mean.abs() < 0.02 && (variance - 1.0).abs() < 0.03,
                "{mean} {variance}"
            );
        }
    }

    #[test]
    fn every_order_of_three_is_equally_likely() {
        let mut seen = std::collections::BTreeMap::new();
        for epoch in 0..6_000 {
            *seen
                .entry(Stream::new(0, Purpose::Order, epoch, 0).permutation(3))
                .or_insert(0) += 1;
        }
        assert_eq!(seen.len(), 6);
        assert!(seen.values().all(|c| (850..1150).contains(c)), "{seen:?}");
    }
}
