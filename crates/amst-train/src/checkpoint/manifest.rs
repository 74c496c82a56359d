//! `manifest.json`: the run that a checkpoint belongs to, and its files.

use std::collections::BTreeMap;
use std::path::Path;

use amst_files::sha256_hex;
use amst_recipe::{CellId, DataLock};
use serde::{Deserialize, Serialize};

use super::CheckpointError;

/// Version of the layout of a checkpoint.
pub const CHECKPOINT_FORMAT: u64 = 1;

/// The file's name.
pub(crate) const MANIFEST: &str = "manifest.json";

/// What a checkpoint is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A run can resume from it.
    State,
    /// The network that a finished run selected.
    Selected,
}

/// A file of a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileEntry {
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of its bytes, in hexadecimal digits.
    pub sha256: String,
}

/// `manifest.json`, the file that is written last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`CHECKPOINT_FORMAT`].
    pub format: u64,
    /// What wrote it, with its version.
    pub program: String,
    /// The version of burn that computed it.
    pub burn: String,
    /// The device that computed it, as burn names it.
    pub device: String,
    /// What it is for.
    pub kind: Kind,
    /// Identity of recipe and data.
    pub cell: CellId,
    /// Identity of the data.
    pub data: DataLock,
    /// [`CODE_EPOCH`](amst_recipe::CODE_EPOCH) of the program that wrote it.
    pub code_epoch: u32,
    /// Names of the classes, by index.
    pub classes: Vec<String>,
    /// The current epoch of the run, or the selected one; counted from 0.
    pub epoch: usize,
    /// Steps done in that epoch; 0 if it has not begun.
    pub step: usize,
    /// By name.
    pub files: BTreeMap<String, FileEntry>,
}

/// What every format has in common.
#[derive(Deserialize)]
struct Head {
    format: u64,
    program: String,
}

/// Between the manifest and its own hash.
const SEAL: &str = ",\n  \"seal\": \"";
const END: &str = "\"\n}\n";

impl Manifest {
    /// The bytes of the file: JSON, whose last member is the SHA-256 of all bytes before that
    /// member.
    pub fn sealed(&self) -> Vec<u8> {
        let text = serde_json::to_string_pretty(self).expect("plain data");
        let body = text
            .strip_suffix("\n}")
            .expect("an object, one member a line");
        format!("{body}{SEAL}{}{END}", sha256_hex(body)).into_bytes()
    }

    /// Reads the file of the checkpoint `dir`.
    pub(crate) fn parse(bytes: &[u8], dir: &Path) -> Result<Self, CheckpointError> {
        let damaged = |why: &str| CheckpointError::Damaged {
            path: dir.join(MANIFEST),
            why: why.into(),
        };
        let text = std::str::from_utf8(bytes).map_err(|_| damaged("not text"))?;
        let (body, seal) = text
            .rsplit_once(SEAL)
            .ok_or_else(|| damaged("it does not end in its own hash"))?;
        if seal.strip_suffix(END) != Some(sha256_hex(body).as_str()) {
            return Err(damaged("its hash is not that of its text"));
        }
        let whole = format!("{body}\n}}");
        let head: Head = serde_json::from_str(&whole).map_err(|e| damaged(&e.to_string()))?;
        if head.format != CHECKPOINT_FORMAT {
            return Err(CheckpointError::Format {
                dir: dir.into(),
                format: head.format,
                program: head.program,
            });
        }
        serde_json::from_str(&whole).map_err(|e| damaged(&e.to_string()))
    }

    /// Bytes of all its files.
    pub fn bytes(&self) -> u64 {
        self.files.values().map(|file| file.bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The file format, which other programs may check too.
    #[test]
    fn the_last_member_is_the_sha256_of_all_bytes_before_it() {
        let manifest = Manifest {
            format: CHECKPOINT_FORMAT,
            program: "amst".into(),
            burn: "0".into(),
            device: "none".into(),
            kind: Kind::State,
            cell: serde_json::from_value("0123456789abcdef".into()).unwrap(),
            data: serde_json::from_value("0".repeat(64).into()).unwrap(),
            code_epoch: 1,
            classes: vec!["yes".into()],
            epoch: 2,
            step: 3,
            files: BTreeMap::new(),
        };
        let bytes = manifest.sealed();
        assert_eq!(
            Manifest::parse(&bytes, Path::new("here")).unwrap(),
            manifest
        );
        let text = String::from_utf8(bytes).unwrap();
        let tail = format!(",\n  \"seal\": \"{}\"\n}}\n", "0".repeat(64)).len();
        let (body, seal) = text.split_at(text.len() - tail);
        let digest = sha256_hex(body);
        assert_eq!(seal, format!(",\n  \"seal\": \"{digest}\"\n}}\n"));
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!((&json["seal"], &json["step"]), (&digest.into(), &3.into()));
    }
}
