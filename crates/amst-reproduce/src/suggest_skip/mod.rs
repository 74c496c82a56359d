//! `suggest-skip`: skip parameters by the paper's rule of thumb.

mod text;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use amst_figures::{CurveOptions, Panel, RunLog, Split, draw_curves, find_runs};
use amst_files::{sha256_hex, write_file};
use amst_recipe::{Cell, DEFAULT_DATASET, DataLock, Grid, Modality, describe_dataset};
use amst_report::{
    AccuracyCurves, STORED_SUGGESTION, SUGGESTION_SCHEMA, SkipSuggestion, StoredSuggestion,
    SuggestionError, suggest_skips,
};

use self::text::{split_name, write_split};
use crate::estimate::{Estimates, duration_text, makespan};
use crate::process_args::distinct;
use crate::trials::{Sizes, Trials, print_failures};
use crate::{Caller, Finished, Job, PoolArgs, ReproduceError, interrupt};

/// What skip parameters are suggested for, and from what.
#[derive(clap::Args, Debug)]
pub struct SuggestSkipArgs {
    /// A data set's name, or the folder of one.
    #[arg(long, value_name = "NAME|PATH", default_value = DEFAULT_DATASET)]
    pub dataset: String,
    /// Modalities, for example audio,text,visual; the data set's own if left out.
    #[arg(long, value_name = "LIST")]
    pub modalities: Option<String>,
    /// The first epochs, of which slopes are taken.
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub epochs: usize,
    /// Seeds, over which the interval is.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "0,1,2",
        value_name = "SEED,…"
    )]
    pub seeds: Vec<u64>,
    /// A setting of every run; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Take the slopes of the runs below these folders, in which every modality has an output of
    /// its own, and train nothing: imported logs, or runs without skipping.
    #[arg(long, value_name = "FOLDER", num_args = 1..)]
    pub from: Vec<PathBuf>,
    /// Say what would be trained and how long that would take; train nothing.
    #[arg(long)]
    pub plan: bool,
    /// Print the suggestion as JSON.
    #[arg(long)]
    pub json: bool,
    /// Where it is trained and kept.
    #[command(flatten)]
    pub pool: PoolArgs,
}

/// A modality alone, and the run whose first epochs are looked at.
struct Curve {
    modality: Modality,
    seed: u64,
    cell: Cell,
    /// Whether that run has to be trained.
    is_missing: bool,
}

/// Trains each modality alone for a few epochs, unless that was done before, and prints what the
/// rule suggests.
///
/// # Errors
///
/// Nothing can be suggested: one modality, nothing that learns, a setting that cannot be.
pub fn suggest_skip(args: &SuggestSkipArgs, caller: &Caller) -> Result<Finished, ReproduceError> {
    let mut set = args.set.clone();
    set.extend(
        args.modalities
            .iter()
            .map(|list| format!("modalities={list}")),
    );
    if !args.from.is_empty() {
        return suggest_from_runs(args, caller, &set);
    }
    let trials = Trials::new(caller, &args.dataset, &set)?;
    let whole = trials.cell(&[], 0)?;
    let count = whole.recipe.modalities.len();
    if count < 2 {
        return Err(SuggestionError::TooFewModalities { count }.into());
    }
    let folders = args.pool.folders(caller, "suggest-skip")?;
    let curves = curves(args, &trials, &whole.recipe.modalities, &folders.runs)?;
    let mut missing: Vec<Job> = Vec::new();
    for curve in curves.iter().filter(|curve| curve.is_missing) {
        let Curve { modality, seed, .. } = curve;
        let title = format!("{}, {modality} alone, seed {seed}", trials.dataset());
        missing.push(trials.job(modality.to_string(), title, curve.cell.clone())?);
    }
    missing.sort_by_key(|job| std::cmp::Reverse(job.cost.work()));
    eprintln!("{}", cost(args, &missing, &folders.runs, curves.len())?);
    if args.plan {
        return Ok(Finished::Complete);
    }
    let stop = interrupt::listen()?;
    let failures = args.pool.train(caller, &folders, &missing, &stop)?;
    print_failures(&failures);
    if stop.load(Ordering::SeqCst) {
        eprintln!("interrupted; what is done is kept, and the same command goes on");
        return Ok(Finished::Interrupted);
    }
    if !failures.is_empty() {
        return Ok(Finished::Holes);
    }
    let mut runs = Vec::new();
    for curve in &curves {
        let log = RunLog::read(&folders.runs.join(curve.cell.run_dir()))?;
        runs.push(Measured {
            modalities: vec![curve.modality],
            log,
        });
    }
    let suggested = Suggested::new(args, &trials.sizes(&whole), &runs)?;
    keep(args, &trials, &suggested, runs, &folders.runs)?;
    Ok(Finished::Complete)
}

