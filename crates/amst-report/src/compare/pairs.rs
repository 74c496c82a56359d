//! Every row of a table against every other.

use amst_recipe::CellId;

use super::bootstrap::{BOOTSTRAP_SEED, REPLICATES, Right, interval, right_answers};
use super::predictions::{self, Unpaired};
use super::{Comparison, Difference, Outcome, Pair, SIGNIFICANT, SeedTest, Unused, holm, mcnemar};
use crate::interval::LEVEL;
use crate::{Entry, Table};

/// A row on one data set.
struct System<'a> {
    id: &'a str,
    cells: Vec<&'a CellId>,
    /// `None` unless every seed has predictions, all of the same samples or each fold of its own.
    answers: Option<Answers>,
}

/// The answers of all seeds of a row.
#[derive(Default)]
struct Answers {
    /// Id and label of the test samples of each seed.
    samples: Vec<Vec<(String, String)>>,
    /// The fold of each seed.
    folds: Vec<usize>,
    right: Right,
    /// Right answers in each replicate of the bootstrap.
    replicates: Vec<u32>,
}

/// Compares all rows on each measured data set where more than one applies. The predictions are
/// read from beside the results of `entries`, which must be those that the table was made of.
pub fn compare(table: &Table, entries: &[Entry]) -> Vec<Comparison> {
    let measured = table.columns.iter().enumerate().filter(|(_, c)| c.measured);
    measured
        .map(|(i, _)| comparison(table, i, entries))
        .filter(|c| !c.pairs.is_empty())
        .collect()
}

fn comparison(table: &Table, column: usize, entries: &[Entry]) -> Comparison {
    let dataset = &table.columns[column].dataset;
    let rows = table
        .rows
        .iter()
        .filter(|r| r.cells[column].not_applicable.is_none());
    let (mut systems, mut unused) = (Vec::new(), Vec::new());
    for row in rows {
        let (system, left) = system(&row.experiment, dataset, &table.seeds, entries);
        systems.push(system);
        unused.extend(left);
    }
    resample(&mut systems);
    let pairs = pairs(&systems, &table.seeds);
    let mut comparison = Comparison {
        dataset: dataset.clone(),
        systems: systems.iter().map(|s| s.id.to_string()).collect(),
        seeds: table.seeds.clone(),
        level: LEVEL,
        replicates: REPLICATES,
        bootstrap_seed: BOOTSTRAP_SEED,
        pairs,
        smallest_beyond_noise: None,
        median_half_width: None,
        unused,
    };
    correct_all(&mut comparison);
    comparison
}

fn system<'a>(
    id: &'a str,
    dataset: &str,
    seeds: &[u64],
    entries: &'a [Entry],
) -> (System<'a>, Vec<Unused>) {
    let mut system = System {
        id,
        cells: Vec::new(),
        answers: None,
    };
    let mut unused: Vec<Unused> = Vec::new();
    let mut answers: Option<Answers> = None;
    for seed in seeds {
        let entry = entries
            .iter()
            .find(|e| e.column == dataset && e.experiment == id && e.seed == *seed)
            .ok_or(Unpaired::NoResult);
        system.cells.extend(entry.as_ref().ok().map(|e| &e.cell.id));
        if let Err(why) = entry.and_then(|e| read(e, &mut answers)) {
            let why = why.to_string();
            match unused.iter_mut().find(|u| u.why == why) {
                Some(alike) => alike.seeds.push(*seed),
                None => unused.push(Unused {
                    experiment: id.into(),
                    seeds: vec![*seed],
                    why,
                }),
            }
        }
    }
    system.answers = answers.filter(|_| unused.is_empty());
    (system, unused)
}

/// Adds one seed's answers to those of the seeds before it.
fn read(entry: &Entry, answers: &mut Option<Answers>) -> Result<(), Unpaired> {
    let result = entry.outcome.as_ref().map_err(|_| Unpaired::NoResult)?;
    let found = predictions::read(&entry.file, result)?;
    let fold = result.recipe.fold;
    let answers = answers.get_or_insert_default();
    // Another fold has other test samples; seeds of one fold must agree.
    let same_fold = answers.folds.iter().position(|known| *known == fold);
    if same_fold.is_some_and(|seed| answers.samples[seed] != found.samples) {
        return Err(Unpaired::OtherSamples);
    }
    answers.samples.push(found.samples);
    answers.folds.push(fold);
    answers.right.push(found.right);
    Ok(())
}

impl Answers {
    /// The set of test samples of each seed, numbered in the order in which they first appear.
    fn set_of_seed(&self) -> Vec<usize> {
        let mut seen: Vec<usize> = Vec::new();
        let mut sets = Vec::new();
        for fold in &self.folds {
            let known = seen.iter().position(|other| other == fold);
            sets.push(known.unwrap_or_else(|| {
                seen.push(*fold);
                seen.len() - 1
            }));
        }
        sets
    }
}

