//! `suggestion.json`, which `amst suggest-skip` writes and `skip.MODALITY=suggested` reads.

use std::path::{Path, PathBuf};

use amst_files::sha256_hex;
use amst_recipe::{DataLock, Modality};
use serde::{Deserialize, Serialize};

use crate::SkipSuggestion;

/// Version of the layout of `suggestion.json`.
pub const SUGGESTION_SCHEMA: u32 = 2;

/// The file in a data set's folder of runs.
pub const STORED_SUGGESTION: &str = "suggestion.json";

/// The word that stands for a suggested skip parameter.
const WORD: &str = "suggested";

/// A suggestion, and what it was made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoredSuggestion {
    /// [`SUGGESTION_SCHEMA`].
    pub schema: u32,
    /// The data set.
    pub dataset: String,
    /// Identity of its content.
    pub data: DataLock,
    /// The first epochs, of which slopes were taken.
    pub epochs: usize,
    /// The seeds.
    pub seeds: Vec<u64>,
    /// The split on which accuracy was measured.
    pub split: String,
    /// What is suggested.
    pub suggestion: SkipSuggestion,
    /// The same from accuracies on the validation split.
    pub on_validation: Option<SkipSuggestion>,
    /// `skip.audio=3`, one a modality that has a slope.
    pub set: Vec<String>,
    /// The run directories.
    pub runs: Vec<PathBuf>,
}

/// Why a suggested skip parameter cannot be had.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum StoredSuggestionError {
    /// There is no file.
    #[error(
        "`{assignment}`: there is no {}; make it with `amst suggest-skip --dataset {dataset}`",
        file.display()
    )]
    Absent {
        /// As it was typed.
        assignment: String,
        /// Where it was looked for.
        file: PathBuf,
        /// The data set.
        dataset: String,
    },
    /// A file that is none.
    #[error("{} cannot be read: {why}; make it again with `amst suggest-skip`", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The words of the system or the parser.
        why: String,
    },
    /// A suggestion for other data.
    #[error(
        "{} was made for other data than {dataset} has now: make it again with \
         `amst suggest-skip --dataset {dataset}`",
        file.display()
    )]
    OtherData {
        /// The file.
        file: PathBuf,
        /// The data set.
        dataset: String,
    },
    /// Another file than the one whose hash is named.
    #[error(
        "`{assignment}`: {} has the hash {found}; write `suggested` to take it as it is",
        file.display()
    )]
    OtherFile {
        /// As it was typed.
        assignment: String,
        /// The file.
        file: PathBuf,
        /// The begin of its SHA-256.
        found: String,
    },
    /// The suggestion has nothing for the modality.
    #[error("`{assignment}`: {} has no skip parameter of it: {why}", file.display())]
    NoSkip {
        /// As it was typed.
        assignment: String,
        /// The file.
        file: PathBuf,
        /// Why.
        why: String,
    },
}

impl StoredSuggestion {
    /// The text of the file.
    pub fn json(&self) -> String {
        let value = serde_json::to_value(self).expect("a suggestion is plain data");
        format!("{value:#}\n")
    }
}

/// Settings in which each `skip.MODALITY=suggested`, or `=suggested:HASH` with the begin of the
/// file's SHA-256, is replaced by the skip parameter that `runs/DATASET/suggestion.json` has.
///
/// # Errors
///
/// There is no such file, it belongs to other data, or it has no skip parameter of the modality.
pub fn with_suggested_skips(
    settings: &[String],
    runs: &Path,
    dataset: &str,
    data: &DataLock,
) -> Result<Vec<String>, StoredSuggestionError> {
    let mut replaced = Vec::new();
    for setting in settings {
        let Some((modality, hash)) = asks_for(setting) else {
            replaced.push(setting.clone());
            continue;
        };
        let file = runs.join(dataset).join(STORED_SUGGESTION);
        let (stored, digest) = read(&file, setting, dataset)?;
        if stored.data != *data {
            let dataset = dataset.into();
            return Err(StoredSuggestionError::OtherData { file, dataset });
        }
        if !digest.starts_with(hash) {
            return Err(StoredSuggestionError::OtherFile {
                assignment: setting.clone(),
                file,
                found: digest[..8].into(),
            });
        }
        let own = stored.suggestion.modalities.get(&modality);
        match own.and_then(|own| own.skip) {
            Some(s) => replaced.push(format!("skip.{modality}={s}")),
            None => {
                let why = own.and_then(|own| own.no_slope.clone());
                return Err(StoredSuggestionError::NoSkip {
                    assignment: setting.clone(),
                    file,
                    why: why.unwrap_or_else(|| "it took no part".into()),
                });
            }
        }
    }
    Ok(replaced)
}

