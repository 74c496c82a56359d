//! The files that are packed, whatever the format.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail, ensure};

/// A file below the folder that something is installed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedFile {
    /// Its path there, with `/`.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// What every package holds.
pub struct Payload {
    program: Vec<u8>,
    /// `spoken-digits/dataset.toml` and all others, sorted.
    datasets: Vec<PackedFile>,
    /// By name, sorted.
    licences: Vec<PackedFile>,
}

impl Payload {
    /// The program with the tracked files of the workspace `root` that it needs; an untracked
    /// data set beside them is not packed. `third_party` are the licences of what it links.
    ///
    /// # Errors
    ///
    /// The workspace is no git clone, or a file cannot be read.
    pub fn collect(root: &Path, program: Vec<u8>, third_party: &str) -> anyhow::Result<Self> {
        let mut datasets = Vec::new();
        for path in tracked(root, "datasets")? {
            datasets.push(PackedFile {
                bytes: read(&root.join("datasets").join(&path))?,
                path,
            });
        }
        let mut licences = vec![PackedFile {
            path: "THIRD-PARTY.txt".into(),
            bytes: third_party.into(),
        }];
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            licences.push(PackedFile {
                path: name.into(),
                bytes: read(&root.join(name))?,
            });
        }
        licences.sort_by(|one, other| one.path.cmp(&other.path));
        Ok(Self {
            program,
            datasets,
            licences,
        })
    }

    /// The bytes of the program.
    pub fn program(&self) -> &[u8] {
        &self.program
    }

    /// Below `share/amst/datasets`, where the program looks (`crates/amst-cli/src/datasets.rs`).
    pub fn datasets(&self) -> impl Iterator<Item = PackedFile> {
        self.datasets.iter().map(|file| PackedFile {
            path: format!("share/amst/datasets/{}", file.path),
            bytes: file.bytes.clone(),
        })
    }

    /// Licences of the project and of what it links.
    pub fn licences(&self) -> &[PackedFile] {
        &self.licences
    }
}

/// The files that git knows below a folder of the workspace, by their paths there, sorted.
pub fn tracked(root: &Path, folder: &str) -> anyhow::Result<Vec<String>> {
    let listed = Command::new("git")
        .args(["ls-files", "-z", "--", "."])
        .current_dir(root.join(folder))
        .output()
        .context("cannot start git, which says what of the workspace is packed")?;
    ensure!(
        listed.status.success(),
        "git does not say which files of {} belong to the project: run this in a clone ({})",
        root.join(folder).display(),
        String::from_utf8_lossy(&listed.stderr).trim()
    );
    let text = String::from_utf8(listed.stdout).context("a file name is not UTF-8")?;
    let mut names: Vec<String> = text.split_terminator('\0').map(str::to_string).collect();
    if names.is_empty() {
        bail!("git knows no file in {}", root.join(folder).display());
    }
    names.sort();
    Ok(names)
}

/// A file's bytes.
pub fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
