//! The options of `reproduce`.

use std::path::PathBuf;

use amst_recipe::{DEFAULT_DATASET, Precision, Preset, TIMES};

use crate::{Budget, FigureArgs, FormatArgs, ReproduceError, SlurmArgs};

/// What to reproduce, and how.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// What to reproduce: table1, table2, controls, figure3, figure4, selection, or table3 for times.
    pub table: String,
    /// Say what is done and what would run, and how long it would take; run nothing.
    #[arg(long)]
    pub plan: bool,
    /// A data set's name, or the folder of one; may be given several times.
    #[arg(
        long = "dataset",
        value_name = "NAME|PATH",
        default_value = DEFAULT_DATASET
    )]
    pub datasets: Vec<String>,
    /// Modalities, for example audio,text,visual; own is the data set's choice. Each one given is a
    /// column of its own.
    #[arg(long = "modalities", value_name = "LIST|own")]
    pub modalities: Vec<String>,
    /// Seeds to average over, for example 0,1,2; the data set's or the table's own if left out.
    #[arg(long, value_delimiter = ',', value_name = "SEED,…")]
    pub seeds: Vec<u64>,
    /// Test each seed on another of the data set's splits, where its descriptor names several: of
    /// spoken-digits other speakers are held out.
    #[arg(long)]
    pub folds: bool,
    /// Epochs of every run; the data set's own if left out.
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// A reading of the methods: recommended, published-code, paper-text or original.
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// What every run may spend, instead of epochs; updates alone is what Naive spends in its
    /// epochs.
    #[arg(long, value_name = "updates[=N]|seconds=N")]
    pub budget: Option<Budget>,
    /// Where to compute; of several GPUs, with commas, each has a run of its own.
    #[arg(
        long,
        default_value = "flex",
        value_name = "flex|cuda[:i]|tch[:cpu|:cuda[:i]]|wgpu[:i],…"
    )]
    pub device: String,
    /// How exactly to compute, f32, tf32 or bf16; short for --set precision=NAME.
    #[arg(long, value_name = "NAME", value_parser = Precision::parse)]
    pub precision: Option<Precision>,
    /// A setting of every run, for example optim.lr=0.01; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Runs at the same time; as many as there are cores and as fit into memory, or one a GPU, if
    /// left out.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<usize>,
    /// Folder of runs and tables; if left out, target/reproduce for cargo xtask, and reproduce for
    /// amst.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Give every method its best settings of a sweep, named as `amst sweep` was told.
    #[arg(long, value_name = "SWEEP")]
    pub tuned: Option<String>,
    /// Rows of the table, for example 1,6 or naive,amst-full; all if left out.
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub experiments: Vec<String>,
    /// Print the table, or the plan, as JSON.
    #[arg(long)]
    pub json: bool,
    /// Also write the table with curves, confusion matrices, times and more as one HTML file.
    #[arg(long)]
    pub report: bool,
    /// Run this `amst`; if left out, the one of the checkout, which is built, or this program.
    #[arg(long, value_name = "PROGRAM")]
    pub amst: Option<PathBuf>,
    /// Of plans for other programs.
    #[command(flatten)]
    pub format: FormatArgs,
    /// Of figures.
    #[command(flatten)]
    pub figure: FigureArgs,
    /// Of times.
    #[command(flatten)]
    pub times: TimesArgs,
    /// Of a cluster.
    #[command(flatten)]
    pub slurm: SlurmArgs,
}

/// What only table3 takes.
#[derive(clap::Args, Debug)]
pub struct TimesArgs {
    /// table3: a data set of the paper in its shapes alone, with drawn contents; may be given
    /// several times.
    #[arg(long, value_name = "NAME")]
    pub shapes: Vec<String>,
    /// table3: training samples of the shapes, the other splits in proportion.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub samples: Option<usize>,
    /// table3: rounds, each with an epoch of every kind of every system; three if left out.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub rounds: Option<usize>,
    /// table3: begin no round that would end later than so many seconds after the start.
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<f64>,
    /// table3: how skipping is carried out, fast, official or both.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = ["fast", "official"])]
    pub execution: Vec<String>,
}

impl TimesArgs {
    /// Refuses options that have no meaning for a table of accuracies.
    pub(crate) fn refuse_for(&self, table: &str, command: &str) -> Result<(), ReproduceError> {
        let given = [
            ("--shapes", !self.shapes.is_empty()),
            ("--samples", self.samples.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--limit", self.limit.is_some()),
            ("--execution", !self.execution.is_empty()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(ReproduceError::Usage(format!(
                "{option} is about times: `{table}` shows accuracies; use `{command} {TIMES}`"
            ))),
            None => Ok(()),
        }
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("nothing would ever run: use 1 or more".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("is not a whole number".into()),
    }
}
