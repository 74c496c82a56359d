//! The fragment of cargo's configuration that this machine's devices need: `.cargo/local.toml`, which
//! git ignores and `.cargo/config.toml` includes where it exists.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::root;

/// What the fragment says. Each command changes its own part and leaves the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fragment {
    /// LibTorch's folder.
    pub libtorch: Option<PathBuf>,
    /// The package that takes the place of cubecl-llvm.
    pub cubecl_llvm: Option<PathBuf>,
}

impl Fragment {
    /// What earlier calls wrote; nothing if there was none.
    pub fn read() -> Self {
        let text = std::fs::read_to_string(path()).unwrap_or_default();
        Self::parse(&text)
    }

    /// Writes it and says where it is. An equal one is left as it is, so that cargo sees nothing new.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or a folder's name is not UTF-8.
    pub fn write(&self) -> anyhow::Result<PathBuf> {
        let path = path();
        let text = self.text()?;
        if std::fs::read_to_string(&path).unwrap_or_default() == text {
            return Ok(path);
        }
        std::fs::write(&path, text)
            .with_context(|| format!("{} cannot be written", path.display()))?;
        Ok(path)
    }

    fn parse(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap_or_default();
        let folder = |keys: &[&str]| {
            let mut value = table.get(keys[0])?;
            for key in &keys[1..] {
                value = value.get(key)?;
            }
            value.as_str().map(PathBuf::from)
        };
        Self {
            libtorch: folder(&["env", "LIBTORCH"]),
            cubecl_llvm: folder(&["patch", "crates-io", "cubecl-llvm", "path"]),
        }
    }

    fn text(&self) -> anyhow::Result<String> {
        let mut text = String::from(
            "# Written by `cargo xtask setup`. What the environment says comes first.\n",
        );
        if let Some(libtorch) = &self.libtorch {
            let folder = quoted(libtorch)?;
            text += &format!(
                "[env]\nLIBTORCH = {folder}\n\
                 # Threads of LibTorch that wait by spinning take the cores from other programs.\n\
                 OMP_WAIT_POLICY = \"passive\"\n"
            );
        }
        if let Some(package) = &self.cubecl_llvm {
            let folder = quoted(package)?;
            text += &format!(
                "# Instead of the one whose build downloads LLVM from GitHub.\n\
                 [patch.crates-io]\ncubecl-llvm = {{ path = {folder} }}\n"
            );
        }
        Ok(text)
    }
}

/// What an earlier call wrote. cargo hands it to this program as `LIBTORCH`, as if a person had
/// named it.
pub fn named() -> Option<PathBuf> {
    Fragment::read().libtorch
}

fn path() -> PathBuf {
    root().join(".cargo/local.toml")
}

/// A JSON string is a TOML string too, but for DEL and what JSON leaves out of escapes; a path has
/// neither.
fn quoted(folder: &Path) -> anyhow::Result<String> {
    let name = folder
        .to_str()
        .with_context(|| format!("{} has a name that is not UTF-8; move it", folder.display()))?;
    Ok(serde_json::to_string(name)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_reads_both_folders_back_and_so_does_this_program() {
        let folder = Path::new("/a \"b\"\\c/ü");
        let fragment = Fragment {
            libtorch: Some(folder.into()),
            cubecl_llvm: Some(folder.join("d")),
        };
        let text = fragment.text().unwrap();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["env"]["LIBTORCH"].as_str(), folder.to_str());
        assert_eq!(table["env"]["OMP_WAIT_POLICY"].as_str(), Some("passive"));
        assert_eq!(
            table["patch"]["crates-io"]["cubecl-llvm"]["path"].as_str(),
            folder.join("d").to_str()
        );
        assert_eq!(Fragment::parse(&text), fragment);
    }

    #[test]
    fn what_is_not_said_is_left_out() {
        let fragment = Fragment::default();
        let table: toml::Table = fragment.text().unwrap().parse().unwrap();
        assert!(table.is_empty());
        assert_eq!(Fragment::parse(""), fragment);
    }
}
