#![doc = include_str!("../README.md")]
//!
//! A *case* is a folder that some implementation wrote: settings, batches, initial weights and
//! what came out. [`replay`] trains exactly as the settings say and returns the same numbers,
//! [`Replay::write`] puts them into the same files. The format is in `docs/parity.md`.
//!
//! - [`Case`]: the folder, read and checked,
//! - [`Replay`]: every step's losses, every epoch's evaluation, the last logits, the final
//!   weights and velocities, under the names of the format.
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
