//! `sweep`: settings are tried on the validation split, as many for every method.

mod journal;
mod space;
mod table;
mod tuned;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use amst_figures::{HeatMapOptions, RunLog, draw_heat_map};
use amst_files::write_file;
use amst_recipe::{CellId, DEFAULT_DATASET, MethodName};
use amst_report::read_result;

pub use self::space::Over;
pub use self::tuned::{SWEEP_SCHEMA, TriedSettings, Tuned};

use self::journal::{Header, Journal, Tried};
use self::space::{Trial, trials_of};
use self::table::table;
use crate::estimate::{Estimates, duration_text, makespan};
use crate::process_args::distinct;
use crate::trials::{Trials, print_failures};
use crate::{Caller, Finished, Folders, Job, PoolArgs, ReproduceError, interrupt};

/// Rungs of successive halving beside the last.
const MOST_HALVINGS: u32 = 3;

/// What is tried.
#[derive(clap::Args, Debug)]
pub struct SweepArgs {
    /// What the sweep is called; `reproduce table1 --tuned NAME` takes what it found.
    #[arg(value_parser = folder_name)]
    pub name: String,
    /// A data set's name, or the folder of one.
    #[arg(long, value_name = "NAME|PATH", default_value = DEFAULT_DATASET)]
    pub dataset: String,
    /// Values of a setting, for example skip.audio=1,2,3,5,8, or ogm-ge:ogm.alpha=0.1,0.3 for one
    /// method; several of them make a grid.
    #[arg(long, value_name = "[METHOD:]KEY=VALUE,…", required = true)]
    pub over: Vec<Over>,
    /// The methods, each with the same number of trials; the data set's own if left out.
    #[arg(long, value_delimiter = ',', value_name = "METHOD,…")]
    pub methods: Vec<String>,
    /// Seeds of every trial; those of tables are better left alone.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "100,101",
        value_name = "SEED,…"
    )]
    pub seeds: Vec<u64>,
    /// Try the whole grid at full length, or halve it again and again, twice as long each time.
    #[arg(long, value_enum, default_value_t = Search::Grid)]
    pub search: Search,
    /// Draw so many trials of each method's grid.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub trials: Option<u16>,
    /// Train so many runs at most: the same number of trials less for every method.
    #[arg(long, value_name = "N")]
    pub max_runs: Option<usize>,
    /// The same, by the estimated time.
    #[arg(long, value_name = "SECONDS")]
    pub max_seconds: Option<f64>,
    /// A setting of every run; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Say what would be trained and how long that would take; train nothing.
    #[arg(long)]
    pub plan: bool,
    /// Print what was found as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is trained and kept.
    #[command(flatten)]
    pub pool: PoolArgs,
}

/// How a grid is searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Search {
    /// Every trial at full length.
    Grid,
    /// All trials for a part of the epochs, then the better half of each method's for twice as
    /// many.
    Halving,
}

impl Search {
    fn name(self) -> &'static str {
        match self {
            Self::Grid => "grid",
            Self::Halving => "halving",
        }
    }
}

fn folder_name(text: &str) -> Result<String, String> {
    amst_recipe::check_folder_name("the sweep", text)
        .map(|()| text.to_string())
        .map_err(|fault| fault.to_string())
}

/// Some trials and the epochs that each gets; `None` is the recipe's own number.
struct Rung {
    trials: Vec<Trial>,
    epochs: Option<usize>,
}

/// A sweep while it goes on.
struct Sweep<'a> {
    args: &'a SweepArgs,
    caller: &'a Caller<'a>,
    trials: Trials<'a>,
    folders: Folders,
    /// Each once.
    seeds: Vec<u64>,
    /// Epochs of the recipe.
    epochs: usize,
}

/// Tries settings and writes what was found: `sweep.json`, a table, and a heat map for each method
/// with two settings.
///
/// # Errors
///
/// A key that is not known, an empty grid, methods with unequal numbers of trials, the journal of
/// another sweep.
pub fn sweep(args: &SweepArgs, caller: &Caller) -> Result<Finished, ReproduceError> {
    let trials = Trials::new(caller, &args.dataset, &args.set)?;
    let usual = trials.cell(&[], 0)?.recipe;
    let methods = match args.methods.as_slice() {
        [] => vec![usual.method.to_string()],
        given => given.to_vec(),
    };
    for method in &methods {
        caller.methods.facts(&MethodName::from(method.as_str()))?;
    }
    let mut all = trials_of(&methods, &args.over, args.trials.map(usize::from))?;
    let folders = args
        .pool
        .folders(caller, &format!("sweeps/{}", args.name))?;
    let sweep = Sweep {
        args,
        caller,
        trials,
        folders,
        seeds: distinct(&args.seeds),
        epochs: usual.epochs,
    };
    sweep.check_settings(&all)?;
    let budgeted = sweep.within_budget(&mut all, methods.len())?;
    eprintln!("{budgeted}");
    if args.plan {
        for trial in &all {
            println!("{trial}");
        }
        return Ok(Finished::Complete);
    }
    sweep.run(all, &methods)
}

