//! A run on disk, from which it can be resumed.
//!
//! `checkpoints/00003-00017` is the run after 17 steps of epoch 3, `checkpoints/00004-00000` before
//! the first of epoch 4. A folder appears under its name when it is complete; in it,
//! `manifest.json` names every other file with its length and SHA-256, and itself.

mod directory;
mod error;
mod manifest;
mod snapshot;
mod state;
mod tensors;

use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst_encoders::HeldTensor;
use amst_files::sha256_hex;
use amst_recipe::{CODE_EPOCH, Cell, DataLock, Recipe};
pub(crate) use directory::{CheckpointDir, Loaded, set_aside};
pub use error::CheckpointError;
pub(crate) use manifest::MANIFEST;
pub use manifest::{CHECKPOINT_FORMAT, FileEntry, Kind, Manifest};
pub(crate) use snapshot::{Best, Snapshot, WriteFault, Written, write_fault};
pub(crate) use state::{BestState, EpochSums, STATE, State};

use crate::TrainError;

/// Files of a checkpoint.
pub(crate) const MODEL: &str = "model.safetensors";
pub(crate) const VELOCITY: &str = "velocity.safetensors";
pub(crate) const METHOD: &str = "method.safetensors";
pub(crate) const BEST: &str = "best.safetensors";
pub(crate) const RECIPE: &str = "recipe.toml";

/// The folder of a run's checkpoints.
pub(crate) const CHECKPOINTS: &str = "checkpoints";
/// The checkpoint of the selected network, once the run is finished.
pub(crate) const SELECTED: &str = "best";

/// The folder name of the checkpoint after `step` steps of `epoch`; later ones sort after earlier
/// ones.
pub(crate) fn folder(epoch: usize, step: usize) -> String {
    format!("{epoch:05}-{step:05}")
}

/// A checkpoint whose manifest is whole. Its files are checked when they are read.
///
/// ```no_run
/// # use amst_train::Checkpoint;
/// let checkpoint = Checkpoint::open("runs/synthetic/naive/0-1234abcd".as_ref())?;
/// checkpoint.verify()?;
/// println!("epoch {}", checkpoint.manifest().epoch);
/// # Ok::<(), amst_train::TrainError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Checkpoint {
    dir: PathBuf,
    manifest: Manifest,
}

impl Checkpoint {
    /// Opens a checkpoint, or, in a run's directory, its selected network or else its newest
    /// checkpoint.
    ///
    /// # Errors
    ///
    /// There is none, its manifest is damaged, or it is of another format.
    pub fn open(path: &Path) -> Result<Self, TrainError> {
        let checkpoints = CheckpointDir::in_run(path);
        if !checkpoints.path().is_dir() {
            return Ok(Self::open_folder(path)?);
        }
        let chosen = checkpoints.selected().or(checkpoints.newest_state());
        let folder = chosen.as_deref().unwrap_or(checkpoints.path());
        Ok(Self::open_folder(folder)?)
    }

    /// Opens the checkpoint in this folder.
    pub(crate) fn open_folder(dir: &Path) -> Result<Self, CheckpointError> {
        let path = dir.join(MANIFEST);
        let bytes = std::fs::read(&path).map_err(|e| CheckpointError::Damaged {
            path,
            why: e.to_string(),
        })?;
        Ok(Self {
            dir: dir.into(),
            manifest: Manifest::parse(&bytes, dir)?,
        })
    }

    /// Its folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// What it is of.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Reads every file and compares it with the manifest.
    ///
    /// # Errors
    ///
    /// The first that is not what was written, or was not written with it.
    pub fn verify(&self) -> Result<(), CheckpointError> {
        self.check_names()?;
        self.manifest
            .files
            .keys()
            .try_for_each(|name| self.read(name).map(|_| ()))
    }

    /// The recipe of its run.
    ///
    /// # Errors
    ///
    /// Its file is damaged.
    pub fn recipe(&self) -> Result<Recipe, CheckpointError> {
        let bytes = self.read(RECIPE)?;
        let damaged = |why: &str| CheckpointError::Damaged {
            path: self.dir.join(RECIPE),
            why: format!("not a recipe of this version: {why}"),
        };
        let recipe: Recipe = toml::from_slice(&bytes).map_err(|e| damaged(e.message()))?;
        let known = trainable().known(&recipe);
        known.map_err(|e| damaged(&e.to_string()))
    }

    /// The tensors of one of its files, by name and shape; none of a file that it does not have.
    ///
    /// # Errors
    ///
    /// The file is damaged.
    pub fn tensors(&self, file: &str) -> Result<Vec<HeldTensor>, CheckpointError> {
        if !self.manifest.files.contains_key(file) {
            return Ok(Vec::new());
        }
        tensors::read(&self.read(file)?, &self.dir.join(file))
    }

    /// Refuses a folder with files that the manifest does not name.
    pub(crate) fn check_names(&self) -> Result<(), CheckpointError> {
        for entry in std::fs::read_dir(&self.dir).into_iter().flatten().flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != MANIFEST && !self.manifest.files.contains_key(&name) {
                return Err(CheckpointError::Damaged {
                    path: self.dir.join(name),
                    why: "manifest.json does not name it".into(),
                });
            }
        }
        Ok(())
    }

    pub(crate) fn state(&self) -> Result<State, CheckpointError> {
        State::parse(&self.read(STATE)?, &self.dir.join(STATE))
    }

    /// Refuses a checkpoint of another recipe, data set or version of the arithmetic.
    pub(crate) fn check_is_of(&self, cell: &Cell, data: &DataLock) -> Result<(), CheckpointError> {
        let Manifest {
            code_epoch,
            cell: id,
            data: lock,
            ..
        } = &self.manifest;
        if *id == cell.id && lock == data && *code_epoch == CODE_EPOCH {
            return Ok(());
        }
        let mut differences = Vec::new();
        if *code_epoch != CODE_EPOCH {
            differences.push(format!("code epoch {code_epoch} there, {CODE_EPOCH} here"));
        }
        if lock != data {
            differences.push("the data set is another one".into());
        }
        differences.extend(differing(&self.recipe()?, &cell.recipe));
        if differences.is_empty() {
            differences.push(format!("it is of the cell {id}, not {}", cell.id));
        }
        Err(CheckpointError::Other {
            dir: self.dir.clone(),
            differences,
        })
    }

    /// The bytes of a file, checked against the manifest.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        let path = self.dir.join(name);
        let why = match (self.manifest.files.get(name), std::fs::read(&path)) {
            (None, _) => "not named in manifest.json".into(),
            (_, Err(error)) => error.to_string(),
            (Some(entry), Ok(bytes)) if bytes.len() as u64 != entry.bytes => format!(
                "{} bytes, and it was written with {}",
                bytes.len(),
                entry.bytes
            ),
            (Some(entry), Ok(bytes)) if sha256_hex(&bytes) == entry.sha256 => {
                return Ok(bytes);
            }
            _ => "its SHA-256 is not the one that it was written with".into(),
        };
        Err(CheckpointError::Damaged { path, why })
    }
}

/// The settings that two recipes do not share.
fn differing(there: &Recipe, here: &Recipe) -> Vec<String> {
    let [there, here] =
        [there, here].map(|recipe| serde_json::to_value(recipe).expect("plain data"));
    let mut differences = Vec::new();
    for key in trainable().keys() {
        let [there, here] =
            [&there, &here].map(|recipe| key.split('.').fold(recipe, |value, part| &value[part]));
        if there != here {
            differences.push(format!("{key} is {there} there, {here} here"));
        }
    }
    differences
}
