//! A run's checkpoints: which to go on from, which to keep.

use std::path::{Path, PathBuf};

use amst_encoders::HeldTensor;
use amst_recipe::{Cell, DataLock};

use super::manifest::FileEntry;
use super::{
    BEST, CHECKPOINTS, Checkpoint, CheckpointError, METHOD, MODEL, Manifest, State, VELOCITY,
    WriteFault,
};
use crate::TrainError;
use crate::filesystem::FileSystem;

/// The folder of a run's checkpoints.
#[derive(Clone, Debug)]
pub(crate) struct Shelf {
    root: PathBuf,
}

/// A checkpoint whose every byte is as it was written, read.
pub(crate) struct Loaded {
    pub dir: PathBuf,
    pub device: String,
    pub burn: String,
    pub state: State,
    pub model: Vec<HeldTensor>,
    pub velocity: Vec<HeldTensor>,
    pub method: Vec<HeldTensor>,
    pub best: Vec<HeldTensor>,
    pub best_entry: Option<FileEntry>,
}

/// A checkpoint to go on from, and what was wrong with newer ones.
#[derive(Default)]
pub(crate) struct Found {
    pub loaded: Option<Loaded>,
    pub faults: Vec<String>,
}

impl Shelf {
    /// That of a run's directory.
    pub fn of(run: &Path) -> Self {
        Self {
            root: run.join(CHECKPOINTS),
        }
    }

    /// Where it lies.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where the checkpoint of a run that stands there lies.
    pub fn place(&self, epoch: usize, step: usize) -> PathBuf {
        self.root.join(super::folder(epoch, step))
    }

    /// Checkpoints of states, the oldest first.
    pub fn folders(root: &Path) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
        let place = |name: &str| {
            let number = |part: &str| {
                part.bytes()
                    .all(|b| b.is_ascii_digit())
                    .then(|| part.parse::<usize>().ok())?
            };
            let (epoch, step) = name.split_once('-')?;
            Some((number(epoch)?, number(step)?))
        };
        let named = entries
            .filter_map(|entry| Some((place(&entry.file_name().to_string_lossy())?, entry.path())));
        let mut folders: Vec<_> = named.collect();
        folders.sort();
        folders.into_iter().map(|(_, dir)| dir).collect()
    }

    /// The newest checkpoint that is whole. Damaged ones on the way are told of, and given another
    /// name, so that the run can write its own in their place.
    pub fn newest(
        &self,
        disk: &dyn FileSystem,
        cell: &Cell,
        data: &DataLock,
    ) -> Result<Found, TrainError> {
        let mut damaged = Vec::new();
        let mut loaded = None;
        for dir in Self::folders(&self.root).into_iter().rev() {
            match Self::load(&dir, cell, data) {
                Ok(whole) => {
                    loaded = Some(whole);
                    break;
                }
                Err(error @ CheckpointError::Damaged { .. }) => {
                    damaged.push((dir, error.to_string()))
                }
                Err(other) => return Err(other.into()),
            }
        }
        let (dirs, faults): (Vec<_>, Vec<_>) = damaged.into_iter().unzip();
        if loaded.is_none() && !faults.is_empty() {
            return Err(CheckpointError::NoneUsable {
                dir: self.root.clone(),
                faults,
            }
            .into());
        }
        dirs.iter()
            .try_for_each(|dir| set_aside(disk, dir).map(|_| ()))?;
        Ok(Found { loaded, faults })
    }

    fn load(dir: &Path, cell: &Cell, data: &DataLock) -> Result<Loaded, CheckpointError> {
        let checkpoint = Checkpoint::at(dir)?;
        checkpoint.check_is_of(cell, data)?;
        checkpoint.check_names()?;
        // What goes on from it does not need its recipe, but a damaged checkpoint is a damaged
        // checkpoint.
        checkpoint.recipe()?;
        // Hashing is most of the work, and there is a thread for each file.
        let (model, velocity, method, best) = std::thread::scope(|scope| {
            let read = |file: &'static str| scope.spawn(|| checkpoint.tensors(file));
            let threads = [MODEL, VELOCITY, METHOD, BEST].map(read);
            let [model, velocity, method, best] =
                threads.map(|thread| thread.join().expect("reading does not panic"));
            Ok::<_, CheckpointError>((model?, velocity?, method?, best?))
        })?;
        let Manifest {
            device,
            burn,
            files,
            ..
        } = checkpoint.manifest();
        Ok(Loaded {
            dir: dir.into(),
            device: device.clone(),
            burn: burn.clone(),
            state: checkpoint.state()?,
            model,
            velocity,
            method,
            best,
            best_entry: files.get(BEST).cloned(),
        })
    }

    /// Removes all but the newest `count`.
    pub fn keep_newest(&self, disk: &dyn FileSystem, count: usize) -> Result<(), WriteFault> {
        let folders = Self::folders(&self.root);
        let old = folders.len().saturating_sub(count);
        folders[..old].iter().try_for_each(|dir| {
            disk.remove_dir(dir).map_err(|source| WriteFault {
                path: dir.clone(),
                bytes: 0,
                source,
            })
        })
    }
}

/// Gives a folder the first free name of `name.1`, `name.2`, …
pub(crate) fn set_aside(disk: &dyn FileSystem, dir: &Path) -> Result<PathBuf, TrainError> {
    let name = dir
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let free = (1..)
        .map(|n| dir.with_file_name(format!("{name}.{n}")))
        .find(|p| !p.exists())
        .expect("some are free");
    let failed = |source| TrainError::Io {
        verb: "move aside",
        path: dir.into(),
        source,
        option: "--out",
    };
    disk.rename(dir, &free).map_err(failed)?;
    Ok(free)
}