/// Prints the suggestion, and writes it and the curves into the data set's folder of runs.
fn keep(
    args: &SuggestSkipArgs,
    trials: &Trials,
    suggested: &Suggested,
    runs: Vec<Measured>,
    folder: &Path,
) -> Result<(), ReproduceError> {
    let stored = suggested.stored(args, trials.dataset(), trials.lock(), &runs);
    let json = stored.json();
    if args.json {
        print!("{json}");
    } else {
        println!("{}", suggested.text(args));
    }
    let folder = folder.join(trials.dataset());
    let file = folder.join(STORED_SUGGESTION);
    write_file(&file, &json)?;
    let options = CurveOptions {
        split: Split::Train,
        ..CurveOptions::default()
    };
    let drawn = draw_curves(&panels(runs)?, &options)?.write(&folder.join("suggestion"))?;
    eprintln!(
        "{}\n{}\n`--set skip.MODALITY=suggested` takes it from the first (SHA-256 {})",
        file.display(),
        drawn.svg.display(),
        &sha256_hex(&json)[..8]
    );
    Ok(())
}

/// From runs that are there, of a data set that need not be.
fn suggest_from_runs(
    args: &SuggestSkipArgs,
    caller: &Caller,
    set: &[String],
) -> Result<Finished, ReproduceError> {
    let spec = describe_dataset(&args.dataset, &caller.datasets)?;
    let own = std::slice::from_ref(&spec.recipe);
    let recipe = caller.methods.resolve(own, set)?;
    let mut runs = Vec::new();
    for folder in &args.from {
        for run in find_runs(folder)? {
            runs.push(Measured {
                modalities: recipe.modalities.clone(),
                log: RunLog::read(&run)?,
            });
        }
    }
    let sizes = Sizes::of(&spec, &recipe);
    let suggested = Suggested::new(args, &sizes, &runs)?;
    println!("{}", suggested.text(args));
    Ok(Finished::Complete)
}

/// The run of every modality and seed: that of Table 1 where its first epochs are there, otherwise
/// a short one.
fn curves(
    args: &SuggestSkipArgs,
    trials: &Trials,
    modalities: &[Modality],
    runs: &Path,
) -> Result<Vec<Curve>, ReproduceError> {
    let grid = Grid::named("table1")?;
    let mut curves = Vec::new();
    for modality in modalities {
        for seed in &distinct(&args.seeds) {
            let long = trials.cell_of_row(&grid, modality.name(), &[], *seed)?;
            let short = [format!("epochs={}", args.epochs)];
            let short = trials.cell_of_row(&grid, modality.name(), &short, *seed)?;
            let has_epochs = |cell: &Cell| {
                let log = RunLog::read(&runs.join(cell.run_dir()));
                log.is_ok_and(|log| log.epochs.len() >= args.epochs)
            };
            let found = [long, short.clone()].into_iter().find(has_epochs);
            curves.push(Curve {
                modality: *modality,
                seed: *seed,
                is_missing: found.is_none(),
                cell: found.unwrap_or(short),
            });
        }
    }
    Ok(curves)
}

fn cost(
    args: &SuggestSkipArgs,
    missing: &[Job],
    runs: &Path,
    all: usize,
) -> Result<String, ReproduceError> {
    let there = all - missing.len();
    if missing.is_empty() {
        return Ok(format!("all {there} runs are there: nothing is trained"));
    }
    let devices = args.pool.processes.devices()?;
    let at_once = args.pool.processes.at_once(missing, &devices)?;
    let mut estimates = Estimates::new(runs, devices.are_gpus());
    let seconds: Vec<f64> = missing
        .iter()
        .map(|job| estimates.of(job).seconds)
        .collect();
    Ok(format!(
        "{there} runs are there, {} are trained for {} epochs: about {}",
        missing.len(),
        args.epochs,
        duration_text(makespan(&seconds, at_once))
    ))
}

/// A run, and the modalities whose output it is looked at for.
struct Measured {
    modalities: Vec<Modality>,
    log: RunLog,
}

/// The first epochs' accuracies of each modality's own output on a split.
fn accuracies(runs: &[Measured], split: Split, epochs: usize) -> AccuracyCurves {
    let mut curves = AccuracyCurves::new();
    for run in runs {
        for modality in &run.modalities {
            let of_epoch = |log: &amst_figures::EpochLog| {
                let outputs = match split {
                    Split::Train => &log.train,
                    _ => &log.validation,
                };
                let own = ["", "alt.", "joint."].map(|branch| format!("{branch}{modality}"));
                let own = own.iter().find_map(|name| outputs.get(name));
                own.and_then(|metrics| metrics.accuracy)
            };
            let first = run.log.epochs.values().take(epochs);
            let curve: Vec<f64> = first.filter_map(of_epoch).collect();
            if !curve.is_empty() {
                curves.entry(*modality).or_default().push(curve);
            }
        }
    }
    curves
}

