#![doc = include_str!("../README.md")]
//!
//! Everything that decides a training run's result is a [`Recipe`]: the data set's
//! features, the encoders, the method, the schedule, the optimiser, the seed. A recipe is
//! resolved in layers, each overriding the one before:
//!
//! 1. the published defaults ([`Methods::defaults`]; on the paper's data sets also
//!    [`MethodCard::defaults`]),
//! 2. the `[recipe]` section of the data set's `dataset.toml` ([`DatasetSpec`]),
//! 3. a [`Preset`] of the method, from its [`MethodCard`] ([`Methods::resolve_preset`]),
//! 4. the experiment of a table ([`Grid`], [`Experiment`]),
//! 5. `--set key=value` on the command line.
//!
//! A resolved recipe and the data it names ([`DataLock`]) together give a [`CellId`]: two
//! tables that contain the same system share the cell, and a result is only ever shown
//! for the very recipe that made it.
//!
//! This crate knows no method: each implements [`MethodFacts`], and [`Methods`] are those that a
//! program has (`amst::methods::built_in()`). It knows neither tensors nor files of samples, so
//! that a plan can be printed in milliseconds.
#![warn(missing_docs)]

mod auto_spec;
mod card;
mod cell;
mod check;
pub mod checks;
mod dataset;
mod describe;
mod deviation;
mod error;
mod explain;
mod facts;
mod folder_name;
mod grid;
mod listing;
mod lock;
mod memory;
mod method;
mod methods;
mod modality;
mod modality_schedule;
mod operations;
mod page;
mod precision;
mod preset;
mod published;
mod recipe;
mod resampling;
mod resolve;
mod result;
mod row;
mod section;
mod shapes;
mod shared;
mod skip;
mod skip_picture;
mod suggest;
mod text;
mod text_model;
mod text_models;
mod times;
#[cfg(test)]
mod toy;

pub use auto_spec::{AccuracyGapSpec, AutoRule, AutoSpec, GapSplit, PlateauSpec};
pub use card::{Case, MethodCard, Parameter, PresetCard, Presets, Reference};
pub use cell::{CODE_EPOCH, Cell, CellId};
pub use dataset::find::{find_dataset, find_raw, known_datasets, raw_place, remember_raw};
pub use dataset::{
    Columns, DEFAULT_DATASET, DatasetSpec, Layout, ListFormat, Lists, ResolvedDataset, SYNTHETIC,
    Samples,
};
pub use describe::describe_dataset;
pub use deviation::{Deviation, deviations};
pub use error::RecipeError;
pub use explain::{Change, ExplainedDeviation, Explanation, PresetLine, Setting};
pub use facts::{ENCODER_EPOCH, MethodFacts, OwnSettings};
pub use folder_name::check_folder_name;
pub use grid::{Experiment, FigureKind, Grid, ShownSplit};
pub use listing::Listing;
pub use lock::DataLock;
pub use method::MethodName;
pub use methods::{Methods, MethodsError};
pub use modality::Modality;
pub use modality_schedule::ModalitySchedule;
pub use precision::Precision;
pub use preset::Preset;
pub use published::{PAPER_DATASETS, PaperDataset, Published};
pub use recipe::{AudioSpec, JointMode, Optim, Recipe, Stem, SyntheticSpec, VisualSpec};
pub use result::{
    CellResult, EVENT_SCHEMA, OutputMetrics, RESULT_SCHEMA, Selected, TestResult, Timing,
};
pub use section::Section;
pub use shared::{BudgetSpec, BudgetUnit, FusionHead, Rates};
pub use skip::{Execution, SkipSpec};
pub use skip_picture::{SkipPicture, skip_picture};
pub use suggest::nearest;
pub use text::{TextEncoder, TextSpec};
pub use text_model::{TextModel, TextModelSizes};
pub use text_models::TextModels;
pub use times::{TIMES, TimedSystem, TimesTable};
