//! How long runs will take, from runs that are done.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_recipe::{BudgetUnit, CellResult, ENCODER_EPOCH, Precision, Recipe, Timing};

use crate::Job;

/// How fast an encoder trains, by figures of docs/performance.md. Rough, and the first finished run
/// replaces it.
struct Speed {
    /// Seconds that a sample takes however small the network.
    a_sample: f64,
    /// Multiplications with an addition in a second.
    operations: f64,
}

/// One core.
const CORE: Speed = Speed {
    a_sample: 6e-4,
    operations: 2e10,
};
/// An H100 with TF32 or bf16.
const GPU: Speed = Speed {
    a_sample: 1e-4,
    operations: 2.5e13,
};
/// The same in float32: PyTorch took 4.4 times as long there.
const GPU_IN_F32: Speed = Speed {
    a_sample: 1e-4,
    operations: 6e12,
};

impl Speed {
    fn for_recipe(recipe: &Recipe, on_gpus: bool) -> &'static Self {
        match (on_gpus, recipe.precision) {
            (false, _) => &CORE,
            (true, Precision::F32) => &GPU_IN_F32,
            (true, Precision::Tf32 | Precision::Bf16) => &GPU,
        }
    }
}

/// An estimated duration.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// How long, in seconds.
    pub seconds: f64,
    /// Not from a finished run.
    pub rough: bool,
}

/// A finished run of the same method on the same data set.
struct FinishedRun {
    recipe: Recipe,
    seconds_per_epoch: f64,
}

/// Estimates of runs, from runs that are done; the runs of a method on a data set are read once.
pub struct Estimates<'a> {
    runs: &'a Path,
    on_gpus: bool,
    finished: BTreeMap<PathBuf, Vec<FinishedRun>>,
}

impl<'a> Estimates<'a> {
    /// `runs` is the folder of all runs.
    pub fn new(runs: &'a Path, on_gpus: bool) -> Self {
        Self {
            runs,
            on_gpus,
            finished: BTreeMap::new(),
        }
    }

    /// How long a job will take on its own, on a core or a GPU.
    pub fn of(&mut self, job: &Job) -> Estimate {
        let recipe = &job.cell.recipe;
        if recipe.budget.unit == BudgetUnit::Seconds {
            return Estimate {
                seconds: recipe.budget.amount,
                rough: false,
            };
        }
        let folder = self.runs.join(&recipe.dataset).join(recipe.method.name());
        let finished_runs = self
            .finished
            .entry(folder)
            .or_insert_with_key(|folder| finished_runs(folder));
        // Skipping changes what an epoch costs; if no run skipped alike, any will do.
        let alike = finished_runs
            .iter()
            .filter(|run| run.recipe.skip == recipe.skip);
        let seconds = mean(alike).or_else(|| mean(finished_runs.iter()));
        match seconds {
            Some(per_epoch) => Estimate {
                seconds: per_epoch * job.cost.epochs as f64,
                rough: false,
            },
            None => Estimate {
                seconds: rough(job, self.on_gpus),
                rough: true,
            },
        }
    }
}

fn rough(job: &Job, on_gpus: bool) -> f64 {
    let recipe = &job.cell.recipe;
    let speed = Speed::for_recipe(recipe, on_gpus);
    let mut encoders = 0.0;
    for &modality in &recipe.modalities {
        let operations = recipe.forward_operations(modality) + recipe.backward_operations(modality);
        encoders +=
            recipe.trained_share(modality) * (speed.a_sample + operations / speed.operations);
    }
    // What the method does beside training each of its encoders once.
    let all = ENCODER_EPOCH as f64 * recipe.modalities.len() as f64;
    encoders * job.cost.samples.max(1) as f64 * job.cost.per_epoch as f64 / all
        * job.cost.epochs as f64
}

fn mean<'a>(finished_runs: impl Iterator<Item = &'a FinishedRun>) -> Option<f64> {
    let seconds: Vec<f64> = finished_runs.map(|p| p.seconds_per_epoch).collect();
    (!seconds.is_empty()).then(|| seconds.iter().sum::<f64>() / seconds.len() as f64)
}

/// Those that can be read: this is only an estimate.
fn finished_runs(folder: &Path) -> Vec<FinishedRun> {
    let folders = std::fs::read_dir(folder).into_iter().flatten().flatten();
    folders
        .filter_map(|entry| finished_run(&entry.path()))
        .collect()
}

fn finished_run(run: &Path) -> Option<FinishedRun> {
    let result: CellResult = read(&run.join("result.json"))?;
    let timing: Timing = read(&run.join("timing.json"))?;
    let epochs = result.epochs.max(1) as f64;
    (timing.seconds > 0.0).then(|| FinishedRun {
        recipe: result.recipe,
        seconds_per_epoch: timing.seconds / epochs,
    })
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

/// A duration as text: `45 s`, `12 min`, `3 h 05 min`.
pub fn duration_text(seconds: f64) -> String {
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
        assert_eq!(duration_text(7.4), "7 s");
        assert_eq!(duration_text(150.0), "3 min");
        assert_eq!(duration_text(7500.0), "2 h 05 min");
    }

    /// Figures of docs/performance.md: an epoch of Naïve at the paper's width, and one of the
    /// embedded data.
    #[test]
    fn a_first_guess_is_near_what_was_measured() {
        let shape = [
            "audio.width=64",
            "visual.width=64",
            "audio.target_frames=1024",
            "audio.mels=128",
        ];
        let colours = [
            "visual.channels=3",
            "visual.mean=[0.5,0.5,0.5]",
            "visual.std=[0.5,0.5,0.5]",
        ];
        let more = ["visual.size=[224,224]", "visual.frames=3", "epochs=1"];
        let paper = |id: &str, precision: &str| {
            let set = [&shape[..], &colours[..], &more[..], &[precision]].concat();
            crate::cost::tests::job("table1", id, &set, 1024)
        };
        let near =
            |seconds: f64, measured: f64| (0.5 * measured..2.0 * measured).contains(&seconds);
        for (id, precision, measured) in [
            ("naive", "precision=tf32", 1.41),
            ("amst-alt", "precision=tf32", 0.95),
            ("amst-alt", "precision=f32", 4.3),
        ] {
            let seconds = rough(&paper(id, precision), true);
            assert!(near(seconds, measured), "{id}, {precision}: {seconds}");
        }
        // Sixteen samples took two cores 11.8 s.
        let seconds = rough(&paper("naive", "precision=f32"), false) / 64.0;
        assert!(near(seconds, 2.0 * 11.8), "{seconds}");
        let digits = crate::cost::tests::job("table1", "naive", &[], 835);
        assert!(
            near(rough(&digits, false), 45.0),
            "{}",
            rough(&digits, false)
        );
    }
}
