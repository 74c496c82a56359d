#![doc = include_str!("../README.md")]
//!
//! | for | there is |
//! |---|---|
//! | the whole command | [`reproduce`], given [`Args`] and what the program says of itself, a [`Caller`] |
//! | the cells of a table | [`Request`], [`Plan`] |
//! | what is missing, as commands for other programs | [`PlanExport`], [`read_jsonl`] |
//! | a table through a SLURM cluster | [`SlurmArgs`], [`StatusReport`] |
//! | any list of runs, several at a time | [`Job`], [`prepare_all`], [`train_all`] |
//! | sharing that list with other processes | [`Claims`] |
//! | what becomes of each, as data | [`Event`] for an [`Observer`], [`JobOutcome`] |
#![warn(missing_docs)]

mod args;
mod budget;
mod caller;
mod child;
mod claims;
mod columns;
mod command;
mod concurrency;
mod cost;
mod device;
mod error;
mod estimate;
mod export;
mod export_plan;
mod figure;
mod folders;
mod interrupt;
mod job;
mod outcome;
mod plan;
mod pool;
mod process_args;
mod progress;
mod protocol;
mod report;
mod request;
mod run_context;
mod run_jobs;
mod slurm;
mod suggest_skip;
mod summary;
mod sweep;
mod times;
mod trials;
mod work;

pub use args::{Args, TimesArgs};
pub use budget::Budget;
pub use caller::{AmstPrograms, Caller};
pub use claims::{Claim, Claims, UnlessDone, UnlessHeld};
pub use command::{Finished, reproduce};
pub use concurrency::{available_memory, concurrent_runs};
pub use cost::Cost;
pub use device::{Backend, Devices};
pub use error::ReproduceError;
pub use estimate::{Estimate, Estimates, duration_text, makespan};
pub use export::{
    ExportSettings, FormatArgs, PLANNED_RUN_SCHEMA, PlanExport, PlanFormat, PlannedRun, Volume,
    read_jsonl,
};
pub use export_plan::export_plan;
pub use figure::FigureArgs;
pub use folders::Folders;
pub use job::Job;
pub use outcome::{Event, Failure, Fault, JobOutcome};
pub use plan::Plan;
pub use pool::{Observer, PreparedJobs, prepare_all, train_all};
pub use process_args::{PoolArgs, ProcessArgs};
pub use progress::Progress;
pub use protocol::Message;
pub use request::Request;
pub use run_context::RunContext;
pub use slurm::{
    Launcher, RunReport, RunState, SbatchOption, SlurmArgs, SlurmError, StatusReport, TimeLimit,
};
pub use suggest_skip::{SuggestSkipArgs, suggest_skip};
pub use sweep::{Over, SWEEP_SCHEMA, Search, SweepArgs, TriedSettings, Tuned, sweep};
pub use work::{WorkArgs, work};
