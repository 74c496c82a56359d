//! The checkpoint directory of a run: which checkpoint to resume from, which to keep.

use std::path::{Path, PathBuf};

use amst_encoders::HeldTensor;
use amst_recipe::{Cell, DataLock};

use super::manifest::FileEntry;
use super::{
    BEST, CHECKPOINTS, Checkpoint, CheckpointError, METHOD, MODEL, Manifest, SELECTED, State,
    VELOCITY, WriteFault, write_fault,
};
use crate::TrainError;
use crate::filesystem::FileSystem;

/// The directory of a run's checkpoints, `RUN/checkpoints`.
#[derive(Clone, Debug)]
pub(crate) struct CheckpointDir {
    path: PathBuf,
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

/// A checkpoint to resume from, and what was wrong with newer ones.
#[derive(Default)]
pub(crate) struct Found {
    pub loaded: Option<Loaded>,
    pub faults: Vec<String>,
}

impl CheckpointDir {
    /// That of a run directory; it need not exist.
    pub fn in_run(run: &Path) -> Self {
        Self {
            path: run.join(CHECKPOINTS),
        }
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the checkpoint after `step` steps of `epoch`.
    pub fn state_path(&self, epoch: usize, step: usize) -> PathBuf {
        self.path.join(super::folder(epoch, step))
    }

    /// Checkpoints that a run can go on from, the oldest first. Damaged ones that were moved aside
    /// (`00003-00017.1`) are not among them.
    pub fn states(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(&self.path).into_iter().flatten();
        let mut states: Vec<_> = entries
            .flatten()
            .filter_map(|entry| {
                let position = parse_folder(&entry.file_name().to_string_lossy())?;
                Some((position, entry.path()))
            })
            .collect();
        states.sort();
        states.into_iter().map(|(_, path)| path).collect()
    }

    /// The last of [`states`](Self::states).
    pub fn newest_state(&self) -> Option<PathBuf> {
        self.states().pop()
    }

    /// The checkpoint of the selected network, once the run is finished.
    pub fn selected(&self) -> Option<PathBuf> {
        Some(self.path.join(SELECTED)).filter(|path| path.is_dir())
    }

    /// Reads the newest checkpoint that is whole. Damaged ones that are newer are reported and
    /// moved aside, so that the run can write its own under their names.
    pub fn load_newest(
        &self,
        disk: &dyn FileSystem,
        cell: &Cell,
        data: &DataLock,
    ) -> Result<Found, TrainError> {
        let mut damaged = Vec::new();
        let mut found = Found::default();
        for dir in self.states().into_iter().rev() {
            match Self::load(&dir, cell, data) {
                Ok(whole) => {
                    found.loaded = Some(whole);
                    break;
                }
                Err(error @ CheckpointError::Damaged { .. }) => {
                    damaged.push(dir);
                    found.faults.push(error.to_string());
                }
                Err(other) => return Err(other.into()),
            }
        }
        if found.loaded.is_none() && !found.faults.is_empty() {
            return Err(CheckpointError::NoneUsable {
                dir: self.path.clone(),
                faults: found.faults,
            }
            .into());
        }
        for dir in damaged {
            set_aside(disk, &dir)?;
        }
        Ok(found)
    }

    fn load(dir: &Path, cell: &Cell, data: &DataLock) -> Result<Loaded, CheckpointError> {
        let checkpoint = Checkpoint::open_folder(dir)?;
        checkpoint.check_is_of(cell, data)?;
        checkpoint.check_names()?;
        // Resuming does not need this recipe, but a damaged one makes the checkpoint a damaged one.
        checkpoint.recipe()?;
        // Hashing is most of the work, and there is a thread for each file.
        let [model, velocity, method, best] = std::thread::scope(|scope| {
            let checkpoint = &checkpoint;
            let threads = [MODEL, VELOCITY, METHOD, BEST]
                .map(|file| scope.spawn(move || checkpoint.tensors(file)));
            threads.map(|thread| thread.join().expect("reading does not panic"))
        });
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
            model: model?,
            velocity: velocity?,
            method: method?,
            best: best?,
            best_entry: files.get(BEST).cloned(),
        })
    }

    /// Removes all states but the newest `count`.
    pub fn keep_newest(&self, disk: &dyn FileSystem, count: usize) -> Result<(), WriteFault> {
        let states = self.states();
        let old = states.len().saturating_sub(count);
        for path in &states[..old] {
            disk.remove_dir(path).map_err(write_fault(path))?;
        }
        Ok(())
    }
}

/// Epoch and step of a folder that `super::folder` named.
fn parse_folder(name: &str) -> Option<(usize, usize)> {
    let (epoch, step) = name.split_once('-')?;
    // `parse` alone would take `+3` too.
    if !(epoch.bytes().chain(step.bytes())).all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some((epoch.parse().ok()?, step.parse().ok()?))
}

/// Renames a folder to the first free name of `name.1`, `name.2`, …
pub(crate) fn set_aside(disk: &dyn FileSystem, dir: &Path) -> Result<PathBuf, TrainError> {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    let free = (1..)
        .map(|n| dir.with_file_name(format!("{name}.{n}")))
        .find(|path| !path.exists())
        .expect("some number is free");
    disk.rename(dir, &free)
        .map_err(TrainError::io("move aside", dir, "--out"))?;
    Ok(free)
}
