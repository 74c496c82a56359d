//! Where a trained network lies.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst_recipe::{CellResult, DataLock, Recipe};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::TrainError;
use crate::run::TOKENIZER;

/// What somebody points at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkPlace {
    /// A checkpoint's folder, or a run's directory, whose selected network is meant.
    Folder(PathBuf),
    /// The best network of a run's directory.
    Best(PathBuf),
    /// The network that a run was training when it last wrote a checkpoint.
    Last(PathBuf),
    /// A file that `amst train --weights` wrote, and its run's directory; without one the folder
    /// that the file lies in, which must hold the run's `recipe.toml`.
    Weights {
        /// The file.
        file: PathBuf,
        /// The run's directory.
        run: Option<PathBuf>,
    },
}

/// A trained network as it was found.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundNetwork {
    /// A file with exactly its tensors.
    pub weights: PathBuf,
    /// The recipe it was trained by.
    pub recipe: Recipe,
    /// Names of its classes by index, where its files tell them; else its data set does.
    pub classes: Option<Vec<String>>,
    /// Identity of the data it was trained on, where its files tell it.
    pub data: Option<DataLock>,
    /// The tokenizer that was trained with it, if one was.
    pub tokenizer: Option<PathBuf>,
}

/// Files of a run's directory and of a checkpoint.
const CHECKPOINTS: &str = "checkpoints";
const SELECTED: &str = "best";
const MANIFEST: &str = "manifest.json";
const RECIPE: &str = "recipe.toml";
const BEST: &str = "best.safetensors";
const LAST: &str = "model.safetensors";
/// The layout of a checkpoint that is read here.
const FORMAT: u64 = 1;

/// Finds a network's files and reads what is not its weights.
///
/// # Errors
///
/// [`TrainError::NoNetwork`] where there is none, [`TrainError::NotANetwork`] where the files are
/// another program's, another version's or damaged.
pub fn find_network(place: &NetworkPlace) -> Result<FoundNetwork, TrainError> {
    match place {
        NetworkPlace::Weights { file, run } => weights(file, run.as_deref()),
        NetworkPlace::Folder(folder) if folder.join(MANIFEST).is_file() => {
            checkpoint(folder, &[BEST, LAST])
        }
        NetworkPlace::Folder(run) | NetworkPlace::Best(run) => {
            let shelf = shelf(run)?;
            match shelf.join(SELECTED).is_dir() {
                true => checkpoint(&shelf.join(SELECTED), &[BEST]),
                false => checkpoint(&newest(&shelf)?, &[BEST]),
            }
        }
        NetworkPlace::Last(run) => checkpoint(&newest(&shelf(run)?)?, &[LAST]),
    }
}

/// A run's folder of checkpoints.
fn shelf(run: &Path) -> Result<PathBuf, TrainError> {
    if !run.is_dir() {
        return Err(none(
            run,
            "there is no such folder: give a run's directory or a checkpoint in it",
        ));
    }
    let shelf = run.join(CHECKPOINTS);
    if shelf.is_dir() {
        return Ok(shelf);
    }
    match run.join(RECIPE).is_file() {
        true => Err(none(
            run,
            "this run has no checkpoint: give the file of its weights with --weights FILE",
        )),
        false => Err(foreign(run, "neither a run's directory nor a checkpoint")),
    }
}

/// The checkpoint of the run's last state: `EPOCH-STEP`, of which later ones sort after earlier
/// ones.
fn newest(shelf: &Path) -> Result<PathBuf, TrainError> {
    let entries = std::fs::read_dir(shelf).map_err(|e| unreadable(shelf, e))?;
    let is_state = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with(|c: char| c.is_ascii_digit()) && path.join(MANIFEST).is_file()
    };
    let newest = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(is_state)
        .max();
    newest.ok_or_else(|| {
        none(
            shelf,
            "no checkpoint of a run's state is here; a finished run may keep its best only",
        )
    })
}

