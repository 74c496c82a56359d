//! The command line.

mod audit;
mod export_metrics;
mod figure;
mod import_log;
mod media;
mod report;
mod watch;

use std::path::PathBuf;

pub use audit::Audit;
pub use export_metrics::{ExportMetrics, MetricsFormat};
pub use figure::{Figure, FigureKind, GroupBy};
pub use import_log::ImportLog;
pub use media::{Fbank, FrameCount, Frames};
pub use report::Report;
pub use watch::Watch;

use amst_data::SplitName;
use amst_recipe::{DEFAULT_DATASET, Modality, Precision, Preset};
use amst_train::{Keep, SaveEvery};
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
    /// Time epochs of the systems of Table 3, beside each other and in turns
    Time(crate::time::Args),
    /// List the devices that this program and this machine have
    Devices(Devices),
    /// Show the progress of every run
    Status(Status),
    /// Watch the runs of a folder while they train
    Watch(Watch),
    /// Check a checkpoint and show what it holds
    Inspect(Inspect),
    /// Turn a data set's files into features, once
    Prepare(Prepare),
    /// Train exactly as a recorded case says, and write the same files
    Replay(Replay),
    /// Write the initial weights of a run, under torchvision's and Hugging Face's names
    Init(Init),
    /// Write what the loader feeds: every batch of an epoch
    ExportFeatures(ExportFeatures),
    /// Turn texts into token ids and their mask, for use elsewhere
    Tokens(Tokens),
    /// Turn a recording, or a video's sound, into the log-mel features of the paper, for use
    /// elsewhere
    Fbank(Fbank),
    /// Write the frames of a video that are kept of each second, for use elsewhere
    Frames(Frames),
    /// Report what is wrong with the lists of a data set, and write lists without it
    Audit(Audit),
    /// Predict the classes of files with a trained network
    Predict(Predict),
    /// Evaluate a trained network, without a modality or with damaged ones too
    Eval(Eval),
    /// Write a trained network's parts under torchvision's and Hugging Face's names
    Export(Export),
    /// Write one HTML file that shows what runs did, to hand to a colleague
    Report(Report),
    /// Draw runs: curves over epochs, entropy by class, confusion, calibration and others; and write
    /// the numbers drawn
    Figure(Figure),
    /// Write the metrics of every epoch of runs for TensorBoard, or as CSV or JSON lines
    ExportMetrics(ExportMetrics),
    /// Read published logs into runs that are drawn beside one's own, and hold runs against them
    ImportLog(ImportLog),
    /// Train what a table of the paper needs and print it
    Reproduce(Box<amst_reproduce::Args>),
    /// Say which runs of a table are missing, also as commands for other programs; short for
    /// `reproduce --plan`
    Plan(Box<amst_reproduce::Args>),
    /// Train runs of a plan until none is left, beside other workers that share the folder
    Work(amst_reproduce::WorkArgs),
    /// Suggest skip parameters by the paper's rule of thumb, with its uncertainty
    SuggestSkip(amst_reproduce::SuggestSkipArgs),
    /// Try settings on the validation split, as many for every method
    Sweep(amst_reproduce::SweepArgs),
    /// List methods, data sets, recipes or presets
    Ls(Ls),
    /// Explain a method: what it does, its settings on a data set, where paper and code differ
    Explain(Explain),
    /// Print every key that `--set` takes, with its default
    Keys,
}

/// What is run, where it is kept and what is shown.
#[derive(Debug, Args)]
pub struct What {
    /// The layers of the recipe.
    #[command(flatten)]
    pub layers: Layers,
    /// Folder of all runs
    #[arg(long, default_value = "runs")]
    pub out: PathBuf,
    /// What to print on the way
    #[arg(long, value_enum, default_value_t = ProgressKind::Auto)]
    pub progress: ProgressKind,
}

