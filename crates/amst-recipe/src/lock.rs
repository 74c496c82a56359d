//! The identity of a data set's content, cheap enough for a plan.

use std::fmt;
use std::path::{Path, PathBuf};

use amst_files::{hex, sha256};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Layout, RecipeError, ResolvedDataset};

/// Data sets of up to this many bytes are hashed whole, which takes a fraction of a second.
const CONTENT_UP_TO: u64 = 64 << 20;

/// SHA-256 over layout, columns and classes, the manifest or lists, and every other file of the
/// folder.
///
/// Of a folder of up to 64 MiB the files' content counts; of a larger one their paths and
/// lengths, because hashing gigabytes for every plan would make the plan useless. There the
/// content is hashed when the store is prepared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DataLock(String);

impl DataLock {
    /// The lock of a data set as it is on disk now.
    ///
    /// # Errors
    ///
    /// The manifest or a folder cannot be read.
    pub fn of(dataset: &ResolvedDataset) -> Result<Self, RecipeError> {
        Self::with_content_up_to(CONTENT_UP_TO, dataset)
    }

    fn with_content_up_to(limit: u64, dataset: &ResolvedDataset) -> Result<Self, RecipeError> {
        let mut hash = Sha256::new();
        // Settings are part of the recipe; only what says which samples there are counts here.
        let spec = &dataset.spec;
        let mut facts = serde_json::json!({ "layout": spec.layout, "columns": spec.columns, "classes": spec.classes });
        // Only the audit reads it.
        facts["columns"]
            .as_object_mut()
            .expect("columns are an object")
            .remove("group");
        // What came later counts only where it says something, so that older identities stay.
        if let Some(lists) = &spec.lists {
            facts["lists"] = serde_json::json!(lists);
        }
        if !spec.folds.is_empty() {
            facts["folds"] = serde_json::json!(spec.folds);
        }
        if spec.frames_per_second != 1 {
            facts["frames_per_second"] = spec.frames_per_second.into();
        }
        hash.update(facts.to_string());
        if spec.layout != Layout::Synthetic {
            for table in spec.tables() {
                hash.update(read(&dataset.root.join(table))?);
            }
            let mut files = Vec::new();
            list(&dataset.root, Path::new(""), &mut files)?;
            let with_content = files.iter().map(|file| file.length).sum::<u64>() <= limit;
            for file in &files {
                file.feed(&dataset.root, with_content, &mut hash)?;
            }
        }
        Ok(Self(hex::encode(hash.finalize())))
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

/// A file of the data set.
struct Listed {
    /// From the data set's folder.
    path: PathBuf,
    length: u64,
}

impl Listed {
    fn feed(&self, root: &Path, with_content: bool, hash: &mut Sha256) -> Result<(), RecipeError> {
        hash.update(self.path.to_string_lossy().as_bytes());
        hash.update([0]);
        hash.update(self.length.to_le_bytes());
        if with_content {
            hash.update(sha256(read(&root.join(&self.path))?));
        }
        Ok(())
    }
}

fn read(path: &Path) -> Result<Vec<u8>, RecipeError> {
    std::fs::read(path).map_err(|source| RecipeError::Io {
        path: path.into(),
        source,
    })
}

/// Every file under `root` that counts, in sorted order.
fn list(root: &Path, below: &Path, files: &mut Vec<Listed>) -> Result<(), RecipeError> {
    let folder = root.join(below);
    let failed = |source| RecipeError::Io {
        path: folder.clone(),
        source,
    };
    let mut entries = std::fs::read_dir(&folder)
        .map_err(failed)?
        .collect::<Result<Vec<_>, _>>()
        .map_err(failed)?;
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
            list(root, &path, files)?;
        } else {
            files.push(Listed {
                path,
                length: meta.len(),
            });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DatasetSpec;

    #[test]
    fn content_counts_up_to_the_limit_and_length_beyond_it() {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("manifest.csv", "id,label,split,audio\n");
        write("a.wav", "one");
        let spec = DatasetSpec::default();
        let dataset = ResolvedDataset {
            spec,
            root: folder.path().into(),
        };
        let locks = || {
            [0, CONTENT_UP_TO].map(|limit| DataLock::with_content_up_to(limit, &dataset).unwrap())
        };
        let [length, content] = locks();
        write("a.wav", "two");
        assert_eq!(locks()[0], length);
        assert_ne!(locks()[1], content);
    }
}