/// `manifest.json`, as far as it matters here.
#[derive(Deserialize)]
struct Manifest {
    data: DataLock,
    classes: Vec<String>,
    files: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
struct Entry {
    sha256: String,
}

/// A checkpoint's network: the first of these files that it has.
fn checkpoint(folder: &Path, files: &[&str]) -> Result<FoundNetwork, TrainError> {
    let path = folder.join(MANIFEST);
    let text = std::fs::read(&path).map_err(|e| unreadable(&path, e))?;
    if !is_sealed(&text) {
        return Err(foreign(
            &path,
            "no checkpoint's, or damaged: it does not end in the hash of what comes before",
        ));
    }
    let head: serde_json::Value =
        serde_json::from_slice(&text).map_err(|e| foreign(&path, &e.to_string()))?;
    if head["format"] != FORMAT {
        let program = head["program"].as_str().unwrap_or("another program");
        let why = format!(
            "written by {program} in format {}, and this program reads format {FORMAT}",
            head["format"]
        );
        return Err(foreign(&path, &why));
    }
    let manifest: Manifest =
        serde_json::from_value(head).map_err(|e| foreign(&path, &e.to_string()))?;
    let Some(file) = files
        .iter()
        .find(|file| manifest.files.contains_key(**file))
    else {
        return Err(none(
            folder,
            &format!("this checkpoint holds no {}", files.join(" and no ")),
        ));
    };
    for name in [RECIPE, file] {
        verify(&folder.join(name), manifest.files.get(name))?;
    }
    Ok(FoundNetwork {
        weights: folder.join(file),
        recipe: recipe(&folder.join(RECIPE))?,
        classes: Some(manifest.classes),
        data: Some(manifest.data),
        // `RUN/checkpoints/NAME`, wherever the run's directory was moved to.
        tokenizer: folder
            .canonicalize()
            .ok()
            .and_then(|f| Some(f.parent()?.parent()?.join(TOKENIZER)))
            .filter(|f| f.is_file()),
    })
}

/// Whether a manifest's last member is the SHA-256 of all bytes before that member.
fn is_sealed(text: &[u8]) -> bool {
    let Some((body, seal)) = std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.rsplit_once(",\n  \"seal\": \""))
    else {
        return false;
    };
    seal.strip_suffix("\"\n}\n") == Some(hex(body.as_bytes()).as_str())
}

/// SHA-256 in lower-case hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// That a file is what its manifest says.
fn verify(path: &Path, entry: Option<&Entry>) -> Result<(), TrainError> {
    let entry =
        entry.ok_or_else(|| foreign(path, "its checkpoint's manifest.json does not name it"))?;
    let bytes = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    match hex(&bytes) == entry.sha256 {
        true => Ok(()),
        false => Err(foreign(
            path,
            "damaged: its SHA-256 is not the one that it was written with",
        )),
    }
}

/// A file of weights, and what its run says of it.
fn weights(file: &Path, run: Option<&Path>) -> Result<FoundNetwork, TrainError> {
    if !file.is_file() {
        return Err(none(
            file,
            "there is no such file: `amst train --weights FILE` writes one",
        ));
    }
    let beside = file
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let run = run.unwrap_or(beside);
    let path = run.join(RECIPE);
    if !path.is_file() {
        let file = file.display();
        return Err(none(
            &path,
            &format!("there is no such file: name the run that {file} is of with --run DIR"),
        ));
    }
    Ok(FoundNetwork {
        weights: file.into(),
        recipe: recipe(&path)?,
        classes: classes(&run.join("predictions.csv"))?,
        data: result(&run.join("result.json"))?.map(|result| result.data),
        tokenizer: Some(run.join(TOKENIZER)).filter(|file| file.is_file()),
    })
}

fn recipe(path: &Path) -> Result<Recipe, TrainError> {
    let text = std::fs::read_to_string(path).map_err(|e| unreadable(path, e))?;
    let unfit = |why: &str| foreign(path, &format!("not a recipe of this version: {why}"));
    let recipe: Recipe = toml::from_str(&text).map_err(|e| unfit(e.message()))?;
    trainable()
        .known(&recipe)
        .map_err(|e| unfit(&e.to_string()))
}

/// The classes of a finished run: its predictions have a column for each.
fn classes(path: &Path) -> Result<Option<Vec<String>>, TrainError> {
    if !path.is_file() {
        return Ok(None);
    }
    let mut reader = csv::Reader::from_path(path).map_err(|e| foreign(path, &e.to_string()))?;
    let header = reader
        .headers()
        .map_err(|e| foreign(path, &e.to_string()))?;
    let classes: Vec<String> = header
        .iter()
        .filter_map(|name| name.strip_prefix("p:"))
        .map(String::from)
        .collect();
    match classes.is_empty() {
        true => Err(foreign(path, "not the predictions of a run")),
        false => Ok(Some(classes)),
    }
}

fn result(path: &Path) -> Result<Option<CellResult>, TrainError> {
    if !path.is_file() {
        return Ok(None);
    }
    let text = std::fs::read(path).map_err(|e| unreadable(path, e))?;
    serde_json::from_slice(&text)
        .map(Some)
        .map_err(|e| foreign(path, &format!("not a result of this version: {e}")))
}

fn none(path: &Path, why: &str) -> TrainError {
    TrainError::NoNetwork {
        path: path.into(),
        why: why.into(),
    }
}

fn foreign(path: &Path, why: &str) -> TrainError {
    TrainError::NotANetwork {
        path: path.into(),
        why: why.into(),
    }
}

fn unreadable(path: &Path, error: std::io::Error) -> TrainError {
    none(path, &format!("cannot be read: {error}"))
}