/// The layers of a recipe.
#[derive(Clone, Debug, Args)]
pub struct Layers {
    /// A resolved recipe, such as the `recipe.toml` of a run directory, to be run as it is: nothing
    /// else chooses settings
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "recipe", "experiment", "preset", "modalities", "seed", "epochs", "precision", "assignments"
        ]
    )]
    pub resolved: Option<PathBuf>,
    /// A table of the paper whose experiment to run, such as `table2`; without it the data set's
    /// own settings
    #[arg(long, requires = "experiment")]
    pub recipe: Option<String>,
    /// The row of the table
    #[arg(long, requires = "recipe")]
    pub experiment: Option<String>,
    /// A reading of the method: recommended, published-code, paper-text or original; `amst ls
    /// presets` says more
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// A known data set, or the path of a folder with a `dataset.toml`; if left out, the one that
    /// `--resolved` names, or else spoken-digits
    #[arg(long)]
    pub dataset: Option<String>,
    /// Modalities that take part, for example audio,text,visual; short for `--set modalities=LIST`
    #[arg(long, value_name = "LIST")]
    pub modalities: Option<String>,
    /// Seed of initial weights, order and augmentation
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Epochs; short for `--set epochs=N`
    #[arg(long)]
    pub epochs: Option<usize>,
    /// How exactly to compute: `f32`, on GPUs `tf32`, with LibTorch and on GPUs `bf16`; short for
    /// `--set precision=NAME`
    #[arg(long, value_name = "NAME", value_parser = Precision::parse)]
    pub precision: Option<Precision>,
    /// Change one setting; `amst keys` lists them
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
}

/// `amst train`.
#[derive(Debug, Args)]
pub struct Train {
    /// What is run.
    #[command(flatten)]
    pub what: What,
    /// Where to compute: `flex`, `cuda[:i]`, `tch[:cpu|:cuda:i]` or `wgpu[:i]`; `amst devices` lists
    /// what is here
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// Also write the selected epoch's weights to this safetensors file
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// Start from the weights of this safetensors file instead of drawing them from the seed
    #[arg(long, value_name = "FILE")]
    pub init: Option<PathBuf>,
    /// Also write what every step computed to this file, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub log_steps: Option<PathBuf>,
    /// How often to save the run: after every `epoch`, after `200steps`, `5m` or `1h`, or `never`
    /// but when it is asked to stop
    #[arg(long, value_name = "INTERVAL", default_value = "epoch")]
    pub checkpoint_every: SaveEvery,
    /// Which checkpoints to keep when the run is finished: `best` (the selected network),
    /// `last` (the state at its end) or `all`, or several with commas
    #[arg(long, value_name = "WHAT", default_value = "best")]
    pub keep: Keep,
    /// Also measure the time of each phase: print it, and write `trace.json` for chrome://tracing
    /// into the run's directory. On a GPU this waits for every piece of work, which makes training
    /// slower
    #[arg(long)]
    pub profile: bool,
    /// Start over, whatever is there; it is moved aside, to `<run directory>.1` and so on
    #[arg(long)]
    pub fresh: bool,
}

