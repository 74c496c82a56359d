#![doc = include_str!("../README.md")]
//!
//! - [`Training`] is the loop itself (`trainer.rs`): it knows batches ([`BatchSource`]) and what is
//!   kept of them ([`Keeper`]), and no files,
//! - [`Trainer`] runs it in a run directory, tests the selected epoch and reports [`Event`]s,
//! - [`build`] makes the method and the network that a recipe describes,
//! - [`SelectedNetwork`] is a trained network in use: it predicts, is evaluated and exported,
//! - [`Run`] is the directory in which all of it is kept: recipe, environment, events,
//!   predictions and, written last, `result.json`.
//!
//! A result depends on the recipe, the data and nothing else: not on the number of threads,
//! not on what ran before. It holds no times; those are in `timing.json`.
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod average_precision;
mod balance;
mod batches;
mod budget;
mod build;
mod checkpoint;
mod environment;
mod error;
mod evaluate;
mod event;
mod filesystem;
mod interrupt;
mod leased_disk;
mod logits;
mod metrics;
mod network;
mod pace;
mod parameters;
mod pending_logits;
mod predictions;
mod progress;
mod run;
mod run_keeper;
mod status;
mod step_log;
mod text_encoder;
mod timed;
mod trace;
mod train_run;
mod trainer;
mod upload;
mod writer;

pub use amst_lease::{Holder, LeaseError, Warning};
pub use batches::{BatchSource, BatchStream, LoadedBatch, ReadPlan};
pub use build::{Built, build, check};
pub use checkpoint::{CHECKPOINT_FORMAT, Checkpoint, CheckpointError, FileEntry, Kind, Manifest};
pub use environment::peak_memory_mib;
pub use error::TrainError;
pub use evaluate::{EmbeddingCache, Evaluation, Evaluator};
pub use event::{Event, EventKind};
pub use filesystem::{Content, Disk, FileSystem};
pub use interrupt::{Interrupt, Signal};
pub use metrics::OutputScores;
pub use network::{
    Answer, ExportPart, Exported, FoundNetwork, NetworkPath, Prediction, Predictor,
    SelectedNetwork, find_network,
};
pub use pace::{Keep, SaveEvery};
pub use run::Run;
pub use status::{RunState, RunStatus, status};
pub use timed::{EpochKind, Timed, TimedEpoch};
pub use train_run::Trainer;
pub use trainer::{Keeper, StepDone, Training};
pub use upload::upload;
