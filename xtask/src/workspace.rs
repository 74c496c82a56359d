//! Where this workspace lies and which cargo called us.

use std::path::{Path, PathBuf};
use std::process::Command;

/// The top folder. Asked of cargo at run time, so that a moved clone need not be rebuilt.
pub fn root() -> PathBuf {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let here = here
        .filter(|dir| dir.ends_with("xtask"))
        .unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    here.parent().map(Path::to_path_buf).unwrap_or(here)
}

/// The same cargo, started at the top.
pub fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}
