//! The command line of `amst time`.

use std::path::PathBuf;

use amst_recipe::{DEFAULT_DATASET, Precision, Preset};
use clap::ValueEnum;

/// `amst time`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// A data set of the paper in its shapes alone, with drawn contents: crema-d, ave, mvsa,
    /// iemocap or ur-funny
    #[arg(long, value_name = "NAME", conflicts_with = "dataset")]
    pub shapes: Option<String>,
    /// A known data set, or the path of a folder with a `dataset.toml`
    #[arg(long, default_value = DEFAULT_DATASET)]
    pub dataset: String,
    /// Rows of the table, for example naive,amst-alt; all of them if left out. The others are
    /// compared with naive
    #[arg(long, value_name = "ID,…", value_delimiter = ',')]
    pub methods: Vec<String>,
    /// How skipping is carried out: the fast way, the published way, or both
    #[arg(
        long,
        value_name = "KIND,…",
        value_enum,
        value_delimiter = ',',
        default_value = "fast,official"
    )]
    pub execution: Vec<ExecutionKind>,
    /// Training samples of the shapes, the other splits in proportion; the data set's own number if
    /// left out
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub samples: Option<usize>,
    /// Rounds, each with an epoch of every kind of every system, after a warm-up that does not
    /// count
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = at_least_one)]
    pub rounds: usize,
    /// Begin no round that would end later than so many seconds after the start; the first is
    /// always made
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<f64>,
    /// Epochs of the schedule that an epoch is the average of; short for `--set epochs=N`
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// Modalities that take part; the data set's own if left out
    #[arg(long, value_name = "LIST")]
    pub modalities: Option<String>,
    /// A reading of the methods; `amst ls presets` says more
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// Change one setting of every system; `amst keys` lists them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
    /// Where to compute: `flex`, `cuda[:i]`, `tch[:cpu|:cuda:i]` or `wgpu[:i]`; `amst devices` lists
    /// what is here
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// How exactly to compute: `f32`, on GPUs `tf32`, with LibTorch and on GPUs `bf16`; short for
    /// `--set precision=NAME`
    #[arg(long, value_name = "NAME", value_parser = Precision::parse)]
    pub precision: Option<Precision>,
    /// Folder of all runs, for prepared features
    #[arg(long, default_value = "runs")]
    pub out: PathBuf,
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

/// How skipping is carried out (deviation D3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExecutionKind {
    /// What is skipped is neither loaded nor forwarded
    Fast,
    /// What is skipped is loaded and forwarded all the same
    Official,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("is not a whole number".into()),
    }
}
