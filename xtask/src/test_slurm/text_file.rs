//! Small files.

use std::path::Path;

use anyhow::Context;

/// Reads a file, with its name in the error.
pub fn read(file: &Path) -> anyhow::Result<String> {
    std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
}
