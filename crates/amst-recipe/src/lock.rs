//! The identity of a data set's content, cheap enough for a plan.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Layout, RecipeError, ResolvedDataset};

/// SHA-256 over the descriptor's layout, columns and classes, the manifest, and the path and
/// length of every file but prose, hidden files and our own.
///
/// The content of the media files themselves is hashed once, when the store is prepared;
/// hashing gigabytes for every plan would make the plan useless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataLock(String);

impl DataLock {
    /// The lock of a data set as it lies on disk now.
    ///
    /// # Errors
    ///
    /// The manifest or a folder cannot be read.
    pub fn of(dataset: &ResolvedDataset) -> Result<Self, RecipeError> {
        let mut hash = Sha256::new();
        // Settings are part of the recipe; only what tells which samples there are counts here.
        let spec = &dataset.spec;
        let facts = serde_json::json!({ "layout": spec.layout, "columns": spec.columns, "classes": spec.classes });
        hash.update(facts.to_string());
        if spec.layout != Layout::Synthetic {
            let manifest = dataset.root.join(&spec.manifest);
            let bytes = std::fs::read(&manifest).map_err(|source| RecipeError::Io { path: manifest, source })?;
            hash.update(bytes);
            list(&dataset.root, Path::new(""), &mut hash)?;
        }
        Ok(Self(hex(&hash.finalize())))
    }

    /// The lower-case hexadecimal digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DataLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Feeds the relative path and length of each file under `root`, in sorted order.
fn list(root: &Path, below: &Path, hash: &mut Sha256) -> Result<(), RecipeError> {
    let folder = root.join(below);
    let failed = |source| RecipeError::Io { path: folder.clone(), source };
    let mut entries = std::fs::read_dir(&folder).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let name = entry.file_name();
        let path = below.join(&name);
        let name = name.to_string_lossy();
        // What we write ourselves, and prose, do not change what is learnt.
        let is_ours = below.as_os_str().is_empty() && matches!(&*name, "store" | "dataset.toml");
        if name.starts_with('.') || name.ends_with(".md") || is_ours {
            continue;
        }
        let meta = std::fs::metadata(entry.path()).map_err(failed)?;
        if meta.is_dir() {
            list(root, &path, hash)?;
        } else {
            hash.update(path.to_string_lossy().as_bytes());
            hash.update([0]);
            hash.update(meta.len().to_le_bytes());
        }
    }
    Ok(())
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
