//! Where pretrained text models lie.

use std::path::PathBuf;

use amst_fetch::{FetchError, hub};

/// The folder of a fetched model, or which of its files to put where.
pub fn locate(name: &str) -> Result<PathBuf, String> {
    match hub::located(name) {
        Ok(folder) => Ok(folder.path),
        Err(error @ FetchError::UnknownModel { .. }) => {
            Err(format!("{error}; or use `bag`, `transformer`, or the path of a folder with a model's files"))
        }
        Err(error) => Err(error.to_string()),
    }
}
