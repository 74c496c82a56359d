//! The fragment of cargo's configuration that names LibTorch: `.cargo/local.toml`, which git
//! ignores and `.cargo/config.toml` includes where it exists.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::workspace::root;

/// Writes the fragment and says where it is. An equal one is left as it is, so that cargo sees
/// nothing new.
pub fn write(libtorch: &Path) -> anyhow::Result<PathBuf> {
    let path = root().join(".cargo/local.toml");
    let text = text(libtorch)?;
    if std::fs::read_to_string(&path).is_ok_and(|old| old == text) {
        return Ok(path);
    }
    std::fs::write(&path, text).with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(path)
}

/// What an earlier call wrote. cargo hands it to this program as `LIBTORCH`, as if a person had
/// named it.
pub fn named() -> Option<PathBuf> {
    read(&std::fs::read_to_string(root().join(".cargo/local.toml")).ok()?)
}

fn read(text: &str) -> Option<PathBuf> {
    let folder = text
        .lines()
        .find_map(|line| line.strip_prefix("LIBTORCH = "))?;
    serde_json::from_str(folder).ok()
}

fn text(libtorch: &Path) -> anyhow::Result<String> {
    let folder = libtorch
        .to_str()
        .context("LibTorch's folder has a name that is not UTF-8; move it")?;
    // A JSON string is a TOML string too, but for DEL and what JSON leaves out of escapes; a path
    // has neither.
    let folder = serde_json::to_string(folder)?;
    Ok(format!(
        "# Written by `cargo xtask setup tch`. What the environment says comes first.\n[env]\nLIBTORCH = {folder}\n\
         # Threads of LibTorch that wait by spinning take the cores from other programs.\n\
         OMP_WAIT_POLICY = \"passive\"\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cargo_reads_the_folder_back() {
        let folder = Path::new("/a \"b\"\\c/ü");
        let table: toml::Table = text(folder).unwrap().parse().unwrap();
        assert_eq!(table["env"]["LIBTORCH"].as_str(), folder.to_str());
        assert_eq!(table["env"]["OMP_WAIT_POLICY"].as_str(), Some("passive"));
        assert_eq!(read(&text(folder).unwrap()).as_deref(), Some(folder));
    }
}
