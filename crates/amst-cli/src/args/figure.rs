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
    /// curves: what they show, `accuracy`, `loss`, `entropy` or `confidence`
    #[arg(long, value_name = "NAME", default_value = "accuracy")]
    pub metric: Metric,
    /// curves: the split that they are of, `train` or `val`
    #[arg(long, value_name = "NAME", default_value = "train")]
    pub split: Split,
    /// Width in millimetres: 85 is a column, 170 a page
    #[arg(long, value_name = "MM", value_parser = PageOptions::parse_width, default_value = "170")]
    pub width: f64,
    /// The files to write, without their ending: NAME.svg and NAME.csv
    #[arg(long, value_name = "NAME", default_value = "figure")]
    pub out: PathBuf,
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
}

/// What has a panel of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// Each method on each data set, whatever its other settings
    Method,
    /// Each run
    Seed,
    /// Each data set
    Dataset,
}
