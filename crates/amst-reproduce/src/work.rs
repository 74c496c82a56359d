//! `work`: a worker that takes missing runs of a plan until none is left.
//!
//! Any number of workers, on any machines that share the folder, can have the same plan: a run that
//! another process trains is left to it, and looked at again at the end.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use amst_recipe::{Cell, CellId, Recipe, ShownSplit};

use crate::estimate::duration_text;
use crate::run_jobs::run_jobs_with;
use crate::trials::print_failures;
use crate::{
    Caller, Claim, Claims, Cost, Finished, Folders, Job, PlannedRun, ProcessArgs, ReproduceError,
    UnlessHeld, interrupt, read_jsonl,
};

/// Which plan, and with how much.
#[derive(clap::Args, Debug)]
pub struct WorkArgs {
    /// A plan: what `reproduce TABLE --plan --format jsonl` prints.
    pub plan: PathBuf,
    /// Begin no run that would end later than this from now, by its estimate: 90s, 45m, 2h.
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub until: Option<Duration>,
    /// How runs are started.
    #[command(flatten)]
    pub processes: ProcessArgs,
}

/// `90s`, `45m`, `2h`.
fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is no time: write 90s, 45m or 2h");
    let unit = match text.chars().last() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        _ => return Err(wrong()),
    };
    let number: u64 = text[..text.len() - 1].parse().map_err(|_| wrong())?;
    Ok(Duration::from_secs(number.saturating_mul(unit)))
}

/// Trains runs of a plan, the longest first, until every run has a result or failed, here or
/// elsewhere.
///
/// # Errors
///
/// The plan or a recipe cannot be read, or is of another version.
pub fn work(args: &WorkArgs, caller: &Caller) -> Result<Finished, ReproduceError> {
    let planned = read_jsonl(&args.plan)?;
    let Some(first) = planned.first() else {
        eprintln!("the plan is empty: nothing is missing");
        return Ok(Finished::Complete);
    };
    let folders = Folders {
        runs: runs_folder(first)?,
        table: runs_folder(first)?,
        recipes: first
            .recipe
            .parent()
            .map(Path::to_path_buf)
            .unwrap_or_default(),
    };
    let mut jobs = Vec::new();
    for run in &planned {
        jobs.push(job(run, caller)?);
    }
    let stop = interrupt::listen()?;
    let pool = args.processes.pool(caller, &jobs)?;
    let context = pool.context(caller, &folders, &stop);
    let claims = InTime {
        free: UnlessHeld {
            runs: folders.runs.clone(),
        },
        estimates: planned
            .iter()
            .map(|run| (run.cell.clone(), run.estimated_seconds))
            .collect(),
        end: args.until.map(|time| Instant::now() + time),
        put_off: AtomicBool::new(false),
    };
    let failures = run_jobs_with(&context, &jobs, &claims);
    print_failures(&failures);
    if stop.load(Ordering::SeqCst) {
        eprintln!("interrupted; what is done is kept, and the same command goes on");
        return Ok(Finished::Interrupted);
    }
    if let Some(time) = args.until.filter(|_| claims.put_off.load(Ordering::SeqCst)) {
        eprintln!(
            "runs are left that would have ended later than {} from the start",
            duration_text(time.as_secs_f64())
        );
        return Ok(Finished::Holes);
    }
    Ok(if failures.is_empty() {
        Finished::Complete
    } else {
        Finished::Holes
    })
}

/// The folder of all runs: a run directory is `DATASET/METHOD/SEED-CELL` below it.
fn runs_folder(run: &PlannedRun) -> Result<PathBuf, ReproduceError> {
    let folder = run.run.ancestors().nth(3);
    folder.map(Path::to_path_buf).ok_or_else(|| {
        ReproduceError::Usage(format!(
            "the run directory {} of {} is not DATASET/METHOD/SEED-CELL below a folder: make the \
             plan again",
            run.run.display(),
            run.title
        ))
    })
}

fn job(run: &PlannedRun, caller: &Caller) -> Result<Job, ReproduceError> {
    let text = std::fs::read_to_string(&run.recipe).map_err(|source| ReproduceError::Io {
        action: "read",
        path: run.recipe.clone(),
        source,
    })?;
    let recipe: Recipe = toml::from_str(&text).map_err(|error| {
        ReproduceError::Usage(format!("{} is no recipe: {error}", run.recipe.display()))
    })?;
    let recipe = caller.methods.known(&recipe)?;
    let id: CellId = serde_json::from_value(run.cell.clone().into())
        .map_err(|error| ReproduceError::Usage(format!("`{}` is no cell ({error})", run.cell)))?;
    // The recipe's file is named after the job, the seed and the cell, and is found again by them.
    let file = run.recipe.file_stem().unwrap_or_default().to_string_lossy();
    let name = file.strip_suffix(&format!("-{}-{}", recipe.seed, run.cell));
    let name = name.unwrap_or("run").to_string();
    Ok(Job {
        title: run.title.clone(),
        name,
        cost: Cost::of(caller.methods, &recipe, 0)?,
        cell: Cell {
            requested: recipe.method.clone(),
            trained_as: None,
            recipe,
            id,
            is_drawn_from_seed: false,
        },
        dataset: run.dataset.clone(),
        features: run.features.clone(),
        split: ShownSplit::Test,
    })
}

/// The same, unless the run would end too late.
struct InTime {
    free: UnlessHeld,
    /// Seconds by cell.
    estimates: std::collections::BTreeMap<String, f64>,
    end: Option<Instant>,
    /// Whether a run was left out for that.
    put_off: AtomicBool,
}

impl Claims for InTime {
    fn claim(&self, job: &Job) -> Claim {
        let seconds = self
            .estimates
            .get(job.cell.id.as_str())
            .copied()
            .unwrap_or(0.0);
        let takes = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
        let ends = Instant::now().checked_add(takes);
        let is_late = self
            .end
            .is_some_and(|end| ends.is_none_or(|ends| ends > end));
        match self.free.claim(job) {
            Claim::Done => Claim::Done,
            _ if is_late => {
                self.put_off.store(true, Ordering::SeqCst);
                Claim::Late
            }
            other => other,
        }
    }
}
