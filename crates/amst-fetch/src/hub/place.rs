//! Where a model's files lie or belong in the Hub's cache, found without any network.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Model, ModelFile, Settings, model};
use crate::{Content, Difference, Expected, FetchError};

/// A model that is here, in full.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Folder {
    /// The name that was asked for.
    pub name: String,
    /// `…/models--owner--name/snapshots/<revision>`.
    pub path: PathBuf,
    /// Every file that is needed, in the order of their names.
    pub files: Vec<PathBuf>,
}

/// A file that is needed and not here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MissingFile {
    /// Where it belongs.
    pub path: PathBuf,
    /// Where it can be had.
    pub url: String,
    /// What is known of it.
    #[serde(flatten)]
    pub expected: Expected,
    /// What lies there instead, if something does.
    pub instead: Option<String>,
}

/// What is missing of a model, and what to do; its text is the instruction.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missing {
    /// The model.
    pub name: String,
    /// Where its files belong.
    pub folder: PathBuf,
    /// Those that are not there.
    pub files: Vec<MissingFile>,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        writeln!(
            f,
            "`{name}` is not here. With a network, `cargo xtask fetch {name}` brings it. Without \
             one, put"
        )?;
        for file in &self.files {
            writeln!(f, "  {}", file.path.display())?;
            match (file.expected.size, file.expected.sha256) {
                (Some(size), Some(sha256)) => writeln!(f, "    {size} bytes, SHA-256 {sha256}")?,
                _ => writeln!(f, "    size and hash not known here")?,
            }
            writeln!(f, "    from {}", file.url)?;
            if let Some(instead) = &file.instead {
                writeln!(f, "    (what is there now is another file: {instead})")?;
            }
        }
        write!(
            f,
            "there by hand (HF_HOME or HF_HUB_CACHE choose another place); then `--set \
             text.encoder={name}` works"
        )
    }
}

/// Where the files of a known model lie, by the environment's settings. Opens no socket; compares
/// lengths where they are known, not contents: `cargo xtask fetch` does that.
///
/// # Errors
/// [`FetchError::UnknownModel`]; [`FetchError::Missing`] with every file that is not there and
/// where it belongs.
pub fn located(name: &str) -> Result<Folder, FetchError> {
    located_in(model(name)?, &Settings::from_env()?)
}

/// The folder of a model for a recipe's text encoder, or what a person should do: which files to
/// put where, or what else the encoder could be.
///
/// # Errors
/// Those of [`located`], as text.
pub fn text_model(name: &str) -> Result<PathBuf, String> {
    match located(name) {
        Ok(folder) => Ok(folder.path),
        Err(error @ FetchError::UnknownModel { .. }) => Err(format!(
            "{error}; or use `bag`, `transformer`, or the path of a folder with a model's files"
        )),
        Err(error) => Err(error.to_string()),
    }
}

/// [`located`] with settings of the caller.
///
/// # Errors
/// As [`located`].
pub fn located_in(model: &Model, settings: &Settings) -> Result<Folder, FetchError> {
    let mut best: Option<Missing> = None;
    for repo in [&model.repo].into_iter().chain(&model.also) {
        let folder = snapshot(&settings.cache, repo, &model.revision);
        let missing = missing_files(model, &folder, settings);
        if missing.is_empty() {
            let files = model
                .files
                .iter()
                .map(|file| folder.join(&file.name))
                .collect();
            return Ok(Folder {
                name: model.name.clone(),
                path: folder,
                files,
            });
        }
        // What is asked for belongs under the present name, whatever older folders lack.
        best.get_or_insert(Missing {
            name: model.name.clone(),
            folder,
            files: missing,
        });
    }
    let missing = best.expect("a model has at least one repository");
    Err(FetchError::Missing(Box::new(missing)))
}

fn missing_files(model: &Model, folder: &Path, settings: &Settings) -> Vec<MissingFile> {
    let mut missing = Vec::new();
    for file in &model.files {
        let path = folder.join(&file.name);
        let instead = match (std::fs::metadata(&path), file.expected.size) {
            (Err(_), _) => None,
            (Ok(found), _) if !found.is_file() => Some("not a file".into()),
            (Ok(found), Some(size)) if found.len() != size => {
                Some(format!("{} bytes", found.len()))
            }
            (Ok(_), _) => continue,
        };
        missing.push(MissingFile {
            path,
            url: file_url(settings, model, file),
            expected: file.expected,
            instead,
        });
    }
    missing
}

/// What was found when a file was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is what the table or the cache says it is.
    Right,
    /// It is not.
    Wrong(Difference),
    /// Nothing here says what it should be.
    Unknown,
}

/// Reads the files of a folder and compares them with what is known of them: sizes and hashes of
/// the table, and the hash by which the cache itself names a file's content. In the order of the
/// model's files.
///
/// # Errors
/// A file cannot be read.
pub fn check(model: &Model, folder: &Folder) -> Result<Vec<(PathBuf, State)>, FetchError> {
    model
        .files
        .iter()
        .map(|file| {
            let path = folder.path.join(&file.name);
            state(&path, &file.expected).map(|state| (path, state))
        })
        .collect()
}

pub(crate) fn state(path: &Path, expected: &Expected) -> Result<State, FetchError> {
    let content = Content::of_file(path)?;
    let named = named_by_cache(path);
    let difference = expected.differs(&content);
    Ok(match difference.or_else(|| named.differs(&content)) {
        Some(difference) => State::Wrong(difference),
        None if expected.names_content() || named.names_content() => State::Right,
        None => State::Unknown,
    })
}

/// What the name of a cached file's blob says of its content.
fn named_by_cache(path: &Path) -> Expected {
    let target = std::fs::read_link(path).ok();
    let name = target
        .as_deref()
        .and_then(Path::file_name)
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    Expected {
        size: None,
        sha256: name.parse().ok(),
        git_blob: name.parse().ok(),
    }
}

/// The folder of a repository in the cache: `models--owner--name`.
pub(crate) fn repo_folder(cache: &Path, repo: &str) -> PathBuf {
    cache.join(format!("models--{}", repo.replace('/', "--")))
}

pub(crate) fn snapshot(cache: &Path, repo: &str, revision: &str) -> PathBuf {
    repo_folder(cache, repo).join("snapshots").join(revision)
}

pub(crate) fn file_url(settings: &Settings, model: &Model, file: &ModelFile) -> String {
    let (endpoint, repo, revision) = (&settings.endpoint, &model.repo, &model.revision);
    format!("{endpoint}/{repo}/resolve/{revision}/{}", file.name)
}
