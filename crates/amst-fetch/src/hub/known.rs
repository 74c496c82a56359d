//! The models that are known by name.

use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Expected, FetchError};

/// A model on the Hub, pinned to one commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Model {
    /// What people call it.
    pub name: String,
    /// In a few words.
    pub about: String,
    /// Its licence, by SPDX name.
    pub licence: String,
    /// `owner/name` on the Hub.
    pub repo: String,
    /// Older names of the repository, under which a cache may hold it.
    #[serde(default)]
    pub also: Vec<String>,
    /// The commit, 40 hexadecimal digits.
    pub revision: String,
    /// What is needed of it.
    #[serde(rename = "file")]
    pub files: Vec<ModelFile>,
}

/// One file of a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelFile {
    /// Its name in the repository.
    pub name: String,
    /// What is known of its content.
    #[serde(flatten)]
    pub expected: Expected,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    model: Vec<Model>,
}

static KNOWN: LazyLock<Vec<Model>> = LazyLock::new(|| {
    let table: Table =
        toml::from_str(include_str!("../../data/models.toml")).expect("a test reads this table");
    table.model
});

/// Every model that is known.
pub fn models() -> &'static [Model] {
    &KNOWN
}

/// A model by its name.
///
/// # Errors
/// [`FetchError::UnknownModel`] with the names that are known.
pub fn model(name: &str) -> Result<&'static Model, FetchError> {
    models()
        .iter()
        .find(|model| model.name == name)
        .ok_or_else(|| {
            let known: Vec<_> = models().iter().map(|model| model.name.as_str()).collect();
            FetchError::UnknownModel {
                name: name.into(),
                known: known.join(", "),
            }
        })
}

impl Model {
    /// Bytes of all files, where every size is known.
    pub fn size(&self) -> Option<u64> {
        self.files.iter().map(|file| file.expected.size).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_model_is_pinned_and_its_names_are_names() {
        assert!(models().len() >= 2);
        for model in models() {
            assert!(
                model.revision.parse::<crate::GitBlob>().is_ok(),
                "{} has no commit",
                model.name
            );
            let plain = |text: &str| {
                text.bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
            };
            for repo in model.also.iter().chain([&model.repo]) {
                assert!(
                    repo.split('/').count() <= 2 && repo.split('/').all(plain),
                    "{repo}"
                );
            }
            for file in &model.files {
                // A file's name becomes a path: no folders, nothing that leaves one.
                assert!(
                    plain(&file.name) && !file.name.starts_with('.'),
                    "{}",
                    file.name
                );
                assert_eq!(
                    file.expected.size.is_some(),
                    file.expected.sha256.is_some(),
                    "{}",
                    file.name
                );
            }
            for needed in ["config.json", "model.safetensors"] {
                assert!(
                    model.files.iter().any(|file| file.name == needed),
                    "{} has no {needed}",
                    model.name
                );
            }
        }
    }

    #[test]
    fn the_papers_encoder_is_pinned_in_full() {
        let model = model("roberta-base").unwrap();
        assert!(
            model
                .files
                .iter()
                .all(|file| file.expected.sha256.is_some())
        );
        assert_eq!(
            model.size(),
            Some(481 + 456_318 + 498_818_054 + 1_355_863 + 25 + 898_823)
        );
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = model("bert").unwrap_err();
        assert_eq!(error.exit_code(), 2);
        assert!(
            error
                .to_string()
                .contains("roberta-base, distilroberta-base"),
            "{error}"
        );
    }
}
