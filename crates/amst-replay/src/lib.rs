//! Replays recorded training runs, so that two implementations can be held against each other.
//!
//! A *case* is a folder that some implementation wrote: settings, batches, initial weights and
//! what came out. [`replay`] trains exactly as the settings say and returns the same numbers,
//! [`Replay::write`] puts them into the same files. The format is in `docs/parity.md`.
//!
//! - [`Case`]: the folder, read and checked,
//! - [`Replay`]: every step's losses, every epoch's evaluation, the last logits, the final
//!   weights and velocities, under the names of the format.
//!
//! ```
//! use std::path::Path;
//!
//! use amst_replay::{Case, replay};
//! use burn::tensor::Device;
//!
//! let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/trajectories");
//! let case = Case::open(&cases.join("unimodal-a"))?;
//! let run = replay(&case, &Device::flex())?;
//! assert_eq!(run.logits["fused"], run.logits["a"]);
//!
//! let out = tempfile::tempdir()?;
//! run.write(out.path())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod batches;
mod case;
mod error;
mod network;
mod outcome;
mod recipe;
mod run;
mod tensors;

pub use case::Case;
pub use error::ReplayError;
pub use outcome::{Evaluation, Replay, Step};
pub use run::replay;
pub use tensors::{Tensors, read_tensors};
