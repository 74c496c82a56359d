//! From rounds to a table: medians and their spread.

use std::collections::BTreeMap;

use amst_recipe::{Modality, Precision};
use amst_train::{EpochKind, Timed};
use serde::Serialize;

use super::args::Args;
use super::measure::Measured;
use super::systems::{Setup, System};

/// Version of the layout of `--json`.
const TIMES_SCHEMA: u32 = 1;

/// A median, and the range that it is the median of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

/// Table 3 on one data set.
#[derive(Clone, Debug, Serialize)]
pub struct Times {
    schema: u32,
    pub dataset: String,
    pub title: String,
    /// Whether contents were drawn.
    pub shapes: bool,
    /// Samples of training and validation.
    pub samples: [usize; 2],
    pub batch_size: usize,
    pub device: String,
    pub precision: Precision,
    pub threads: usize,
    /// Rounds that were measured, after a warm-up that is not among them.
    pub rounds: usize,
    /// Epochs that an epoch is the average of.
    pub epochs: usize,
    pub settings: Vec<String>,
    pub systems: Vec<SystemTimes>,
    /// Rows that do not apply, and why.
    pub left_out: BTreeMap<String, String>,
}

/// A row.
#[derive(Clone, Debug, Serialize)]
pub struct SystemTimes {
    pub id: String,
    /// `fast` or `official`, where it skips.
    pub execution: Option<&'static str>,
    /// Seconds an epoch, averaged over the schedule's epochs.
    pub epoch: Spread,
    /// Of the epochs in which every modality trains.
    pub active: Option<Spread>,
    /// Of the others.
    pub skipped: Option<Spread>,
    /// Seconds an epoch by phase, and `other`.
    pub phases: BTreeMap<String, f64>,
    /// Seconds an epoch of the round that the phases are from, where that waited for each of them.
    pub profiled_epoch: Option<f64>,
    /// Times the first system's, round by round.
    pub ratio: Option<Spread>,
    /// The same by operations, recalibration and evaluation left out.
    pub limit: Option<f64>,
    /// The same in the paper.
    pub published: Option<f64>,
    /// Largest resident memory in MiB.
    pub peak_mib: Option<f64>,
    pub kinds: Vec<KindTimes>,
}

/// Epochs that cost the same.
#[derive(Clone, Debug, Serialize)]
pub struct KindTimes {
    pub active: Vec<Modality>,
    pub loaded: Vec<Modality>,
    /// How many of the schedule's epochs are of the kind.
    pub epochs: usize,
    /// By round.
    pub seconds: Vec<f64>,
    /// Operations of a sample, forward and backward.
    pub operations: f64,
}

impl Times {
    pub fn new(setup: &Setup, args: &Args, measured: &[Measured]) -> Self {
        let first = &setup.systems[0];
        let recipe = &first.cell.recipe;
        let base = first.id == setup.reference;
        let systems = setup.systems.iter().zip(measured).map(|(system, own)| {
            let against = base.then(|| (first, &measured[0]));
            SystemTimes::new(system, own, against)
        });
        let mut settings = args.assignments.clone();
        settings.extend(
            args.samples
                .map(|n| format!("samples={n}, skip.recalibrate={}", recipe.skip.recalibrate)),
        );
        Self {
            schema: TIMES_SCHEMA,
            dataset: setup.dataset.spec.name.clone(),
            title: setup.dataset.spec.title.clone(),
            shapes: setup.drawn,
            samples: measured[0].samples,
            batch_size: recipe.batch_size,
            device: args.device.clone(),
            precision: recipe.precision,
            threads: rayon::current_num_threads(),
            rounds: measured[0].rounds.len(),
            epochs: recipe.epochs,
            settings,
            systems: systems.collect(),
            left_out: setup.left_out.iter().cloned().collect(),
        }
    }
}

impl SystemTimes {
    fn new(system: &System, own: &Measured, against: Option<(&System, &Measured)>) -> Self {
        let modalities = &system.cell.recipe.modalities;
        let published = against.and_then(|(base, _)| Some(system.published? / base.published?));
        Self {
            id: system.id.clone(),
            execution: system.execution(),
            epoch: spread(&seconds(own, |_| true)).expect("at least one round"),
            active: spread(&seconds(own, |kind| kind.active == *modalities)),
            skipped: spread(&seconds(own, |kind| kind.active != *modalities)),
            phases: phases(own),
            profiled_epoch: own
                .profiled
                .as_ref()
                .and_then(|round| average(&own.kinds, round, |_| true)),
            ratio: against.and_then(|(_, base)| {
                let pairs = seconds(own, |_| true)
                    .into_iter()
                    .zip(seconds(base, |_| true));
                spread(&pairs.map(|(own, base)| own / base).collect::<Vec<_>>())
            }),
            limit: against.map(|(_, base)| operations(own) / operations(base)),
            published,
            peak_mib: own
                .rounds
                .iter()
                .filter_map(|round| round.peak_mib)
                .reduce(f64::max),
            kinds: (0..own.kinds.len())
                .map(|index| KindTimes::new(own, index))
                .collect(),
        }
    }
}