/// What the rule gives on either split.
struct Suggested {
    on_validation: Result<SkipSuggestion, SuggestionError>,
    on_training: Result<SkipSuggestion, SuggestionError>,
    validation: AccuracyCurves,
    training: AccuracyCurves,
}

impl Suggested {
    fn new(
        args: &SuggestSkipArgs,
        sizes: &Sizes,
        runs: &[Measured],
    ) -> Result<Self, ReproduceError> {
        let chance = 1.0 / sizes.classes.max(1) as f64;
        let validation = accuracies(runs, Split::Validation, args.epochs);
        let training = accuracies(runs, Split::Train, args.epochs);
        let suggested = Self {
            on_validation: suggest_skips(&validation, chance, sizes.val),
            on_training: suggest_skips(&training, chance, sizes.train),
            validation,
            training,
        };
        suggested.taken()?;
        Ok(suggested)
    }

    /// What is suggested: from training, as the paper words it, or from held-out samples where the
    /// runs do not say how accurate each modality was in training. Where the two disagree, training
    /// is the one that names the modality that dominates the loss (`docs/skip.md` measures it).
    fn taken(&self) -> Result<(&SkipSuggestion, Split), ReproduceError> {
        match (&self.on_training, &self.on_validation) {
            (Ok(found), _) => Ok((found, Split::Train)),
            (Err(_), Ok(found)) if self.training.is_empty() => Ok((found, Split::Validation)),
            (Err(error), _) => Err(ReproduceError::Suggestion(error.clone())),
        }
    }

    fn stored(
        &self,
        args: &SuggestSkipArgs,
        dataset: &str,
        data: &DataLock,
        runs: &[Measured],
    ) -> StoredSuggestion {
        let (suggestion, split) = self.taken().expect("a suggestion was found");
        StoredSuggestion {
            schema: SUGGESTION_SCHEMA,
            dataset: dataset.into(),
            data: data.clone(),
            epochs: args.epochs,
            seeds: distinct(&args.seeds),
            split: split_name(split).into(),
            set: settings(suggestion),
            suggestion: suggestion.clone(),
            on_validation: self.on_validation.as_ref().ok().cloned(),
            runs: runs.iter().map(|run| run.log.folder.clone()).collect(),
        }
    }

    fn text(&self, args: &SuggestSkipArgs) -> String {
        let mut text = format!(
            "Accuracy gained an epoch over the first {} epochs, in points, and its ratio to the \
             slowest modality's:\n\n",
            args.epochs
        );
        let splits = [
            (Split::Train, &self.on_training, &self.training),
            (Split::Validation, &self.on_validation, &self.validation),
        ];
        for (split, suggestion, curves) in splits {
            match suggestion {
                Ok(suggestion) => write_split(&mut text, split, suggestion, curves),
                Err(error) => {
                    let _ = writeln!(text, "{}: {error}\n", split_name(split));
                }
            }
        }
        if let (Ok(on_validation), Ok(on_training)) = (&self.on_validation, &self.on_training)
            && on_validation.slowest != on_training.slowest
        {
            text += "The two splits name different modalities as slow. Where that was measured, \
                     the fast one in training\nwas the one to rest (docs/skip.md); `amst sweep` \
                     tries both.\n\n";
        }
        if let Ok((suggestion, _)) = self.taken() {
            let set = settings(suggestion);
            let set: Vec<String> = set.iter().map(|one| format!("--set {one}")).collect();
            text += &set.join(" ");
        }
        text
    }
}

/// A panel a modality, of all its seeds.
fn panels(runs: Vec<Measured>) -> Result<Vec<Panel>, ReproduceError> {
    let mut by_modality: BTreeMap<Modality, Vec<RunLog>> = BTreeMap::new();
    for run in runs {
        for modality in run.modalities {
            by_modality
                .entry(modality)
                .or_default()
                .push(run.log.clone());
        }
    }
    let mut panels = Vec::new();
    for (modality, logs) in by_modality {
        panels.push(Panel::new(format!("{modality} alone"), logs)?);
    }
    Ok(panels)
}

/// `skip.audio=3`, one a modality that has a slope.
fn settings(suggestion: &SkipSuggestion) -> Vec<String> {
    let own = suggestion.modalities.iter();
    own.filter_map(|(modality, own)| own.skip.map(|s| format!("skip.{modality}={s}")))
        .collect()
}
