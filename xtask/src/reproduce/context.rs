//! What all runs of a table have in common.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::folders::Folders;

/// How the runs of a table are started.
pub struct RunContext<'a> {
    /// The program `amst`.
    pub program: &'a Path,
    /// `--device`; runs at the same time have different ones, as far as there are so many.
    pub devices: &'a [String],
    /// Where runs and their recipes are kept.
    pub folders: &'a Folders,
    /// Runs at the same time.
    pub jobs: usize,
    /// Threads of each.
    pub threads: usize,
    /// Whether Ctrl-C was pressed: then no run is started any more.
    pub interrupted: &'a AtomicBool,
}

impl RunContext<'_> {
    /// Whether Ctrl-C was pressed.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
}
