//! `amst figure`.

use std::path::PathBuf;

use amst_figures::{Metric, PageOptions, Split};
use clap::{Args, ValueEnum};

/// `amst figure`.
#[derive(Debug, Args)]
pub struct Figure {
    /// What to draw
    pub kind: FigureKind,
    /// Run directories, or folders with some below them
    #[arg(required = true)]
    pub runs: Vec<PathBuf>,
    /// What has a panel of its own; the runs in it, which differ in their seed, are its mean and
    /// range
    #[arg(long, value_enum, default_value_t = GroupBy::Method)]
    pub by: GroupBy,
    /// curves: what they show, `accuracy` unless given; or `loss`, `entropy`, `confidence`
    #[arg(long, value_name = "NAME")]
    pub metric: Option<Metric>,
    /// curves: the split that they are of, `train` unless given; or `val`, and `test` of runs with
    /// `--set test_every_epoch=true`
    #[arg(long, value_name = "NAME")]
    pub split: Option<Split>,
    /// Draw this output only, such as `audio` or `alt.fused`; confusion: instead of `fused`
    #[arg(long, value_name = "NAME")]
    pub output: Option<String>,
    /// heatmap: the setting across, such as `skip.audio`, where the runs differ in more than two
    #[arg(long, value_name = "KEY")]
    pub x: Option<String>,
    /// heatmap: the setting upwards
    #[arg(long, value_name = "KEY")]
    pub y: Option<String>,
    /// Draw on a dark ground
    #[arg(long)]
    pub dark: bool,
    /// Width in millimetres: 85 is a column, 170 a page
    #[arg(long, value_name = "MM", value_parser = PageOptions::parse_width, default_value = "170")]
    pub width: f64,
    /// The files to write, without their ending: NAME.svg and NAME.csv
    #[arg(long, value_name = "NAME", default_value = "figure")]
    pub out: PathBuf,
    /// Also write NAME.pdf with its fonts embedded; for a program built with `--features pdf`
    #[arg(long)]
    pub pdf: bool,
    /// Replace files that are there
    #[arg(long)]
    pub force: bool,
}

/// A kind of figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FigureKind {
    /// A metric of each output over epochs, as in the paper's Figure 3
    Curves,
    /// Entropy of each modality's predictions by class, as in its Figure 4
    Entropy,
    /// Which classes are taken for which, on the test split
    Confusion,
    /// How often predictions of a confidence are right, on the test split, with the expected
    /// calibration error
    Calibration,
    /// Validation accuracy over two settings in which the runs differ
    Heatmap,
    /// How far each modality is ahead of the others over epochs (OGM-GE's discrepancy ratio)
    Balance,
}

/// What has a panel of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// Each recipe: a method on a data set, with its settings where they differ
    Method,
    /// Each run
    Seed,
    /// Each data set
    Dataset,
}
