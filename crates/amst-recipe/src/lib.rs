//! What to run, as plain data.
//!
//! Everything that decides a training run's result is a [`Recipe`]: the data set's
//! features, the encoders, the method, the schedule, the optimiser, the seed. A recipe is
//! resolved in layers, each overriding the one before:
//!
//! 1. the published defaults ([`Recipe::default`]; on the paper's data sets also
//!    [`MethodCard::defaults`]),
//! 2. the `[recipe]` section of the data set's `dataset.toml` ([`DatasetSpec`]),
//! 3. a [`Preset`] of the method, from its [`MethodCard`] ([`resolve_preset`]),
//! 4. the experiment of a table ([`Grid`], [`Experiment`]),
//! 5. `--set key=value` on the command line.
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

mod baseline_checks;
mod baselines;
mod card;
mod cell;
mod check;
mod dataset;
mod describe;
mod deviation;
mod error;
mod explain;
mod grid;
mod listing;
mod lock;
mod memory;
mod method;
mod modality;
mod operations;
mod page;
mod precision;
mod preset;
mod published;
mod recipe;
mod resolve;
mod result;
mod row;
mod shapes;
mod suggest;
mod text;
mod text_model;
mod text_models;
mod times;

pub use baselines::{
    AgmSpec, BlendingSpec, BudgetSpec, BudgetUnit, FusionHead, MlaFusion, MlaModification, MlaSpec,
    MlaTarget, MslrSpec, MslrStrategy, NaiveSpec, OgmScope, OgmSpec, OgmTrimodal, PmrRule, PmrSpec,
    PmrWeights, PrototypeSplit, Rates, StoppingSpec,
};
pub use card::{Case, MethodCard, Parameter, PresetCard, Presets, Reference};
pub use cell::{CODE_EPOCH, Cell, CellId};
pub use dataset::find::{find_dataset, find_raw, known_datasets, raw_place, remember_raw};
pub use dataset::{
    Columns, DatasetSpec, Layout, ListFormat, Lists, ResolvedDataset, SYNTHETIC, Samples,
};
pub use describe::describe_dataset;
pub use deviation::{Deviation, deviations};
pub use error::RecipeError;
pub use explain::{Change, Decision, Explanation, PresetLine, Setting};
pub use grid::{Experiment, Grid};
pub use listing::Listing;
pub use lock::DataLock;
pub use method::MethodName;
pub use modality::Modality;
pub use precision::Precision;
pub use preset::Preset;
pub use published::{PAPER_DATASETS, PaperDataset, Published};
pub use recipe::{
    AudioSpec, Every, Execution, JointMode, Never, Optim, Recipe, SkipSpec, Stem, SyntheticSpec,
    VisualSpec,
};
pub use resolve::{keys, resolve, resolve_preset};
pub use result::{CellResult, OutputMetrics, RESULT_SCHEMA, Selected, TestResult, Timing};
pub use suggest::nearest;
pub use text::{TextEncoder, TextSpec};
pub use text_model::{TextModel, TextModelSizes};
pub use text_models::TextModels;
pub use times::{TIMES, TimedSystem, TimesTable};
