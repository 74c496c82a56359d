//! What goes in and out besides results: initial weights, the log of steps, features, recorded cases.

mod features;
mod initial_weights;
mod program;
mod replay;
mod step_log;
mod tokens;