/// The modality of `skip.MODALITY=suggested`, and the hash behind a colon.
fn asks_for(setting: &str) -> Option<(Modality, &str)> {
    let (key, value) = setting.split_once('=')?;
    let modality = Modality::parse(key.trim().strip_prefix("skip.")?)?;
    let value = value.trim().trim_matches('"');
    let hash = value.strip_prefix(WORD)?;
    if hash.is_empty() {
        return Some((modality, ""));
    }
    hash.strip_prefix(':').map(|hash| (modality, hash))
}

fn read(
    file: &Path,
    assignment: &str,
    dataset: &str,
) -> Result<(StoredSuggestion, String), StoredSuggestionError> {
    let unreadable = |why: String| StoredSuggestionError::Unreadable {
        file: file.into(),
        why,
    };
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(StoredSuggestionError::Absent {
                assignment: assignment.into(),
                file: file.into(),
                dataset: dataset.into(),
            });
        }
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let stored: StoredSuggestion =
        serde_json::from_slice(&bytes).map_err(|e| unreadable(e.to_string()))?;
    if stored.schema != SUGGESTION_SCHEMA {
        let why = format!("it has layout {}, not {SUGGESTION_SCHEMA}", stored.schema);
        return Err(unreadable(why));
    }
    Ok((stored, sha256_hex(&bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suggest_skips;

    fn lock(digits: &str) -> DataLock {
        serde_json::from_value(digits.into()).unwrap()
    }

    fn stored() -> StoredSuggestion {
        let curves = [
            (Modality::Audio, vec![vec![0.4, 0.7]]),
            (Modality::Text, vec![vec![0.1, 0.1]]),
            (Modality::Visual, vec![vec![0.2, 0.3]]),
        ];
        StoredSuggestion {
            schema: SUGGESTION_SCHEMA,
            dataset: "digits".into(),
            data: lock("aa"),
            epochs: 2,
            seeds: vec![0],
            split: "training".into(),
            suggestion: suggest_skips(&curves.into(), 0.1, Some(300)).unwrap(),
            on_validation: None,
            set: vec!["skip.audio=3".into(), "skip.visual=1".into()],
            runs: Vec::new(),
        }
    }

    #[test]
    fn the_word_becomes_the_number_and_other_settings_stay() {
        let runs = tempfile::tempdir().unwrap();
        let text = stored().json();
        std::fs::create_dir(runs.path().join("digits")).unwrap();
        std::fs::write(runs.path().join("digits/suggestion.json"), &text).unwrap();
        let with = |setting: &str| {
            let settings = ["epochs=3".to_string(), setting.to_string()];
            with_suggested_skips(&settings, runs.path(), "digits", &lock("aa"))
        };
        let hash = sha256_hex(&text);
        for setting in [
            "skip.audio=suggested",
            &format!("skip.audio=\"suggested:{}\"", &hash[..6]),
        ] {
            assert_eq!(with(setting).unwrap(), ["epochs=3", "skip.audio=3"]);
        }
        assert_eq!(with("skip.audio=5").unwrap(), ["epochs=3", "skip.audio=5"]);
        let other = with("skip.audio=suggested:ffffffff")
            .unwrap_err()
            .to_string();
        assert!(other.contains(&hash[..8]), "{other}");
        let none = with("skip.text=suggested").unwrap_err().to_string();
        assert!(none.contains("what guessing gives"), "{none}");
        let settings = ["skip.audio=suggested".to_string()];
        let other = with_suggested_skips(&settings, runs.path(), "digits", &lock("bb"));
        assert!(matches!(
            other,
            Err(StoredSuggestionError::OtherData { .. })
        ));
    }

    #[test]
    fn a_file_that_is_not_there_or_no_suggestion_is_told_how_to_make_it() {
        let runs = tempfile::tempdir().unwrap();
        let settings = ["skip.audio=suggested".to_string()];
        let with = || {
            with_suggested_skips(&settings, runs.path(), "digits", &lock("aa"))
                .unwrap_err()
                .to_string()
        };
        assert!(with().contains("`amst suggest-skip --dataset digits`"));
        std::fs::create_dir(runs.path().join("digits")).unwrap();
        std::fs::write(runs.path().join("digits/suggestion.json"), "{").unwrap();
        assert!(with().contains("cannot be read"));
    }
}
