//! Where a data set's files come from, as data.

use std::path::{Component, Path};
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

use crate::{Expected, FetchError, GitBlob};

/// What is to be downloaded of a data set, what a person must do, and what must be there in the
/// end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// What people call it.
    pub name: String,
    /// As the paper spells it.
    pub title: String,
    /// Its licence, by SPDX name or described.
    pub licence: String,
    /// Who may have it, and how.
    pub access: Access,
    /// Its owners' page.
    pub home: String,
    /// Bytes of everything, where that is known.
    #[serde(default)]
    pub bytes: Option<u64>,
    /// What a person does where nothing here can; `{raw}` stands for the folder of raw files.
    #[serde(default)]
    pub steps: Vec<String>,
    /// Archives that are unpacked if they lie in the folder and what is needed does not; names with
    /// `*`.
    #[serde(default)]
    pub unpack: Vec<String>,
    /// Single files.
    #[serde(default, rename = "file")]
    pub files: Vec<Download>,
    /// A Git repository with LFS objects.
    #[serde(default)]
    pub repository: Option<Repository>,
    /// What must be there.
    #[serde(default, rename = "need")]
    pub needs: Vec<Need>,
    /// What must be there for each line of some lists.
    #[serde(default)]
    pub listed: Vec<Listed>,
}

/// Who may have a data set, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Access {
    /// This program downloads it.
    Open,
    /// A person downloads it with a browser.
    ByHand,
    /// Its owners give it to people who sign a form.
    OnRequest,
}

/// One file to be downloaded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Download {
    /// Where it belongs, relative to the folder of raw files.
    pub path: String,
    /// Where it comes from.
    pub url: String,
    /// What it must be; at least one digest.
    #[serde(flatten)]
    pub expected: Expected,
}

/// A Git repository whose large files are LFS objects.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repository {
    /// What `git fetch` takes.
    pub url: String,
    /// The commit, 40 hexadecimal digits.
    pub commit: String,
    /// Which files are wanted: `folder/*.ending`. They end at the same places below the folder of
    /// raw files.
    pub objects: Vec<String>,
}

/// Files that must be there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// A path, in which `*` stands for any part of a name.
    pub path: String,
    /// How many there are; at least one if that is not known.
    #[serde(default)]
    pub count: Option<usize>,
}

/// Files that must be there for each line of some lists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listed {
    /// Text files whose lines begin with a name that a space or a comma ends.
    pub lists: Vec<String>,
    /// Paths, in which `{stem}` stands for the name without its ending, `{dialogue}` for what is
    /// before its last underscore, and `{session}` for its fifth character (as in
    /// `Ses05F_impro07_F013`).
    pub files: Vec<String>,
}

impl Recipe {
    /// Reads a recipe.
    ///
    /// # Errors
    /// [`FetchError::Recipe`] where it is not one, or names a path that leads out of its folder.
    pub fn parse(text: &str) -> Result<Self, FetchError> {
        let recipe: Self = toml::from_str(text).map_err(|error| FetchError::Recipe {
            why: error.to_string(),
        })?;
        match recipe.mistake() {
            Some(why) => Err(FetchError::Recipe { why }),
            None => Ok(recipe),
        }
    }

    /// What is wrong with a recipe that was read.
    fn mistake(&self) -> Option<String> {
        let listed = self.listed.iter();
        let objects = self.repository.iter().flat_map(|repo| &repo.objects);
        let mut paths = (self.files.iter().map(|file| &file.path))
            .chain(self.needs.iter().map(|need| &need.path))
            .chain(listed.flat_map(|listed| listed.lists.iter().chain(&listed.files)))
            .chain(objects)
            .chain(&self.unpack);
        if let Some(path) = paths.find(|path| !is_below(path)) {
            return Some(format!(
                "`{path}` is not a path below the folder of raw files"
            ));
        }
        let mut files = self.files.iter();
        if let Some(file) = files.find(|file| !file.expected.names_content()) {
            return Some(format!("`{}` has no hash to check it by", file.path));
        }
        let repository = self.repository.as_ref()?;
        // A commit is a SHA-1, as a blob is. What begins with a dash would be an option of git.
        let wrong =
            repository.commit.parse::<GitBlob>().is_err() || repository.url.starts_with('-');
        wrong.then(|| format!("`{}` is not a commit of a repository", repository.commit))
    }

