//! What a run promises: that it can be repeated to the byte, what it writes and in which
//! order, how it fails.

mod beside;
mod budgets;
mod cells;
mod directory;
mod equal_runs;
mod evaluator;
mod every_method;
mod failures;
mod own_encoder;
mod profile;
// Elsewhere another C library, or no FMA, rounds otherwise.
#[cfg(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu"))]
mod recorded_weights;
mod tested_epochs;
mod text;
