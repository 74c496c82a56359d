//! What to run, as plain data.
//!
//! Everything that decides a training run's result is a [`Recipe`]: the data set's
//! features, the encoders, the method, the schedule, the optimiser, the seed. A recipe is
//! resolved in layers, each overriding the one before:
//!
//! 1. the published defaults ([`Recipe::default`]),
//! 2. the `[recipe]` section of the data set's `dataset.toml` ([`DatasetSpec`]),
//! 3. the experiment of a table ([`Grid`], [`Experiment`]),
//! 4. `--set key=value` on the command line.
//!
//! A resolved recipe and the data it names ([`DataLock`]) together give a [`CellId`]: two
//! tables that contain the same system share the cell, and a result is only ever shown
//! for the very recipe that made it.
//!
//! This crate knows neither tensors nor files of samples, so that a plan can be printed
//! in milliseconds.
//!
//! ```
//! use amst_recipe::{Grid, Modality, Recipe, resolve};
//!
//! let table2 = Grid::named("table2")?;
//! let experiment = table2.experiment("6")?;
//! let digits = serde_json::json!({ "modalities": ["audio", "visual"], "skip": { "audio": 5 } });
//! let recipe: Recipe = resolve(&[digits, experiment.set.clone()], &["epochs=12".into()])?;
//! assert_eq!(recipe.epochs, 12);
//! assert_eq!(recipe.modalities, [Modality::Audio, Modality::Visual]);
//! # Ok::<(), amst_recipe::RecipeError>(())
//! ```
#![warn(missing_docs)]

mod cell;
mod dataset;
mod error;
mod grid;
mod lock;
mod modality;
mod published;
mod recipe;
mod resolve;
mod result;
mod suggest;

pub use cell::{CODE_EPOCH, Cell, CellId};
pub use dataset::{Columns, DatasetSpec, Layout, ResolvedDataset, SYNTHETIC, find_dataset, known_datasets};
pub use error::RecipeError;
pub use grid::{Experiment, Grid};
pub use lock::DataLock;
pub use modality::Modality;
pub use published::{PAPER_DATASETS, PaperDataset, Published};
pub use recipe::{
    AudioSpec, Every, Execution, JointMode, MethodName, Never, Optim, Recipe, SkipSpec, Stem, SyntheticSpec,
    TextEncoder, TextSpec, VisualSpec,
};
pub use resolve::{keys, resolve};
pub use result::{CellResult, OutputMetrics, RESULT_SCHEMA, Selected, TestResult, Timing};
pub use suggest::nearest;