/// `amst devices`.
#[derive(Debug, Args)]
pub struct Devices {
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

/// `amst status`.
#[derive(Debug, Args)]
pub struct Status {
    /// The folder of all runs, or one below it
    #[arg(default_value = "runs")]
    pub runs: PathBuf,
    /// As an array of JSON objects
    #[arg(long)]
    pub json: bool,
}

/// `amst inspect`.
#[derive(Debug, Args)]
pub struct Inspect {
    /// A checkpoint's folder, or a run directory: its selected network, or else its newest
    /// checkpoint
    pub checkpoint: PathBuf,
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

/// `amst replay`.
#[derive(Debug, Args)]
pub struct Replay {
    /// Folder with `case.json`, batches and initial weights (docs/parity.md)
    pub case: PathBuf,
    /// Folder for result.json, logits, weights and velocities
    #[arg(long)]
    pub out: PathBuf,
    /// Where to compute: `flex`, `cuda[:i]`, `tch[:cpu|:cuda:i]` or `wgpu[:i]`; `amst devices` lists
    /// what is here
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// How exactly to compute: `f32`, on GPUs `tf32`, with LibTorch and on GPUs `bf16`
    #[arg(long, value_name = "NAME", value_parser = Precision::parse, default_value = "f32")]
    pub precision: Precision,
}

/// `amst init`.
#[derive(Debug, Args)]
pub struct Init {
    /// What is to be run.
    #[command(flatten)]
    pub what: Layers,
    /// The safetensors file to write
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// `amst export-features`.
#[derive(Debug, Args)]
pub struct ExportFeatures {
    /// What is to be run.
    #[command(flatten)]
    pub what: Layers,
    /// The split to read
    #[arg(long, value_enum, default_value_t = SplitKind::Train)]
    pub split: SplitKind,
    /// The epoch whose order and augmentation to take; of the training split only
    #[arg(long, default_value_t = 0)]
    pub at_epoch: u64,
    /// The safetensors file to write, with the tensors that docs/parity.md names
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
    /// Folder of all runs, for prepared features
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
}

/// `amst tokens`.
#[derive(Debug, Args)]
pub struct Tokens {
    /// UTF-8 texts, one a line
    pub file: PathBuf,
    /// The npy file to write: int64 ids, texts × maximum length
    #[arg(long, value_name = "X.npy")]
    pub out: PathBuf,
    /// The npy file for the mask, float32 and 1 for a token; beside the ids as `X.mask.npy` unless
    /// given
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// A model that was fetched; or a folder with `tokenizer.json`, `vocab.json` and `merges.txt`,
    /// or `vocab.txt`; or one of these files
    #[arg(long, value_name = "MODEL|DIR|FILE", default_value = "roberta-base")]
    pub tokenizer: PathBuf,
    /// Tokens in a row: longer texts are cut, shorter ones padded
    #[arg(long, value_name = "N", default_value_t = amst_tokens::DEFAULT_LENGTH)]
    pub max_length: usize,
}

/// A part of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SplitKind {
    /// Shuffled and augmented
    Train,
    /// As it lies
    Val,
    /// As it lies
    Test,
}

impl SplitKind {
    /// As the loader calls it.
    pub fn name(self) -> SplitName {
        match self {
            Self::Train => SplitName::Train,
            Self::Val => SplitName::Val,
            Self::Test => SplitName::Test,
        }
    }
}

/// `amst prepare`.
#[derive(Debug, Args)]
pub struct Prepare {
    /// The data set; short for `--dataset`
    #[arg(value_name = "DATASET", conflicts_with = "dataset")]
    pub name: Option<String>,
    /// Folder of its raw files, where they are not in `datasets/NAME/raw`; remembered for
    /// `--dataset NAME`
    #[arg(long, value_name = "DIR")]
    pub raw: Option<PathBuf>,
    /// Samples that may be left out because a file of theirs cannot be used; each is listed with
    /// its reason
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub max_bad: usize,
    /// What is to be run.
    #[command(flatten)]
    pub what: What,
}

/// A trained network.
#[derive(Debug, Args)]
pub struct Which {
    /// A checkpoint's folder or a run's directory, whose selected network is meant; or `best` or
    /// `last`, of `--run`
    #[arg(long, value_name = "PATH|best|last")]
    pub checkpoint: Option<String>,
    /// A file that `amst train --weights` wrote, instead of a checkpoint; its run's `recipe.toml`
    /// lies beside it or in `--run`
    #[arg(long, value_name = "FILE", conflicts_with = "checkpoint")]
    pub weights: Option<PathBuf>,
    /// The run's directory; alone it means `--checkpoint best`
    #[arg(long, value_name = "DIR")]
    pub run: Option<PathBuf>,
    /// The data set that names the classes, and that `eval` reads, if it is not the run's own: a
    /// known one, or the path of a folder with a `dataset.toml`
    #[arg(long)]
    pub dataset: Option<String>,
    /// Where to compute: `flex`, `cuda[:i]`, `tch[:cpu|:cuda:i]` or `wgpu[:i]`; `amst devices` lists
    /// what is here
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// How exactly to compute: `f32`, on GPUs `tf32`, with LibTorch and on GPUs `bf16`
    #[arg(long, value_name = "NAME", value_parser = Precision::parse, default_value = "f32")]
    pub precision: Precision,
}

/// `amst predict`.
#[derive(Debug, Args)]
pub struct Predict {
    /// The network.
    #[command(flatten)]
    pub which: Which,
    /// Files of one sample: .wav and .flac are sound, .png, .jpg and .jpeg are pictures (several
    /// are its frames), .txt is text
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub input: Vec<PathBuf>,
    /// The sample's recording, whatever the file is called
    #[arg(long, value_name = "FILE")]
    pub audio: Option<PathBuf>,
    /// The sample's picture, or its frames
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub image: Vec<PathBuf>,
    /// The file of the sample's text
    #[arg(long, value_name = "FILE")]
    pub text: Option<PathBuf>,
    /// Many samples: a CSV file with columns `audio`, `image` (frames separated by `;`), `text`
    /// (the words) and `id`, paths from the file's folder; an empty cell is a missing modality
    #[arg(long, value_name = "FILE", conflicts_with_all = ["input", "audio", "image", "text"])]
    pub manifest: Option<PathBuf>,
    /// As JSON, one object a sample and line
    #[arg(long, conflicts_with = "csv")]
    pub json: bool,
    /// As CSV, one row a sample
    #[arg(long)]
    pub csv: bool,
}

/// `amst eval`.
#[derive(Debug, Args)]
pub struct Eval {
    /// The network.
    #[command(flatten)]
    pub which: Which,
    /// The split to evaluate
    #[arg(long, value_enum, default_value_t = SplitKind::Test)]
    pub split: SplitKind,
    /// Modalities that are left out
    #[arg(long, value_name = "MODALITY", value_delimiter = ',', value_parser = modality)]
    pub drop: Vec<Modality>,
    /// Damage a modality: noise of STRENGTH standard deviations for audio and visual, a share of
    /// replaced tokens for text
    #[arg(long, value_name = "MODALITY=STRENGTH", value_delimiter = ',', value_parser = noise)]
    pub noise: Vec<(Modality, f64)>,
    /// Seed of the damage
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub noise_seed: u64,
    /// Folder of all runs, for prepared features
    #[arg(long, default_value = "runs")]
    pub runs: PathBuf,
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
}

fn modality(word: &str) -> Result<Modality, String> {
    Modality::parse(word)
        .ok_or_else(|| format!("`{word}` is no modality: give audio, text or visual"))
}

fn noise(text: &str) -> Result<(Modality, f64), String> {
    let wrong =
        || format!("`{text}` is no damage: write MODALITY=STRENGTH, for example visual=0.2");
    let (word, strength) = text.split_once('=').ok_or_else(wrong)?;
    Ok((modality(word)?, strength.parse().map_err(|_| wrong())?))
}

/// `amst export`.
#[derive(Debug, Args)]
pub struct Export {
    /// The network.
    #[command(flatten)]
    pub which: Which,
    /// What to write
    #[arg(long, value_enum, default_value_t = PartKind::All)]
    pub part: PartKind,
    /// Of AMST-Full, whose part: alt or joint
    #[arg(long, value_name = "NAME")]
    pub branch: Option<String>,
    /// A file that ends in `.safetensors`, or a folder that gets a file for each part
    #[arg(long, value_name = "FILE|DIR")]
    pub out: PathBuf,
}

/// What of a network is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PartKind {
    /// The encoder of sound
    Audio,
    /// The encoder of pictures
    Visual,
    /// The encoder of text
    Text,
    /// The layers from embeddings to classes
    Head,
    /// Everything: in one file, or each part in its own
    All,
}

/// `amst ls`.
#[derive(Debug, Args)]
pub struct Ls {
    /// What to list
    #[arg(value_enum)]
    pub what: LsKind,
    /// As an array of JSON objects
    #[arg(long)]
    pub json: bool,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LsKind {
    /// The systems that can be trained
    Methods,
    /// The data sets that are here, and those of the paper
    Datasets,
    /// The tables that can be reproduced
    Recipes,
    /// The readings of a method that `--preset` takes
    Presets,
}

/// `amst explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The method; `amst ls methods` lists them
    pub method: String,
    /// A known data set, or the path of a folder with a `dataset.toml`
    #[arg(long, default_value = DEFAULT_DATASET)]
    pub dataset: String,
    /// A reading of the method; `amst ls presets` lists them
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// As a JSON object
    #[arg(long)]
    pub json: bool,
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
