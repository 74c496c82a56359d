//! `--volume CLAIM=PATH`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use crate::ReproduceError;

/// A PersistentVolumeClaim and where it is mounted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub claim: String,
    /// An absolute path.
    pub path: PathBuf,
}

impl Volume {
    /// Refuses a volume that lacks a folder.
    pub(super) fn check_holds(&self, folder: &Path) -> Result<(), ReproduceError> {
        if folder.starts_with(&self.path) {
            return Ok(());
        }
        Err(ReproduceError::Usage(format!(
            "{} is not on the volume, which is at {}: give a folder below that, `--out {}`",
            folder.display(),
            self.path.display(),
            self.path.join("reproduce").display(),
        )))
    }
}

impl FromStr for Volume {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((claim, path)) if !claim.is_empty() && path.starts_with('/') => Ok(Self {
                claim: claim.into(),
                path: path.into(),
            }),
            _ => Err("write CLAIM=PATH with an absolute path, for example shared=/shared".into()),
        }
    }
}