impl KindTimes {
    fn new(own: &Measured, index: usize) -> Self {
        let EpochKind {
            active,
            loaded,
            count,
            ..
        } = own.kinds[index].clone();
        let seconds = own
            .rounds
            .iter()
            .map(|round| round.epochs[index].seconds)
            .collect();
        Self {
            active,
            loaded,
            epochs: count,
            seconds,
            operations: own.operations[index],
        }
    }
}

/// Seconds an epoch of some kinds in each round, each kind as often as the schedule has it.
fn seconds(own: &Measured, counts: impl Fn(&EpochKind) -> bool) -> Vec<f64> {
    own.rounds
        .iter()
        .filter_map(|round| average(&own.kinds, round, &counts))
        .collect()
}

fn average(kinds: &[EpochKind], round: &Timed, counts: impl Fn(&EpochKind) -> bool) -> Option<f64> {
    weighted(
        kinds
            .iter()
            .zip(&round.epochs)
            .filter(|(kind, _)| counts(kind))
            .map(|(k, e)| (k.count, e.seconds)),
    )
}

fn operations(own: &Measured) -> f64 {
    weighted(
        own.kinds
            .iter()
            .zip(&own.operations)
            .map(|(kind, n)| (kind.count, *n)),
    )
    .unwrap_or(f64::NAN)
}

/// The mean of values that stand for so many.
fn weighted(values: impl Iterator<Item = (usize, f64)>) -> Option<f64> {
    let (count, sum) = values.fold((0, 0.0), |(n, sum), (count, value)| {
        (n + count, sum + count as f64 * value)
    });
    (count > 0).then(|| sum / count as f64)
}

/// Seconds an epoch by phase, the median of the rounds, or those of the round that waited for each.
fn phases(own: &Measured) -> BTreeMap<String, f64> {
    let rounds: Vec<&Timed> = own
        .profiled
        .as_ref()
        .map_or(own.rounds.iter().collect(), |profiled| vec![profiled]);
    let names = rounds
        .iter()
        .flat_map(|round| round.epochs.iter().flat_map(|epoch| epoch.phases.keys()));
    let mut all: BTreeMap<String, f64> = names.map(|name| (name.clone(), 0.0)).collect();
    for (name, value) in &mut all {
        let mut averages = Vec::new();
        for round in &rounds {
            let kinds = own.kinds.iter().zip(&round.epochs);
            averages.extend(weighted(kinds.map(|(kind, epoch)| {
                (kind.count, epoch.phases.get(name).copied().unwrap_or(0.0))
            })));
        }
        *value = spread(&averages).map_or(0.0, |s| s.median);
    }
    all
}

/// `None` if there are no values.
fn spread(values: &[f64]) -> Option<Spread> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (least, most) = (*sorted.first()?, *sorted.last()?);
    let (low, high) = (sorted[(sorted.len() - 1) / 2], sorted[sorted.len() / 2]);
    Some(Spread {
        median: (low + high) / 2.0,
        least,
        most,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use amst_train::TimedEpoch;

    fn measured(rounds: &[[f64; 2]]) -> Measured {
        let kind = |active: &[Modality], first, count| EpochKind {
            active: active.to_vec(),
            loaded: active.to_vec(),
            first,
            count,
        };
        let both = [Modality::Audio, Modality::Visual];
        let round = |seconds: &[f64; 2]| Timed {
            epochs: (0..2)
                .map(|epoch| TimedEpoch {
                    epoch,
                    seconds: seconds[epoch],
                    phases: [("forward".to_string(), seconds[epoch] / 2.0)].into(),
                })
                .collect(),
            peak_mib: None,
        };
        Measured {
            kinds: vec![kind(&both, 0, 20), kind(&both[1..], 1, 80)],
            operations: vec![30.0, 16.0],
            samples: [8, 4],
            rounds: rounds.iter().map(round).collect(),
            profiled: None,
        }
    }

    #[test]
    fn an_epoch_is_the_average_over_the_schedule() {
        let own = measured(&[[10.0, 5.0], [20.0, 5.0]]);
        assert_eq!(seconds(&own, |_| true), [6.0, 8.0]);
        assert_eq!(seconds(&own, |kind| kind.active.len() == 1), [5.0, 5.0]);
        assert_eq!(phases(&own)["forward"], 3.5);
        assert_eq!(operations(&own), 18.8);
    }

    #[test]
    fn a_median_of_an_even_number_lies_between_the_two() {
        assert_eq!(
            spread(&[4.0, 1.0, 2.0, 3.0]),
            Some(Spread {
                median: 2.5,
                least: 1.0,
                most: 4.0
            })
        );
        assert_eq!(spread(&[4.0, 1.0, 2.0]).unwrap().median, 2.0);
        assert_eq!(spread(&[]), None);
    }
}
