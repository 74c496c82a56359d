//! Which differences between the rows of a table are more than noise.
//!
//! Every pair of rows on every measured data set, from the predictions beside the results:
//! McNemar's exact test a seed, one p over the seeds, Holm's correction over all pairs, and a
//! bootstrap interval of the difference. docs/significance.md says how to read it.

mod bootstrap;
mod holm;
mod listing;
mod matrix;
mod mcnemar;
mod pairs;
mod predictions;
mod sentences;

use serde::Serialize;

pub use self::bootstrap::{BOOTSTRAP_SEED, REPLICATES};
pub use self::listing::Pairs;
pub(crate) use self::matrix::{list, matrix, points_interval, remarks};
pub use self::pairs::compare;
pub(crate) use self::sentences::sentences;

/// Corrected p from which on a difference is not called more than noise.
pub const SIGNIFICANT: f64 = 0.05;

/// All pairs of rows on one data set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    /// Name of the data set.
    pub dataset: String,
    /// Ids of the rows that apply to it, in the table's order.
    pub systems: Vec<String>,
    /// The seeds that every compared row has.
    pub seeds: Vec<u64>,
    /// Coverage of the intervals: [`LEVEL`](crate::LEVEL).
    pub level: f64,
    /// [`REPLICATES`].
    pub replicates: usize,
    /// [`BOOTSTRAP_SEED`].
    pub bootstrap_seed: u64,
    /// Every row against every earlier one.
    pub pairs: Vec<Pair>,
    /// The smallest difference, in 0..1, that was called more than noise.
    pub smallest_beyond_noise: Option<f64>,
    /// Median over the pairs of half the bootstrap interval's width, in 0..1.
    pub median_half_width: Option<f64>,
    /// The runs whose predictions could not be used.
    pub unused: Vec<Unused>,
}

/// One row against another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// Id of the row that the other is taken from.
    pub system: String,
    /// Id of the other, which stands above it in the table.
    pub against: String,
    /// What came out.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What came out of a pair.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// Both have predictions of the same samples.
    Compared(Difference),
    /// Both rows are the same runs under two names, which needs no test.
    SameRuns,
    /// There is no telling.
    NotCompared {
        /// Why.
        why: String,
    },
}

/// How one row differs from another.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Fused accuracy of the one minus that of the other, mean over seeds, in −1..1.
    pub difference: f64,
    /// Its paired bootstrap interval over seeds and samples.
    pub interval: [f64; 2],
    /// McNemar's test of each seed.
    pub by_seed: Vec<SeedTest>,
    /// One p over the seeds, by Rüger's rule.
    pub p: f64,
    /// The same, corrected for all compared pairs of the data set by Holm's method.
    pub p_holm: f64,
    /// Whether the interval excludes 0 and the corrected p is below [`SIGNIFICANT`].
    pub more_than_noise: bool,
}

/// McNemar's exact test between two runs of one seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SeedTest {
    /// The seed.
    pub seed: u64,
    /// Samples that only the row itself gets right.
    pub only_system: u64,
    /// Samples that only the other gets right.
    pub only_against: u64,
    /// Two-sided exact p.
    pub p: f64,
}

/// Runs of a row whose predictions could not be used.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unused {
    /// Id of the row.
    pub experiment: String,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// Why.
    pub why: String,
}

impl Comparison {
    /// Whether there is anything to say beyond that runs have no result, which the table itself
    /// says.
    pub(crate) fn says_more(&self) -> bool {
        let no_result = predictions::Unpaired::NoResult.to_string();
        self.compared().next().is_some() || self.unused.iter().any(|u| u.why != no_result)
    }

    /// The pairs that were compared, with what came out.
    pub fn compared(&self) -> impl Iterator<Item = (&Pair, &Difference)> {
        self.pairs.iter().filter_map(|pair| match &pair.outcome {
            Outcome::Compared(difference) => Some((pair, difference)),
            _ => None,
        })
    }
}
