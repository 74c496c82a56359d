//! Finding a data set by name or by path.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{DatasetSpec, ResolvedDataset, SYNTHETIC};
use crate::suggest::hint;
use crate::{PAPER_DATASETS, RecipeError};

/// The folder of a shipped descriptor that raw files are fetched to.
const RAW: &str = "raw";
/// The file beside it that names another folder of raw files.
const ELSEWHERE: &str = "raw.path";

/// The names under `datasets` that have a descriptor, sorted, and `synthetic`.
pub fn known_datasets(datasets: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(datasets).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.path().join("dataset.toml").is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.push(SYNTHETIC.into());
    names.sort();
    names
}

/// Finds a data set by name under `datasets`, or by the path of its folder.
///
/// A folder without a descriptor borrows the one of the known data set of the same name,
/// so that data whose descriptor is shipped trains from wherever it was unpacked.
///
/// # Errors
///
/// Nothing of that name, or a folder without a descriptor; the message names what there is.
pub fn find_dataset(name: &str, datasets: &Path) -> Result<ResolvedDataset, RecipeError> {
    if name == SYNTHETIC {
        return Ok(ResolvedDataset {
            spec: DatasetSpec::synthetic(),
            root: PathBuf::new(),
        });
    }
    let folder = Path::new(name);
    let is_plain_name = folder.components().count() == 1;
    let known = datasets.join(name);
    if is_plain_name && known.join("dataset.toml").is_file() {
        return shipped(name, &known);
    }
    if folder.is_dir() {
        return in_folder(folder, datasets);
    }
    if let Some(paper) = PAPER_DATASETS.iter().find(|d| d.name == name) {
        return Err(RecipeError::NotBrought {
            name: name.into(),
            access: paper.access.into(),
        });
    }
    let names = known_datasets(datasets);
    let hint = hint(name, names.iter().map(String::as_str));
    Err(RecipeError::UnknownDataset {
        name: name.into(),
        hint,
        known: names.join(", "),
    })
}

/// A known data set whose files are beside its descriptor, in `raw` below it, or where `raw.path`
/// says.
fn shipped(name: &str, known: &Path) -> Result<ResolvedDataset, RecipeError> {
    let spec = DatasetSpec::read(&known.join("dataset.toml"))?;
    if !spec.layout.has_lists() {
        if known.join(&spec.manifest).is_file() {
            return Ok(ResolvedDataset {
                spec,
                root: known.into(),
            });
        }
        let readme = known.join("README.md");
        let access = if spec.access.is_empty() {
            format!(
                "only its descriptor is; {} says where the data come from",
                readme.display()
            )
        } else {
            format!(
                "{} is missing; the data are {}",
                spec.manifest.display(),
                spec.access
            )
        };
        return Err(RecipeError::NotBrought {
            name: name.into(),
            access,
        });
    }
    match raw_folder(known)? {
        Some(root) => Ok(ResolvedDataset { spec, root }),
        None => Err(RecipeError::NotBrought {
            name: name.into(),
            access: spec.access,
        }),
    }
}

/// Where the raw files of the data set `name` belong, whether or not they are there: in the folder
/// that its note under `datasets` names, else in `raw` beside its descriptor.
///
/// # Errors
///
/// A note that cannot be read, or that names no folder.
pub fn raw_place(name: &str, datasets: &Path) -> Result<PathBuf, RecipeError> {
    let known = datasets.join(name);
    Ok(noted(&known)?.unwrap_or_else(|| known.join(RAW)))
}

/// The folder that the note of a known data set names, if there is a note.
fn noted(known: &Path) -> Result<Option<PathBuf>, RecipeError> {
    let note = known.join(ELSEWHERE);
    match std::fs::read_to_string(&note) {
        Ok(text) if Path::new(text.trim()).is_dir() => Ok(Some(text.trim().into())),
        Ok(text) => {
            let why = format!(
                "it says that the raw files are in {}, where there is no folder: correct it, or delete it and run \
                 `amst prepare` with `--raw` again",
                text.trim()
            );
            Err(RecipeError::Descriptor { file: note, why })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(RecipeError::Io { path: note, source }),
    }
}

/// Where the raw files of a known data set are, if they are anywhere.
fn raw_folder(known: &Path) -> Result<Option<PathBuf>, RecipeError> {
    if let Some(noted) = noted(known)? {
        return Ok(Some(noted));
    }
    let raw = known.join(RAW);
    // Fetching makes the folder before there is anything of use in it.
    let filled = std::fs::read_dir(&raw).is_ok_and(|mut entries| entries.next().is_some());
    Ok(filled.then_some(raw))
}

/// A data set whose raw files are in `raw`, whatever that folder is called: `name` is that of a
/// known descriptor, or the path of a folder with one.
///
/// # Errors
///
/// As [`find_dataset`]; a folder `raw` that is not there; a data set whose layout has no raw files.
pub fn find_raw(name: &str, raw: &Path, datasets: &Path) -> Result<ResolvedDataset, RecipeError> {
    let spec = crate::describe_dataset(name, datasets)?;
    if spec.lists.is_none() {
        let why =
            format!("`{name}` has no raw files of a known layout: give its folder without `--raw`");
        return Err(RecipeError::Contradiction(why));
    }
    if !raw.is_dir() {
        let source = std::io::Error::new(ErrorKind::NotFound, "there is no such folder");
        return Err(RecipeError::Io {
            path: raw.into(),
            source,
        });
    }
    Ok(ResolvedDataset {
        spec,
        root: raw.into(),
    })
}

/// Notes where the raw files of a known data set are, so that its name is enough from then on.
/// Returns the note's file; `None` where the data set is not one of those under `datasets`, or its
/// raw files are where they belong.
///
/// # Errors
///
/// The note cannot be written, or an older one not removed.
pub fn remember_raw(name: &str, raw: &Path, datasets: &Path) -> std::io::Result<Option<PathBuf>> {
    let known = datasets.join(name);
    if Path::new(name).components().count() != 1 || !known.join("dataset.toml").is_file() {
        return Ok(None);
    }
    let raw = raw.canonicalize()?;
    let note = known.join(ELSEWHERE);
    if known.join(RAW).canonicalize().is_ok_and(|own| own == raw) {
        // An older note would go on naming another folder.
        return match std::fs::remove_file(&note) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(None),
        };
    }
    std::fs::write(&note, format!("{}\n", raw.display()))?;
    Ok(Some(note))
}

fn in_folder(folder: &Path, datasets: &Path) -> Result<ResolvedDataset, RecipeError> {
    let own = folder.join("dataset.toml");
    let shipped = folder
        .canonicalize()
        .ok()
        .and_then(|f| f.file_name().map(|n| datasets.join(n).join("dataset.toml")))
        .filter(|f| f.is_file());
    let descriptor = if own.is_file() {
        own
    } else {
        shipped.ok_or_else(|| RecipeError::NoDescriptor(folder.into()))?
    };
    Ok(ResolvedDataset {
        spec: DatasetSpec::read(&descriptor)?,
        root: folder.into(),
    })
}
