//! What all runs of a pool have in common.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::Folders;

/// How runs are started.
pub struct RunContext<'a> {
    /// The program `amst`.
    pub program: &'a Path,
    /// The folder in which it is started.
    pub working_dir: &'a Path,
    /// The folder of data sets by name.
    pub datasets: &'a Path,
    /// `--device`; runs at the same time have different ones, as far as there are so many.
    pub devices: &'a [String],
    /// Where runs and their recipes are kept.
    pub folders: &'a Folders,
    /// Runs at the same time, at least one.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Whether no run is to be started any more, as after Ctrl-C.
    pub stop: &'a AtomicBool,
}

impl RunContext<'_> {
    /// Whether no run is to be started any more.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }
}
