//! What can go wrong between run directories and a figure.

use std::io;
use std::path::PathBuf;

use amst_files::WriteError;

/// Why there is no figure. Each message says the remedy.
#[derive(Debug, thiserror::Error)]
pub enum FigureError {
    /// A folder below which nothing was trained.
    #[error(
        "there is no run in {} or below: the folder of a run holds `events.jsonl`; name the folder \
         that `amst train --out` wrote to",
        folder.display()
    )]
    NoRuns {
        /// The folder as given.
        folder: PathBuf,
    },
    /// A folder that is no run directory.
    #[error(
        "{} is not the folder of a run: it holds no `events.jsonl`; `amst status` lists the runs \
         there are",
        folder.display()
    )]
    NotARun {
        /// The folder as given.
        folder: PathBuf,
    },
    /// A file or folder that cannot be read.
    #[error("cannot read {}: {cause}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system answered; the message holds it.
        cause: io::Error,
    },
    /// A line of `events.jsonl`, other than a last one that was cut, that is no event.
    #[error(
        "{}:{line}: this line is no event: {why}; move the run's folder away and train the run \
         again",
        file.display()
    )]
    BrokenLine {
        /// The log.
        file: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The parser's words.
        why: String,
    },
    /// A file in the layout of another version of this software.
    #[error(
        "{} has schema {found}, this version reads {expected}: draw it with the version that \
         trained the run, or train it again",
        file.display()
    )]
    OtherVersion {
        /// `events.jsonl` or `result.json`.
        file: PathBuf,
        /// What the file says.
        found: String,
        /// What is read here.
        expected: u32,
    },
    /// A `recipe.toml` or `result.json` that cannot be understood.
    #[error("{} is damaged: {why}; train the run again", file.display())]
    Damaged {
        /// The file.
        file: PathBuf,
        /// The parser's words.
        why: String,
    },
    /// A figure of nothing.
    #[error("a figure needs at least one panel: name the runs to draw")]
    NoPanels,
    /// A panel of nothing.
    #[error("panel `{panel}` has no runs: name the folder of at least one")]
    EmptyPanel {
        /// Title of the panel.
        panel: String,
    },
    /// Runs over which no mean should be taken.
    #[error(
        "panel `{panel}` would mix {} and {}, whose recipes differ in more than the seed \
         ({differs}): give each recipe a panel of its own",
        first.display(), other.display()
    )]
    MixedRuns {
        /// Title of the panel.
        panel: String,
        /// A run.
        first: PathBuf,
        /// A run of another recipe.
        other: PathBuf,
        /// The keys that differ.
        differs: String,
    },
    /// A published log among runs that were trained here.
    #[error(
        "panel `{panel}` would mix a published log with runs that were trained here, {} and {}: \
         give each a panel of its own",
        first.display(), other.display()
    )]
    PublishedAmongRuns {
        /// Title of the panel.
        panel: String,
        /// One of them.
        first: PathBuf,
        /// The other.
        other: PathBuf,
    },
    /// One seed twice in a panel.
    #[error(
        "panel `{panel}` has seed {seed} twice, in {} and {}: leave one out",
        first.display(), second.display()
    )]
    SeedTwice {
        /// Title of the panel.
        panel: String,
        /// The seed.
        seed: u64,
        /// One of the runs.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Nothing was measured yet.
    #[error("no run of panel `{panel}` has finished an epoch yet: draw it later")]
    NoEpochs {
        /// Title of the panel.
        panel: String,
    },
    /// A result was asked of a run that has none yet.
    #[error(
        "{} is not finished, and panel `{panel}` shows the test split at the selected epoch: go on \
         with `amst train --resolved {}` into the same folder of runs, or leave the run out",
        folder.display(),
        folder.join("recipe.toml").display()
    )]
    Unfinished {
        /// Title of the panel.
        panel: String,
        /// The run's folder.
        folder: PathBuf,
    },
    /// The test split after each epoch was asked of runs that tested the selected epoch only.
    #[error(
        "no run of panel `{panel}` tests every epoch: train with `--set test_every_epoch=true`, \
         which changes neither weights nor selection"
    )]
    NotTested {
        /// Title of the panel.
        panel: String,
    },
    /// A run from before logits were kept, or one that lost them.
    #[error(
        "{} has no `logits.safetensors`, which holds what is drawn here: train the run again with \
         `amst train --resolved {} --fresh` into the same folder of runs",
        folder.display(),
        folder.join("recipe.toml").display()
    )]
    NoLogits {
        /// The run's folder.
        folder: PathBuf,
    },
    /// Runs whose settings span no grid of two keys.
    #[error("a heat map needs two settings that differ between the runs, {why}")]
    NoGrid {
        /// What was found instead, and what to do.
        why: String,
    },
    /// None of the outputs asked for was measured.
    #[error("panel `{panel}` has none of the outputs {wanted}; its runs have {known}")]
    NoOutput {
        /// Title of the panel.
        panel: String,
        /// The names asked for.
        wanted: String,
        /// The names there are.
        known: String,
    },
    /// Runs of one figure over different classes.
    #[error(
        "panel `{panel}` has {found} classes where the figure has {expected}: draw data sets in \
         figures of their own"
    )]
    OtherClasses {
        /// Title of the panel.
        panel: String,
        /// Classes of its runs.
        found: usize,
        /// Classes of the first panel, or names given.
        expected: usize,
    },
    /// A width on which nothing can be read, or that is no page's.
    #[error("a figure cannot be {width_mm} mm wide: choose 60 to 400 mm")]
    Width {
        /// Millimetres as given.
        width_mm: f64,
    },
    /// A line of a published log that does not belong there.
    #[error(
        "{file}:{line}: {why}; give the log as it was published, or take this line out if it is \
         none of the program's"
    )]
    PublishedLine {
        /// The log's name.
        file: String,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// A published log without anything to show.
    #[error(
        "{file} holds no whole epoch of a published log: give the output of the published program \
         from its arguments on, or a CSV file with a column `epoch`"
    )]
    NoPublishedEpoch {
        /// The log's name.
        file: String,
    },
    /// A folder that something else is in.
    #[error(
        "{} holds a run that was trained here, which an imported log must not replace: name \
         another folder",
        folder.display()
    )]
    TakenFolder {
        /// The folder as given.
        folder: PathBuf,
    },
    /// A picture of a size that cannot be shown.
    #[error("a picture cannot be {width_px} pixels wide: choose 16 to 8192")]
    PixelWidth {
        /// Pixels as given.
        width_px: u32,
    },
    /// A drawing that the libraries for PDF and PNG refuse.
    #[error("the figure cannot be converted: {why}; its SVG is whole, convert that one")]
    Converted {
        /// Their words.
        why: String,
    },
    /// Bytes that are no PNG.
    #[error("the image `{tag}` is no PNG: give the bytes of a PNG file")]
    NoPng {
        /// What it was to be called.
        tag: String,
    },
    /// A figure that cannot be saved.
    #[error(transparent)]
    Write(#[from] WriteError),
}
