//! Writing checkpoints while the training goes on.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use crate::TrainError;
use crate::checkpoint::{CheckpointDir, Loaded, Snapshot, WriteFault, Written, write_fault};
use crate::filesystem::FileSystem;
use crate::pace::Keep;

/// Writes one checkpoint at a time, on a thread of its own. Its error is returned when the next
/// checkpoint is begun, or at the end.
pub(crate) struct Writer {
    disk: Arc<dyn FileSystem>,
    run: PathBuf,
    keep: Keep,
    working: Option<JoinHandle<Result<Written, WriteFault>>>,
    last: Option<Written>,
    /// Path of the checkpoint that is being written, or of the last.
    path: Option<PathBuf>,
}

impl Writer {
    /// A writer for a run's directory, which resumes from `loaded`.
    pub fn new(disk: Arc<dyn FileSystem>, run: &Path, keep: Keep, loaded: Option<&Loaded>) -> Self {
        let last = loaded.map(|loaded| Written {
            dir: loaded.dir.clone(),
            best: (loaded.state.best.as_ref())
                .map(|best| best.epoch)
                .zip(loaded.best_entry.clone()),
        });
        Self {
            disk,
            run: run.into(),
            keep,
            working: None,
            path: last.as_ref().map(|last| last.dir.clone()),
            last,
        }
    }

    /// The checkpoint that was written last, or is being written.
    pub fn last_path(&self) -> Option<&PathBuf> {
        self.path.as_ref()
    }

    /// Waits for the previous checkpoint and begins to write `snapshot`, whose best network is of
    /// `best_epoch`. Its state counts the bytes of the `logs`, so they reach the disk first.
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
        let thread = std::thread::Builder::new().name("checkpoint".into());
        let thread = thread.spawn(move || {
            for log in logs {
                disk.sync(&log).map_err(write_fault(&log))?;
            }
            let written =
                snapshot.write(&*disk, checkpoints.path(), best_epoch, before.as_ref())?;
            if !keep.all {
                checkpoints.keep_newest(&*disk, 2)?;
            }
            Ok(written)
        });
        let thread = thread.map_err(|error| self.failed(write_fault(&self.run)(error)))?;
        self.working = Some(thread);
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
        let checkpoints = CheckpointDir::in_run(&self.run);
        // Of an earlier attempt at the end of this run.
        if let Some(before) = checkpoints.selected() {
            self.disk
                .remove_dir(&before)
                .map_err(|source| self.failed(write_fault(&before)(source)))?;
        }
        snapshot
            .write(
                &*self.disk,
                checkpoints.path(),
                Some(epoch),
                self.last.as_ref(),
            )
            .map_err(|fault| self.failed(fault))?;
        Ok(())
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
        match fault.source.kind() {
            ErrorKind::StorageFull | ErrorKind::QuotaExceeded => TrainError::Space {
                path: fault.path,
                need: fault.bytes,
                free: self.disk.available(&self.run).unwrap_or(0),
            },
            _ => TrainError::io("write", &fault.path, "--out")(fault.source),
        }
    }
}

impl Drop for Writer {
    /// A failing run still completes the checkpoint that is being written.
    fn drop(&mut self) {
        if let Some(thread) = self.working.take() {
            thread.join().ok();
        }
    }
}
