//! What must hold of every run, whatever the data: who moves in a skip epoch, that the two
//! ways of skipping train the same weights, what the heads compute.

mod divergence;
mod executions;
mod heads;
mod missing;
mod recalibration;
mod skipping;
mod text;
mod toy;
#[path = "../toy/mod.rs"]
mod toy_network;
mod turns;
