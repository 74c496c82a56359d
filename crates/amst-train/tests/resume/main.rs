//! A run that is stopped anywhere and started again ends in the bytes of one that never was.

#[allow(dead_code)] // Shared with the tests of equal runs, which need more of it.
#[path = "../reproducibility/cells.rs"]
mod cells;
mod cut;
mod damage;
mod diverged;
mod every_method;
mod finished;
mod refusals;
