//! Finding a trained network on disk.

use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst_files::folder_of;
use amst_recipe::{CellResult, DataLock, Recipe};

use crate::TrainError;
use crate::checkpoint::{
    BEST, CHECKPOINT_FORMAT, Checkpoint, CheckpointDir, CheckpointError, MANIFEST, MODEL, RECIPE,
};
use crate::run::{RESULT, TOKENIZER};

/// Which network is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NetworkPath {
    /// A checkpoint's folder, or a run's directory, whose selected network is meant.
    Folder(PathBuf),
    /// The selected network of a run's directory, or the best so far.
    Best(PathBuf),
    /// The network that a run was training when it last wrote a checkpoint.
    Last(PathBuf),
    /// A file that `amst train --weights` wrote, and its run's directory; without one the folder
    /// that the file is in, which must hold the run's `recipe.toml`.
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
    /// Names of its classes by index, where its files have them; else they are the data set's.
    pub classes: Option<Vec<String>>,
    /// Identity of the data it was trained on, where its files have it.
    pub data: Option<DataLock>,
    /// The tokenizer that was trained with it, if one was.
    pub tokenizer: Option<PathBuf>,
}

/// Finds a network's files and reads what is not its weights.
///
/// # Errors
///
/// [`TrainError::NoNetwork`] where there is none, [`TrainError::NotANetwork`] where the files are
/// another program's, another version's or damaged.
pub fn find_network(path: &NetworkPath) -> Result<FoundNetwork, TrainError> {
    match path {
        NetworkPath::Weights { file, run } => in_weights(file, run.as_deref()),
        NetworkPath::Folder(folder) if folder.join(MANIFEST).is_file() => {
            in_checkpoint(folder, &[BEST, MODEL])
        }
        NetworkPath::Folder(run) | NetworkPath::Best(run) => {
            let checkpoints = checkpoints(run)?;
            match checkpoints.selected() {
                Some(selected) => in_checkpoint(&selected, &[BEST]),
                None => in_checkpoint(&newest_state(&checkpoints)?, &[BEST]),
            }
        }
        NetworkPath::Last(run) => in_checkpoint(&newest_state(&checkpoints(run)?)?, &[MODEL]),
    }
}

/// A run's checkpoint directory, which exists.
fn checkpoints(run: &Path) -> Result<CheckpointDir, TrainError> {
    if !run.is_dir() {
        return Err(none(
            run,
            "there is no such folder: give a run's directory or a checkpoint in it",
        ));
    }
    let checkpoints = CheckpointDir::in_run(run);
    if checkpoints.path().is_dir() {
        Ok(checkpoints)
    } else if run.join(RECIPE).is_file() {
        Err(none(
            run,
            "this run has no checkpoint: give the file of its weights with --weights FILE",
        ))
    } else {
        Err(foreign(run, "neither a run's directory nor a checkpoint"))
    }
}

fn newest_state(checkpoints: &CheckpointDir) -> Result<PathBuf, TrainError> {
    checkpoints.newest_state().ok_or_else(|| {
        none(
            checkpoints.path(),
            "no checkpoint of a run's state is here; a finished run may keep its best only",
        )
    })
}

/// The network of a checkpoint: the first of these files that it has.
fn in_checkpoint(folder: &Path, files: &[&str]) -> Result<FoundNetwork, TrainError> {
    let checkpoint = Checkpoint::open_folder(folder).map_err(not_a_network)?;
    let manifest = checkpoint.manifest();
    let Some(file) = files
        .iter()
        .find(|file| manifest.files.contains_key(**file))
    else {
        return Err(none(
            folder,
            &format!("this checkpoint holds no {}", files.join(" and no ")),
        ));
    };
    let recipe = checkpoint.recipe().map_err(not_a_network)?;
    checkpoint.read(file).map_err(not_a_network)?;
    Ok(FoundNetwork {
        weights: folder.join(file),
        recipe,
        classes: Some(manifest.classes.clone()),
        data: Some(manifest.data.clone()),
        // `RUN/checkpoints/NAME`, wherever the run's directory was moved to.
        tokenizer: folder
            .canonicalize()
            .ok()
            .and_then(|f| Some(f.parent()?.parent()?.join(TOKENIZER)))
            .filter(|f| f.is_file()),
    })
}

/// The same fault with the remedy that fits the use of a network; resuming its run has another.
fn not_a_network(error: CheckpointError) -> TrainError {
    match error {
        CheckpointError::Damaged { path, why } => foreign(&path, &format!("damaged: {why}")),
        CheckpointError::Format {
            dir,
            format,
            program,
        } => foreign(
            &dir.join(MANIFEST),
            &format!(
                "written by {program} in format {format}, and this program reads format \
                 {CHECKPOINT_FORMAT}"
            ),
        ),
        other => other.into(),
    }
}

/// A file of weights, and what its run says of it.
fn in_weights(file: &Path, run: Option<&Path>) -> Result<FoundNetwork, TrainError> {
    if !file.is_file() {
        return Err(none(
            file,
            "there is no such file: `amst train --weights FILE` writes one",
        ));
    }
    let run = run.unwrap_or(folder_of(file));
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
        data: result(&run.join(RESULT))?.map(|result| result.data),
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
    if classes.is_empty() {
        return Err(foreign(path, "not the predictions of a run"));
    }
    Ok(Some(classes))
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
