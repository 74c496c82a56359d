//! Writing checkpoints beside the training.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::TrainError;
use crate::checkpoint::{CheckpointDir, FileEntry, Loaded, Snapshot, WriteFault, Written};
use crate::filesystem::FileSystem;
use crate::pace::Keep;

/// Writes one checkpoint at a time, on a thread of its own. What goes wrong there is told when the
/// next one is begun, or at the end.
pub(crate) struct Writer {
    disk: Arc<dyn FileSystem>,
    run: PathBuf,
    keep: Keep,
    working: Option<JoinHandle<Result<Written, WriteFault>>>,
    last: Option<Written>,
    /// Of the one that is being written, or of the last.
    path: Option<PathBuf>,
}

impl Writer {
    /// A writer for a run's directory, which goes on after `loaded`.
    pub fn new(disk: Arc<dyn FileSystem>, run: &Path, keep: Keep, loaded: Option<&Loaded>) -> Self {
        let best = |loaded: &Loaded| -> Option<(usize, FileEntry)> {
            Some((
                loaded.state.best.as_ref()?.epoch,
                loaded.best_entry.clone()?,
            ))
        };
        let last = loaded.map(|loaded| Written {
            dir: loaded.dir.clone(),
            best: best(loaded),
        });
        Self {
            disk,
            run: run.into(),
            keep,
            working: None,
            last,
            path: loaded.map(|loaded| loaded.dir.clone()),
        }
    }

    /// The checkpoint that was written last, or is being written.
    pub fn last_path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Waits for the one before, and begins to write `snapshot`, whose best network is of
    /// `best_epoch`. What the state says of the `logs` must not outlive them, so they go first.
    pub fn begin(
        &mut self,
        snapshot: Snapshot,
        best_epoch: Option<usize>,
        logs: Vec<PathBuf>,
    ) -> Result<(), TrainError> {
        self.wait()?;
        let checkpoints = CheckpointDir::in_run(&self.run);
        self.path = Some(checkpoints.state_path(snapshot.manifest.epoch, snapshot.manifest.step));
        let (disk, before, keep) = (self.disk.clone(), self.last.clone(), self.keep);
        let write = move || {
            let sync = |log: PathBuf| {
                disk.sync(&log).map_err(|source| WriteFault {
                    path: log,
                    bytes: 0,
                    source,
                })
            };
            logs.into_iter().try_for_each(sync)?;
            let written =
                snapshot.write(&*disk, checkpoints.path(), best_epoch, before.as_ref())?;
            if !keep.all {
                checkpoints.keep_newest(&*disk, 2)?;
            }
            Ok(written)
        };
        let thread = std::thread::Builder::new()
            .name("checkpoint".into())
            .spawn(write);
        let unstarted = |source| {
            self.failed(WriteFault {
                path: self.run.clone(),
                bytes: 0,
                source,
            })
        };
        self.working = Some(thread.map_err(unstarted)?);
        Ok(())
    }

    /// Waits until everything is on the disk.
    pub fn wait(&mut self) -> Result<(), TrainError> {
        let Some(thread) = self.working.take() else {
            return Ok(());
        };
        match thread.join() {
            Ok(Ok(written)) => self.last = Some(written),
            Ok(Err(fault)) => return Err(self.failed(fault)),
            Err(panic) => std::panic::resume_unwind(panic),
        }
        Ok(())
    }

    /// Writes the selected network of a finished run, if it is to be kept.
    pub fn keep_selected(&mut self, snapshot: Snapshot, epoch: usize) -> Result<(), TrainError> {
        self.wait()?;
        if !self.keep.best {
            return Ok(());
        }
        let root = CheckpointDir::in_run(&self.run).path().to_path_buf();
        // Of an earlier attempt at the end of this run.
        let before = root.join(crate::checkpoint::SELECTED);
        let written = match before.exists() {
            true => self.disk.remove_dir(&before).map_err(|source| WriteFault {
                path: before,
                bytes: 0,
                source,
            }),
            false => Ok(()),
        };
        let written = written
            .and_then(|()| snapshot.write(&*self.disk, &root, Some(epoch), self.last.as_ref()));
        written.map(|_| ()).map_err(|fault| self.failed(fault))
    }

    /// Removes what only an unfinished run needs.
    pub fn clear(&mut self) -> Result<(), TrainError> {
        if self.keep.last || self.keep.all {
            return Ok(());
        }
        let checkpoints = CheckpointDir::in_run(&self.run);
        checkpoints
            .keep_newest(&*self.disk, 0)
            .map_err(|fault| self.failed(fault))?;
        // It is empty where nothing is kept; where something is, it stays.
        std::fs::remove_dir(checkpoints.path()).ok();
        Ok(())
    }

    fn failed(&self, fault: WriteFault) -> TrainError {
        let WriteFault {
            path,
            bytes,
            source,
        } = fault;
        match source.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                let free = self.disk.available(&self.run).unwrap_or(0);
                TrainError::Space {
                    path,
                    need: bytes,
                    free,
                }
            }
            _ => TrainError::Io {
                verb: "write",
                path,
                source,
                option: "--out",
            },
        }
    }
}

impl Drop for Writer {
    /// A run that fails does not tear down the checkpoint that is being written.
    fn drop(&mut self) {
        if let Some(thread) = self.working.take() {
            thread.join().ok();
        }
    }
}
