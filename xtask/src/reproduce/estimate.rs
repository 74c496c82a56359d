//! How long runs will take, from runs that are done.

use std::path::Path;

use amst_recipe::{BudgetUnit, CellResult, Recipe, Timing};

use super::cost;
use super::request::Job;

/// Seconds that one epoch of one encoder takes for a thousand samples of the embedded data set on
/// one core, as measured in docs/performance.md, half of the runs skipping. Rough: widths and sizes
/// matter more than anything that could be counted here, and the first finished run replaces it.
const ROUGH_SECONDS: f64 = 0.5;

/// An estimated duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    pub seconds: f64,
    /// Not from a finished run.
    pub rough: bool,
}

/// A finished run of the same method on the same data set.
struct Precedent {
    recipe: Recipe,
    seconds_per_epoch: f64,
}

/// How long a job will take on its own.
pub fn of(job: &Job, runs: &Path) -> Estimate {
    let recipe = &job.cell.recipe;
    if recipe.budget.unit == BudgetUnit::Seconds {
        return Estimate { seconds: recipe.budget.amount, rough: false };
    }
    let precedents = precedents(&runs.join(&recipe.dataset).join(recipe.method.name()));
    // Skipping changes what an epoch costs; if no run skipped alike, any will do.
    let alike = |p: &&Precedent| p.recipe.skip == recipe.skip;
    let seconds = mean(precedents.iter().filter(alike)).or_else(|| mean(precedents.iter()));
    match seconds {
        Some(per_epoch) => Estimate { seconds: per_epoch * cost::epochs(job) as f64, rough: false },
        None => Estimate { seconds: rough(job), rough: true },
    }
}

fn rough(job: &Job) -> f64 {
    let samples = job.samples.max(1) as f64 / 1000.0;
    ROUGH_SECONDS * job.cost() as f64 / cost::ENCODER as f64 * samples
}

fn mean<'a>(precedents: impl Iterator<Item = &'a Precedent>) -> Option<f64> {
    let seconds: Vec<f64> = precedents.map(|p| p.seconds_per_epoch).collect();
    (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64)
}

/// Whatever cannot be read is no precedent: this is only an estimate.
fn precedents(folder: &Path) -> Vec<Precedent> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folders.filter_map(|entry| precedent(&entry.path())).collect()
}

fn precedent(run: &Path) -> Option<Precedent> {
    let result: CellResult = read(&run.join("result.json"))?;
    let timing: Timing = read(&run.join("timing.json"))?;
    let epochs = result.epochs.max(1) as f64;
    (timing.seconds > 0.0).then(|| Precedent { recipe: result.recipe, seconds_per_epoch: timing.seconds / epochs })
}

fn read<T: serde::de::DeserializeOwned>(file: &Path) -> Option<T> {
    serde_json::from_str(&std::fs::read_to_string(file).ok()?).ok()
}

/// The time until the last of `seconds` is done, each taken in order by the next free of `jobs`.
pub fn makespan(seconds: &[f64], jobs: usize) -> f64 {
    let mut busy_until = vec![0.0_f64; jobs.max(1)];
    for duration in seconds {
        if let Some(first) = busy_until.iter_mut().min_by(|a, b| a.total_cmp(b)) {
            *first += duration;
        }
    }
    busy_until.into_iter().fold(0.0, f64::max)
}

/// A duration for a person: `45 s`, `12 min`, `3 h 05 min`.
pub fn spoken(seconds: f64) -> String {
    let whole = seconds.round() as u64;
    match whole {
        0..100 => format!("{whole} s"),
        100..5400 => format!("{} min", (seconds / 60.0).round()),
        _ => format!("{} h {:02} min", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_makespan_is_that_of_the_last_job() {
        assert_eq!(makespan(&[4.0, 3.0, 2.0, 1.0], 2), 5.0);
        assert_eq!(makespan(&[4.0, 3.0, 2.0, 1.0], 1), 10.0);
        assert_eq!(makespan(&[4.0], 8), 4.0);
        assert_eq!(makespan(&[], 2), 0.0);
    }

    #[test]
    fn durations_are_said_in_the_unit_that_fits() {
        assert_eq!(spoken(7.4), "7 s");
        assert_eq!(spoken(150.0), "3 min");
        assert_eq!(spoken(7500.0), "2 h 05 min");
    }
}