impl Sweep<'_> {
    /// Every trial makes a recipe, before anything is trained.
    fn check_settings(&self, all: &[Trial]) -> Result<(), ReproduceError> {
        for trial in all {
            self.trials.cell(&trial.settings(), 0)?;
        }
        Ok(())
    }

    /// Takes trials away, as many of each method, until the rest costs no more than it may.
    fn within_budget(
        &self,
        all: &mut Vec<Trial>,
        methods: usize,
    ) -> Result<String, ReproduceError> {
        loop {
            let (runs, seconds) = self.cost(all, methods)?;
            let fits = self.args.max_runs.is_none_or(|most| runs <= most)
                && self.args.max_seconds.is_none_or(|most| seconds <= most);
            if fits {
                return Ok(format!(
                    "{} trials of each of {methods} methods, {} seeds: {runs} runs are missing, \
                     about {}",
                    all.len() / methods,
                    self.seeds.len(),
                    duration_text(seconds)
                ));
            }
            if all.len() <= methods {
                return Err(ReproduceError::Usage(format!(
                    "one trial of each method takes {runs} runs and about {}: raise `--max-runs` \
                     or `--max-seconds`",
                    duration_text(seconds)
                )));
            }
            all.truncate(all.len() - methods);
        }
    }

    /// Runs that are missing if none of the rungs were cut short, and the seconds they take.
    fn cost(&self, all: &[Trial], methods: usize) -> Result<(usize, f64), ReproduceError> {
        let devices = self.args.pool.processes.devices()?;
        let mut estimates = Estimates::new(&self.folders.runs, devices.are_gpus());
        let (mut runs, mut seconds) = (0, Vec::new());
        let mut left = all.to_vec();
        for epochs in self.rungs(all.len() / methods) {
            let rung = Rung {
                trials: left.clone(),
                epochs,
            };
            let missing = self.missing(&rung)?;
            runs += missing.len();
            let at_once = self.args.pool.processes.at_once(&missing, &devices)?;
            let each: Vec<f64> = missing
                .iter()
                .map(|job| estimates.of(job).seconds)
                .collect();
            seconds.push(makespan(&each, at_once));
            left.truncate(half(left.len() / methods) * methods);
        }
        Ok((runs, seconds.iter().sum()))
    }

    /// Epochs of each rung, for so many trials of a method.
    fn rungs(&self, trials: usize) -> Vec<Option<usize>> {
        if self.args.search == Search::Grid {
            return vec![None];
        }
        let halvings = trials.ilog2().min(MOST_HALVINGS);
        let shorter = (1..=halvings).rev();
        let mut rungs: Vec<_> = shorter.map(|by| Some((self.epochs >> by).max(1))).collect();
        rungs.push(None);
        rungs
    }

    fn settings(trial: &Trial, epochs: Option<usize>) -> Vec<String> {
        let mut settings = trial.settings();
        settings.extend(epochs.map(|epochs| format!("epochs={epochs}")));
        settings
    }

    fn missing(&self, rung: &Rung) -> Result<Vec<Job>, ReproduceError> {
        let (mut jobs, mut seen) = (Vec::new(), std::collections::BTreeSet::new());
        for trial in &rung.trials {
            for seed in &self.seeds {
                let cell = self
                    .trials
                    .cell(&Self::settings(trial, rung.epochs), *seed)?;
                let is_done = crate::trials::is_done(&self.folders.runs, &cell);
                if !is_done && seen.insert(cell.id.clone()) {
                    let title = format!("{trial}, seed {seed}");
                    jobs.push(self.trials.job(trial.method.clone(), title, cell)?);
                }
            }
        }
        jobs.sort_by_key(|job| std::cmp::Reverse(job.cost.work()));
        Ok(jobs)
    }

    fn run(&self, all: Vec<Trial>, methods: &[String]) -> Result<Finished, ReproduceError> {
        let header = Header {
            schema: SWEEP_SCHEMA,
            dataset: self.trials.dataset().into(),
            data: self.trials.lock().clone(),
            over: self.args.over.iter().map(ToString::to_string).collect(),
            methods: methods.to_vec(),
            seeds: self.seeds.clone(),
            search: self.args.search.name().into(),
            set: self.args.set.clone(),
        };
        let mut journal = Journal::open(&self.folders.table, header)?;
        let stop = interrupt::listen()?;
        let trials_of_each = all.len() / methods.len();
        let (mut left, mut tried) = (all, Vec::new());
        for epochs in self.rungs(trials_of_each) {
            let rung = Rung {
                trials: left,
                epochs,
            };
            let missing = self.missing(&rung)?;
            let failures = self
                .args
                .pool
                .train(self.caller, &self.folders, &missing, &stop)?;
            print_failures(&failures);
            if stop.load(Ordering::SeqCst) {
                eprintln!("interrupted; what is done is kept, and the same command goes on");
                return Ok(Finished::Interrupted);
            }
            if !failures.is_empty() {
                eprintln!("trials without all their seeds are compared with none: call it again");
                return Ok(Finished::Holes);
            }
            tried = self.measure(&rung)?;
            for trial in &tried {
                journal.add(trial)?;
            }
            left = better_half(&rung.trials, &tried, methods);
        }
        self.report(&tried, methods, trials_of_each)
    }

    /// What every trial of a rung reached.
    fn measure(&self, rung: &Rung) -> Result<Vec<Tried>, ReproduceError> {
        let mut tried = Vec::new();
        for trial in &rung.trials {
            let (mut cells, mut accuracies): (Vec<CellId>, Vec<f64>) = (Vec::new(), Vec::new());
            for seed in &self.seeds {
                let cell = self
                    .trials
                    .cell(&Self::settings(trial, rung.epochs), *seed)?;
                let file = self.folders.runs.join(cell.run_dir()).join("result.json");
                let result = read_result(self.caller.methods, &cell, &file)
                    .map_err(|why| ReproduceError::Usage(format!("{trial}, seed {seed}: {why}")))?;
                cells.push(cell.id);
                accuracies.push(result.selected.val_accuracy);
            }
            tried.push(Tried {
                method: trial.method.clone(),
                set: trial.set.clone(),
                epochs: rung.epochs.unwrap_or(self.epochs),
                cells,
                val_accuracies: accuracies,
            });
        }
        Ok(tried)
    }

    /// Prints the trials of the last rung, and writes what was found.
    fn report(
        &self,
        tried: &[Tried],
        methods: &[String],
        trials_of_each: usize,
    ) -> Result<Finished, ReproduceError> {
        let best: BTreeMap<String, TriedSettings> = methods
            .iter()
            .filter_map(|method| {
                let own = tried.iter().filter(|trial| trial.method == *method);
                // Of equals the first, as the grid has them.
                let best = own.reduce(|best, next| {
                    if next.mean() > best.mean() {
                        next
                    } else {
                        best
                    }
                })?;
                let found = TriedSettings {
                    set: best.set.clone(),
                    val_accuracy: best.mean(),
                };
                Some((method.clone(), found))
            })
            .collect();
        let tuned = Tuned {
            schema: SWEEP_SCHEMA,
            name: self.args.name.clone(),
            dataset: self.trials.dataset().into(),
            data: self.trials.lock().clone(),
            search: self.args.search.name().into(),
            seeds: self.seeds.clone(),
            trials: trials_of_each,
            methods: best,
        };
        let file = self.folders.table.join("sweep.json");
        write_file(&file, tuned.json())?;
        if self.args.json {
            print!("{}", tuned.json());
        } else {
            print!("{}", table(tried, &tuned));
        }
        eprintln!("{}", file.display());
        for method in methods {
            if let Some(drawn) = self.heat_map(method, tried)? {
                eprintln!("{}", drawn.display());
            }
        }
        Ok(Finished::Complete)
    }

    /// Draws a method's trials where they are over two settings.
    fn heat_map(&self, method: &str, tried: &[Tried]) -> Result<Option<PathBuf>, ReproduceError> {
        let own: Vec<&Tried> = tried
            .iter()
            .filter(|trial| trial.method == method)
            .collect();
        let keys = own.first().map(|trial| trial.keys()).unwrap_or_default();
        let [x, y] = keys.as_slice() else {
            return Ok(None);
        };
        let mut runs = Vec::new();
        for trial in &own {
            let settings: Vec<String> = std::iter::once(format!("method={method}"))
                .chain(trial.set.clone())
                .collect();
            for seed in &self.seeds {
                let cell = self.trials.cell(&settings, *seed)?;
                runs.push(RunLog::read(&self.folders.runs.join(cell.run_dir()))?);
            }
        }
        let options = HeatMapOptions {
            x: Some(x.clone()),
            y: Some(y.clone()),
            ..HeatMapOptions::default()
        };
        let stem: &Path = &self.folders.table.join(method);
        Ok(Some(draw_heat_map(&runs, &options)?.write(stem)?.svg))
    }
}

/// How many of a method's trials the next rung has.
fn half(trials: usize) -> usize {
    trials.div_ceil(2).max(1)
}

/// The better half of each method's trials, in their order; of equals the first.
fn better_half(trials: &[Trial], tried: &[Tried], methods: &[String]) -> Vec<Trial> {
    let mut kept: Vec<usize> = Vec::new();
    for method in methods {
        let mut own: Vec<usize> = (0..trials.len())
            .filter(|index| trials[*index].method == *method)
            .collect();
        let wanted = half(own.len());
        own.sort_by(|a, b| tried[*b].mean().total_cmp(&tried[*a].mean()));
        kept.extend(own.into_iter().take(wanted));
    }
    kept.sort_unstable();
    kept.into_iter()
        .map(|index| trials[index].clone())
        .collect()
}
