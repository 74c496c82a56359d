//! Paths within a plan.

use std::path::Path;

use crate::ReproduceError;

/// A path in a text of one line.
pub(crate) fn text_of(path: &Path) -> Result<String, ReproduceError> {
    match path.to_str() {
        Some(text) if !text.contains(['\n', '\r', '\0']) => Ok(text.into()),
        _ => Err(ReproduceError::Usage(format!(
            "a plan cannot hold the path {path:?}: use a folder whose name is UTF-8 without line \
             breaks, `--out DIR`"
        ))),
    }
}
