//! From raw files to a trained network, for each of the paper's data sets in small.

mod audit;
mod faults;
mod program;
#[path = "../../../amst-data/tests/replica/mod.rs"]
mod replica;
mod sixth;
mod training;
