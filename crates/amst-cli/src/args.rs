//! The command line.

use std::path::PathBuf;

use amst_recipe::Preset;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// AMST, Alternating Multimodal Skip Training.
#[derive(Debug, Parser)]
#[command(version, about)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Train one run and write its result
    Train(Train),
    /// Turn a data set's files into features, once
    Prepare(Prepare),
    /// Print every key that `--set` takes, with its default
    Keys,
    /// List the data sets that are here
    Datasets,
}

/// What is run: the layers of a recipe.
#[derive(Debug, Args)]
pub struct What {
    /// A table of the paper whose experiment to run, such as `table2`; without it the data set's own settings
    #[arg(long, requires = "experiment")]
    pub recipe: Option<String>,
    /// The row of the table
    #[arg(long, requires = "recipe")]
    pub experiment: Option<String>,
    /// A reading of the method: recommended, published-code, paper-text or original; `amst ls presets` says more
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// A known data set, or the path of a folder with a `dataset.toml`
    #[arg(long, default_value = "world-digits")]
    pub dataset: String,
    /// Seed of initial weights, order and augmentation
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Epochs; short for `--set epochs=N`
    #[arg(long)]
    pub epochs: Option<usize>,
    /// Change one setting; `amst keys` lists them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
    /// Folder of all runs
    #[arg(long, default_value = "runs")]
    pub out: PathBuf,
    /// What to print on the way
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto)]
    pub progress: ProgressKind,
}

/// `amst train`.
#[derive(Debug, Args)]
pub struct Train {
    /// What is run.
    #[command(flatten)]
    pub what: What,
    /// Where to compute: `flex`, `cuda[:i]` or `tch[:cpu|:cuda:i]`
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// Also write the selected epoch's weights to this safetensors file
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
}

/// `amst prepare`.
#[derive(Debug, Args)]
pub struct Prepare {
    /// What is to be run.
    #[command(flatten)]
    pub what: What,
}

/// What is printed on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ProgressKind {
    /// A bar where standard error is a terminal
    Auto,
    /// One JSON object a line on standard output
    Json,
    /// Nothing
    None,
}
