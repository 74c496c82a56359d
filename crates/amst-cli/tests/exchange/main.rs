//! What goes in and out besides results: initial weights, the log of steps, features, recorded
//! cases, lists.

mod audit;
mod fbank;
mod features;
mod figure;
mod frames;
mod initial_weights;
mod program;
mod python;
mod replay;
mod report;
mod step_log;
mod sweeps;
mod tokens;
