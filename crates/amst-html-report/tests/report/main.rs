//! Pages of run directories whose numbers are known.

mod browser;
mod page;
#[allow(dead_code)]
#[path = "../../../amst-figures/tests/figures/runs.rs"]
mod runs;
mod sample;
