//! A model into the Hub's cache: described by the Hub, transferred and checked here.

use std::path::{Path, PathBuf};

use amst_files::folder_of;
use serde::Serialize;

use super::describe::{Descriptions, describe};
use super::place::{file_url, repo_folder, snapshot, state};
use super::{Folder, Model, ModelFile, Settings, State, located_in};
use crate::transfer::{Client, Options, quarantine};
use crate::{Content, Difference, Expected, FetchError, Source, Step};

/// A model that is here, and how it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fetched {
    /// Where it lies.
    #[serde(flatten)]
    pub folder: Folder,
    /// Bytes that came over the network now.
    pub received: u64,
    /// Files put there by hand that nothing here can check while the network is switched off.
    pub unchecked: Vec<PathBuf>,
}

/// Brings a model's files into the cache, unless they are there, and reads every one of them once
/// more in any case.
///
/// The Hub is asked for sizes and hashes of the pinned revision; where they contradict the known
/// ones, nothing is downloaded. Files end as `blobs/<hash>` with a link in `snapshots/<revision>`,
/// where Python's `huggingface_hub` looks for them. A file that is wrong is put aside as
/// `*.quarantine`.
///
/// # Errors
/// Everything that a download can fail with; [`FetchError::Missing`] where the network is switched
/// off.
pub fn fetch(
    model: &Model,
    settings: &Settings,
    options: &Options,
    progress: &mut dyn FnMut(&str, Step),
) -> Result<Fetched, FetchError> {
    let mut work = Work {
        model,
        settings,
        wanted: Vec::new(),
        unchecked: Vec::new(),
    };
    // An older name of the repository may hold everything.
    let place = located_in(model, settings).map(|folder| folder.path);
    let place = place.unwrap_or_else(|_| snapshot(&settings.cache, &model.repo, &model.revision));
    for file in &model.files {
        work.look(file, &place.join(&file.name), &mut |step| {
            progress(&file.name, step)
        })?;
    }
    let offline = settings.offline || options.offline;
    let mut received = 0;
    if !(work.wanted.is_empty() && (work.unchecked.is_empty() || offline)) {
        if offline {
            return located_in(model, settings).map(|folder| Fetched {
                folder,
                received,
                unchecked: work.unchecked,
            });
        }
        received = work.download(options, progress)?;
    }
    let folder = located_in(model, settings)?;
    Ok(Fetched {
        folder,
        received,
        unchecked: work.unchecked,
    })
}

struct Work<'a> {
    model: &'a Model,
    settings: &'a Settings,
    wanted: Vec<&'a ModelFile>,
    unchecked: Vec<PathBuf>,
}

impl<'a> Work<'a> {
    /// Checks a file where it should be, and puts it on one of the lists if it is not known to be
    /// right.
    fn look(
        &mut self,
        file: &'a ModelFile,
        path: &Path,
        progress: &mut dyn FnMut(Step),
    ) -> Result<(), FetchError> {
        if !path.is_file() {
            // A link whose target is gone is in the way.
            let _ = std::fs::remove_file(path);
            self.wanted.push(file);
            return Ok(());
        }
        progress(Step::Verifying);
        match state(path, &file.expected)? {
            State::Right => {}
            State::Unknown => self.unchecked.push(path.into()),
            State::Wrong(difference) => {
                put_aside(path, &difference, progress)?;
                self.wanted.push(file);
            }
        }
        Ok(())
    }

    fn download(
        &mut self,
        options: &Options,
        progress: &mut dyn FnMut(&str, Step),
    ) -> Result<u64, FetchError> {
        let descriptions = describe(self.model, self.settings, options)?;
        for path in std::mem::take(&mut self.unchecked) {
            let file = self
                .model
                .files
                .iter()
                .find(|file| path.ends_with(&file.name));
            let file = file.expect("only files of the model are looked at");
            let found = self
                .expected(file, &descriptions)?
                .differs(&Content::of_file(&path)?);
            if let Some(difference) = found {
                put_aside(&path, &difference, &mut |step| progress(&file.name, step))?;
                self.wanted.push(file);
            }
        }
        let client = Client::new(options.clone());
        let (cache, repo) = (&self.settings.cache, &self.model.repo);
        let blobs = repo_folder(cache, repo).join("blobs");
        let snapshot = snapshot(cache, repo, &self.model.revision);
        let mut received = 0;
        for file in &self.wanted {
            let expected = self.expected(file, &descriptions)?;
            let blob = blobs.join(blob_name(&descriptions, file).unwrap_or_default());
            let source = Source {
                token: self.settings.token.clone(),
                ..Source::new(file_url(self.settings, self.model, file), expected)
            };
            received += client
                .download(&source, &blob, &mut |step| progress(&file.name, step))?
                .received;
            link(&blob, &snapshot.join(&file.name))?;
        }
        Ok(received)
    }

    /// What the table and the Hub know of a file together, if they agree.
    fn expected(
        &self,
        file: &ModelFile,
        descriptions: &Descriptions,
    ) -> Result<Expected, FetchError> {
        let (endpoint, repo) = (self.settings.endpoint.clone(), self.model.repo.clone());
        let Some(described) = descriptions.get(&file.name) else {
            let url = file_url(self.settings, self.model, file);
            return Err(FetchError::NotFound { url, status: 404 });
        };
        if blob_name(descriptions, file).is_none() {
            let why = format!("it gives no hash for {}", file.name);
            return Err(FetchError::Metadata {
                endpoint,
                repo,
                why,
            });
        }
        if let Some(difference) = file.expected.contradicts(described) {
            let (revision, file) = (self.model.revision.clone(), file.name.clone());
            return Err(FetchError::HubDiffers {
                repo,
                revision,
                file,
                difference: difference.into(),
            });
        }
        Ok(Expected {
            size: file.expected.size.or(described.size),
            sha256: file.expected.sha256.or(described.sha256),
            git_blob: file.expected.git_blob.or(described.git_blob),
        })
    }
}

/// The name of a file's content in the cache: SHA-256 of a large file, git's hash of a small one.
fn blob_name(descriptions: &Descriptions, file: &ModelFile) -> Option<String> {
    let described = descriptions.get(&file.name)?;
    described
        .sha256
        .map(|hash| hash.to_string())
        .or_else(|| described.git_blob.map(|hash| hash.to_string()))
}

/// Renames what is wrong; of a link, the content it leads to.
fn put_aside(
    path: &Path,
    difference: &Difference,
    progress: &mut dyn FnMut(Step),
) -> Result<(), FetchError> {
    let content = std::fs::canonicalize(path).map_err(FetchError::io("read", path))?;
    let aside = quarantine(&content, &content)?;
    progress(Step::Quarantined {
        path: aside,
        why: difference.to_string(),
    });
    // Where it was a link, it leads nowhere now.
    let _ = std::fs::remove_file(path);
    Ok(())
}

/// Makes the snapshot's entry: a relative link, so that the cache can be moved; a copy where there
/// are no links.
fn link(blob: &Path, entry: &Path) -> Result<(), FetchError> {
    let folder = folder_of(entry);
    std::fs::create_dir_all(folder).map_err(FetchError::io("make", folder))?;
    let _ = std::fs::remove_file(entry);
    let name = blob.file_name().unwrap_or_default();
    match symlink(&Path::new("../../blobs").join(name), entry) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(_) => std::fs::copy(blob, entry)
            .map(drop)
            .map_err(FetchError::io("write", entry)),
    }
}

#[cfg(unix)]
fn symlink(target: &Path, entry: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, entry)
}

#[cfg(not(unix))]
fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
    Err(std::io::ErrorKind::Unsupported.into())
}