    /// A recipe that is known, or one in a file whose name ends in `.toml`.
    ///
    /// # Errors
    /// [`FetchError::UnknownDataset`] with the names that are known; the file cannot be read, or is
    /// no recipe.
    pub fn find(name: &str) -> Result<Self, FetchError> {
        if let Some(known) = recipes().iter().find(|recipe| recipe.name == name) {
            return Ok(known.clone());
        }
        if name.ends_with(".toml") {
            let path = Path::new(name);
            let text = std::fs::read_to_string(path).map_err(FetchError::io("read", path))?;
            return Self::parse(&text);
        }
        let known: Vec<_> = recipes()
            .iter()
            .map(|recipe| recipe.name.as_str())
            .collect();
        Err(FetchError::UnknownDataset {
            name: name.into(),
            known: known.join(", "),
        })
    }
}

/// Whether a path stays in the folder that it is relative to.
fn is_below(path: &str) -> bool {
    let mut parts = Path::new(path).components();
    !path.is_empty() && parts.all(|part| matches!(part, Component::Normal(_)))
}

static KNOWN: LazyLock<Vec<Recipe>> = LazyLock::new(|| {
    let texts = [
        include_str!("../../data/datasets/crema-d.toml"),
        include_str!("../../data/datasets/ave.toml"),
        include_str!("../../data/datasets/mvsa-single.toml"),
        include_str!("../../data/datasets/iemocap.toml"),
        include_str!("../../data/datasets/ur-funny.toml"),
    ];
    texts
        .iter()
        .map(|text| Recipe::parse(text).expect("a test reads these recipes"))
        .collect()
});

/// Every data set that is known: the paper's five.
pub fn recipes() -> &'static [Recipe] {
    &KNOWN
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_five_are_known_in_its_order() {
        let names: Vec<_> = recipes()
            .iter()
            .map(|recipe| recipe.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["crema-d", "ave", "mvsa-single", "iemocap", "ur-funny"]
        );
        for recipe in recipes() {
            assert_eq!(
                recipe.files.len(),
                3,
                "{}: train, validation, test",
                recipe.name
            );
            assert!(
                recipe
                    .files
                    .iter()
                    .all(|file| file.expected.sha256.is_some()),
                "{}",
                recipe.name
            );
            assert_eq!(
                recipe.access == Access::Open,
                recipe.repository.is_some(),
                "{}",
                recipe.name
            );
            assert!(
                !recipe.needs.is_empty() && !recipe.steps.is_empty(),
                "{}",
                recipe.name
            );
            let lists: Vec<_> = recipe
                .listed
                .iter()
                .flat_map(|listed| &listed.lists)
                .collect();
            assert!(
                recipe.files.iter().all(|file| lists.contains(&&file.path)),
                "{}",
                recipe.name
            );
        }
    }

    #[test]
    fn a_recipe_that_is_wrong_is_refused_with_the_reason() {
        let good = "name = 'x'\ntitle = 'X'\nlicence = 'MIT'\naccess = 'open'\nhome = 'h'\n";
        assert!(Recipe::parse(good).is_ok());
        for (more, reason) in [
            ("colour = 'red'", "unknown field `colour`"),
            ("[[need]]\npath = '../x'", "is not a path below"),
            ("[[need]]\npath = '/x'", "is not a path below"),
            (
                "[[need]]\npath = 'x'\nat_least = 1",
                "unknown field `at_least`",
            ),
            (
                "[[file]]\npath = 'x'\nurl = 'https://h/x'\nsize = 3",
                "has no hash",
            ),
            (
                "[[file]]\npath = 'x'\nurl = 'https://h/x'\nsha256 = 'abc'",
                "64 hexadecimal digits",
            ),
            (
                "[repository]\nurl = 'u'\ncommit = 'main'\nobjects = []",
                "`main` is not a commit",
            ),
        ] {
            let error = Recipe::parse(&format!("{good}{more}")).unwrap_err();
            assert!(
                error.to_string().contains(reason) && error.exit_code() == 3,
                "{error}"
            );
        }
        let error = Recipe::find("cremad").unwrap_err();
        assert!(
            error.to_string().contains("crema-d, ave") && error.exit_code() == 2,
            "{error}"
        );
    }
}