/// Draws the replicates, together for all systems that were tested on the same samples.
fn resample(systems: &mut [System]) {
    let mut left: Vec<&mut Answers> = systems
        .iter_mut()
        .filter_map(|s| s.answers.as_mut())
        .collect();
    while let Some(first) = left.first() {
        let samples = first.samples.clone();
        let (mut group, others): (Vec<_>, Vec<_>) =
            left.into_iter().partition(|a| a.samples == samples);
        let sets = group
            .first()
            .map_or(Vec::new(), |answers| answers.set_of_seed());
        let right: Vec<&Right> = group.iter().map(|answers| &answers.right).collect();
        let drawn = right_answers(&right, &sets);
        for (answers, replicates) in group.iter_mut().zip(drawn) {
            answers.replicates = replicates;
        }
        left = others;
    }
}

fn pairs(systems: &[System], seeds: &[u64]) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (i, system) in systems.iter().enumerate() {
        for against in &systems[..i] {
            let outcome = outcome(system, against, seeds);
            pairs.push(Pair {
                system: system.id.into(),
                against: against.id.into(),
                outcome,
            });
        }
    }
    pairs
}

fn outcome(system: &System, against: &System, seeds: &[u64]) -> Outcome {
    if system.cells.len() == seeds.len() && system.cells == against.cells {
        return Outcome::SameRuns;
    }
    let (a, b) = match (&system.answers, &against.answers) {
        (Some(a), Some(b)) => (a, b),
        (first, _) => {
            let id = if first.is_none() {
                system.id
            } else {
                against.id
            };
            let why = format!("`{id}` has no usable predictions of every seed");
            return Outcome::NotCompared { why };
        }
    };
    if a.samples == b.samples {
        return Outcome::Compared(difference(a, b, seeds));
    }
    let ids = |answers: &Answers| -> Vec<String> {
        let samples = answers.samples.iter().flatten();
        samples.map(|(id, _)| id.clone()).collect()
    };
    let same_ids = ids(a) == ids(b);
    let why = if same_ids {
        "their test samples have other labels"
    } else {
        "they were tested on other samples"
    };
    Outcome::NotCompared { why: why.into() }
}

/// All but the correction over pairs.
fn difference(a: &Answers, b: &Answers, seeds: &[u64]) -> Difference {
    let tests: Vec<SeedTest> = seeds
        .iter()
        .zip(a.right.iter().zip(&b.right))
        .map(|(s, (a, b))| seed_test(*s, a, b))
        .collect();
    let answers = a.right.iter().map(Vec::len).sum();
    let lead: i64 = tests
        .iter()
        .map(|t| t.only_system as i64 - t.only_against as i64)
        .sum();
    let p = mcnemar::over_seeds(&tests.iter().map(|t| t.p).collect::<Vec<_>>());
    Difference {
        difference: lead as f64 / answers as f64,
        interval: interval(&a.replicates, &b.replicates, answers),
        by_seed: tests,
        p,
        p_holm: p,
        more_than_noise: false,
    }
}

fn seed_test(seed: u64, a: &[bool], b: &[bool]) -> SeedTest {
    let (only_system, only_against) = (only_right(a, b), only_right(b, a));
    SeedTest {
        seed,
        only_system,
        only_against,
        p: mcnemar::exact(only_system, only_against),
    }
}

/// Samples that `this` gets right and `other` does not.
fn only_right(this: &[bool], other: &[bool]) -> u64 {
    this.iter().zip(other).filter(|(t, o)| **t && !**o).count() as u64
}

/// Corrects the p of all compared pairs for each other and says what follows.
fn correct_all(comparison: &mut Comparison) {
    let mut compared: Vec<&mut Difference> = Vec::new();
    for pair in &mut comparison.pairs {
        if let Outcome::Compared(difference) = &mut pair.outcome {
            compared.push(difference);
        }
    }
    let corrected = holm::corrected(&compared.iter().map(|d| d.p).collect::<Vec<_>>());
    for (difference, p_holm) in compared.iter_mut().zip(corrected) {
        let [low, high] = difference.interval;
        difference.p_holm = p_holm;
        difference.more_than_noise = (low > 0.0 || high < 0.0) && p_holm < SIGNIFICANT;
    }
    let beyond = compared
        .iter()
        .filter(|d| d.more_than_noise)
        .map(|d| d.difference.abs());
    comparison.smallest_beyond_noise = beyond.min_by(f64::total_cmp);
    comparison.median_half_width = median(
        compared
            .iter()
            .map(|d| (d.interval[1] - d.interval[0]) / 2.0)
            .collect(),
    );
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (below, above) = (
        values.get(values.len().checked_sub(1)? / 2)?,
        values.get(values.len() / 2)?,
    );
    Some((below + above) / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_the_middle_or_between_the_middles() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        assert_eq!(median(vec![]), None);
    }
}
