//! A run on disk, from which it can go on.
//!
//! `checkpoints/00003-00017` is the run after 17 steps of epoch 3, `checkpoints/00004-00000` before
//! the first of epoch 4. A folder appears under its name when it is complete; in it,
//! `manifest.json` names every other file with its length and SHA-256, and itself.

mod error;
mod manifest;
mod shelf;
mod snapshot;
mod state;
mod tensors;

use std::path::{Path, PathBuf};

use amst::methods::trainable;
use amst::{Net, renames};
use amst_encoders::{AnyEncoder, HeldTensor, replace_all};
use amst_recipe::{CODE_EPOCH, Cell, Recipe, TextModel};
use burn::module::Module;
use burn::tensor::Device;
pub use error::CheckpointError;
pub(crate) use manifest::MANIFEST;
use manifest::hex;
pub use manifest::{CHECKPOINT_FORMAT, FileEntry, Kind, Manifest};
use sha2::{Digest, Sha256};
pub(crate) use shelf::{Loaded, Shelf, set_aside};
pub(crate) use snapshot::{Best, Snapshot, WriteFault, Written};
pub(crate) use state::{BestState, EpochSums, STATE, State};

use crate::{Built, TrainError, build};

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

/// What a run that stands there calls its checkpoint; later ones sort after earlier ones.
pub(crate) fn folder(epoch: usize, step: usize) -> String {
    format!("{epoch:05}-{step:05}")
}

/// Which network of a checkpoint is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weights {
    /// That of the best epoch so far.
    Best,
    /// The one that is trained.
    Last,
}

/// A checkpoint whose manifest is whole. Its files are checked when they are read.
///
/// ```no_run
/// # use amst_train::{Checkpoint, Weights};
/// # use burn::tensor::Device;
/// let checkpoint = Checkpoint::open("runs/synthetic/naive/0-1234abcd".as_ref())?;
/// let built = checkpoint.network(Weights::Best, None, &Device::flex())?;
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
        let shelf = path.join(CHECKPOINTS);
        let dir = match shelf.is_dir() {
            false => path.to_path_buf(),
            true if shelf.join(SELECTED).join(MANIFEST).is_file() => shelf.join(SELECTED),
            true => Shelf::folders(&shelf).pop().unwrap_or(shelf),
        };
        Ok(Self::at(&dir)?)
    }

    pub(crate) fn at(dir: &Path) -> Result<Self, CheckpointError> {
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

    /// Where it lies.
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
        let damaged = |why: String| CheckpointError::Damaged {
            path: self.dir.join(RECIPE),
            why,
        };
        let text = String::from_utf8(self.read(RECIPE)?).map_err(|e| damaged(e.to_string()))?;
        let recipe: Recipe = toml::from_str(&text).map_err(|e| damaged(e.to_string()))?;
        trainable()
            .known(&recipe)
            .map_err(|e| damaged(e.to_string()))
    }

    /// The tensors of one of its files, by name and shape; none of a file that it does not have.
    ///
    /// # Errors
    ///
    /// The file is damaged.
    pub fn tensors(&self, file: &str) -> Result<Vec<HeldTensor>, CheckpointError> {
        match self.manifest.files.contains_key(file) {
            true => tensors::read(&self.read(file)?, &self.dir.join(file)),
            false => Ok(Vec::new()),
        }
    }

    /// The method and one of the networks, in evaluation mode, on a device. `text_model` is that
    /// of the recipe, if its text encoder is pretrained.
    ///
    /// # Errors
    ///
    /// A file is damaged, or there is no such network in this checkpoint.
    pub fn network(
        &self,
        weights: Weights,
        text_model: Option<&TextModel>,
        device: &Device,
    ) -> Result<(Built, Net<AnyEncoder>), TrainError> {
        let built = build(
            &self.recipe()?,
            text_model,
            self.manifest.classes.len(),
            &device.clone().autodiff(),
        )?;
        let file = match weights {
            Weights::Best => BEST,
            Weights::Last => MODEL,
        };
        let tensors = self.tensors(file)?;
        if tensors.is_empty() {
            let why = format!(
                "this checkpoint has none; look for it in one of another kind than {:?}",
                self.manifest.kind
            );
            return Err(CheckpointError::Damaged {
                path: self.dir.join(file),
                why,
            }
            .into());
        }
        let mut net = built.net.valid();
        replace_all(&mut net, tensors, &self.dir.join(file), &names(&built))?;
        Ok((built, net))
    }

    /// Refuses files that nobody wrote with the others.
    pub(crate) fn check_names(&self) -> Result<(), CheckpointError> {
        let entries = std::fs::read_dir(&self.dir).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
        match names.find(|name| name != MANIFEST && !self.manifest.files.contains_key(name)) {
            None => Ok(()),
            Some(name) => {
                let why = "manifest.json does not name it".into();
                Err(CheckpointError::Damaged {
                    path: self.dir.join(name),
                    why,
                })
            }
        }
    }

    pub(crate) fn state(&self) -> Result<State, CheckpointError> {
        State::parse(&self.read(STATE)?, &self.dir.join(STATE))
    }

    /// Refuses a checkpoint of another recipe, data set or version of the arithmetic.
    pub(crate) fn check_is_of(
        &self,
        cell: &Cell,
        data: &amst_recipe::DataLock,
    ) -> Result<(), CheckpointError> {
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

    /// A file, if it is what the manifest says.
    fn read(&self, name: &str) -> Result<Vec<u8>, CheckpointError> {
        let path = self.dir.join(name);
        let damaged = |why: String| CheckpointError::Damaged {
            path: path.clone(),
            why,
        };
        let entry = self
            .manifest
            .files
            .get(name)
            .ok_or_else(|| damaged("not named in manifest.json".into()))?;
        let bytes = std::fs::read(&path).map_err(|e| damaged(e.to_string()))?;
        if bytes.len() as u64 != entry.bytes {
            return Err(damaged(format!(
                "{} bytes, and it was written with {}",
                bytes.len(),
                entry.bytes
            )));
        }
        match hex(&Sha256::digest(&bytes)) == entry.sha256 {
            true => Ok(bytes),
            false => Err(damaged(
                "its SHA-256 is not the one that it was written with".into(),
            )),
        }
    }
}

pub(crate) fn names(built: &Built) -> amst_encoders::Renames {
    renames(
        &built.method.branches(),
        &built.method.schedule().modalities(),
    )
}

/// The settings that two recipes do not share.
fn differing(there: &Recipe, here: &Recipe) -> Vec<String> {
    let value = |recipe: &Recipe| serde_json::to_value(recipe).expect("plain data");
    let (there, here) = (value(there), value(here));
    let of = |recipe: &serde_json::Value, key: &str| {
        key.split('.')
            .fold(recipe.clone(), |v, part| v[part].clone())
    };
    let keys = trainable().keys().into_iter();
    let pairs = keys
        .map(|key| (of(&there, &key), of(&here, &key), key))
        .filter(|(a, b, _)| a != b);
    pairs
        .map(|(there, here, key)| format!("{key} is {there} there, {here} here"))
        .collect()
}
