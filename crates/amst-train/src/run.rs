//! A run's directory: what is written, in which order, and how.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use amst::methods::trainable;
use amst_lease::{HEARTBEAT, Lease, Options, Warning, is_lease_file};
use amst_recipe::{Cell, CellResult, DataLock, RESULT_SCHEMA, Recipe, Timing};
use serde::Serialize;

use crate::checkpoint::{RECIPE, set_aside};
use crate::filesystem::{Disk, FileSystem, write_whole};
use crate::leased_disk::LeasedDisk;
use crate::{Event, TrainError, environment};

/// The directory `<runs>/<dataset>/<method>/<seed>-<cell>` of one cell.
///
/// | file | what | written |
/// |---|---|---|
/// | `lock`, `lease` | the process that trains here | first |
/// | `recipe.toml` | the resolved recipe | first |
/// | `env.json` | version, burn, machine, threads | first |
/// | `events.jsonl` | one object a line | as it happens |
/// | `checkpoints` | the run at some moments | on the way, beside the training |
/// | `predictions.csv` | the test split, sample by sample | after the test |
/// | `logits.safetensors` | the same in numbers, of every output | after the test |
/// | `timing.json` | seconds by phase, peak memory | after the test |
/// | `trace.json` | what was done when, of a run that was profiled | when it ends or stops |
/// | `result.json` | the result | last, and atomically |
///
/// So where there is a `result.json` there is all of it. No other process trains there while a
/// `Run` exists and owns its lease; without that nothing is written.
pub struct Run {
    dir: PathBuf,
    cell: Cell,
    data: DataLock,
    disk: Arc<dyn FileSystem>,
    warnings: Vec<Warning>,
    lease: Lease,
}

/// The events' file.
pub(crate) const EVENTS: &str = "events.jsonl";
/// The tokenizer's file, of a run whose text encoder learnt tokens of its own.
pub(crate) const TOKENIZER: &str = "tokenizer.json";
/// The file of every output's logits.
pub(crate) const LOGITS: &str = "logits.safetensors";
/// The file that chrome://tracing opens.
pub(crate) const TRACE: &str = "trace.json";
/// The result's file.
pub(crate) const RESULT: &str = "result.json";

impl Run {
    /// Makes the directory and the files that come first.
    ///
    /// # Errors
    ///
    /// No permission, no disk space, another process trains there, or the directory holds something
    /// else.
    pub fn create(runs: &Path, cell: &Cell, data: &DataLock) -> Result<Self, TrainError> {
        Self::create_on(Arc::new(Disk), runs, cell, data)
    }

    /// The same on another file system.
    ///
    /// # Errors
    ///
    /// Those of [`Run::create`].
    pub fn create_on(
        disk: Arc<dyn FileSystem>,
        runs: &Path,
        cell: &Cell,
        data: &DataLock,
    ) -> Result<Self, TrainError> {
        let dir = runs.join(cell.run_dir());
        disk.create_dir(&dir).map_err(io("create", &dir))?;
        let mut lease = Lease::claim(&dir, &Options::default())?;
        lease.heartbeat(HEARTBEAT)?;
        refuse_foreign(&dir, cell, data)?;
        let run = Self {
            dir,
            cell: cell.clone(),
            data: data.clone(),
            disk: Arc::new(LeasedDisk::new(disk, lease.guard())),
            warnings: lease.take_warnings(),
            lease,
        };
        run.write(RECIPE, run.recipe().as_bytes())?;
        run.write_json("env.json", &environment::Environment::here())?;
        Ok(run)
    }

    /// Moves what a cell's directory holds aside, `<directory>.1`, `.2`, …, so that the cell starts
    /// over; returns where it is now, if there was anything.
    ///
    /// # Errors
    ///
    /// A process trains there, or it cannot be moved.
    pub fn set_aside(runs: &Path, cell: &Cell) -> Result<Option<PathBuf>, TrainError> {
        let dir = runs.join(cell.run_dir());
        if !dir.exists() {
            return Ok(None);
        }
        let lease = Lease::claim(&dir, &Options::default())?;
        let aside = set_aside(&Disk, &dir)?;
        lease.release_renamed(&aside);
        Ok(Some(aside))
    }

    /// The result of a cell that was finished before, if it was.
    ///
    /// # Errors
    ///
    /// A file that is there but is not this cell's result.
    pub fn finished(runs: &Path, cell: &Cell) -> Result<Option<CellResult>, TrainError> {
        let path = runs.join(cell.run_dir()).join(RESULT);
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io("read", &path)(source)),
        };
        let why = match serde_json::from_str::<CellResult>(&text) {
            Ok(result) if result.schema == RESULT_SCHEMA && result.cell == cell.id => {
                return Ok(Some(result));
            }
            Ok(_) => "the result of another recipe, data set or version".into(),
            Err(e) => format!("not a result: {e}"),
        };
        Err(TrainError::Foreign { path, why })
    }

    /// The directory.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The cell that is run here.
    pub fn cell(&self) -> &Cell {
        &self.cell
    }

    /// The identity of its data.
    pub fn data(&self) -> &DataLock {
        &self.data
    }

    /// What the user should know of the file system: that `flock` fails there, for example.
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }

    /// Refuses to go on once it is known that another process owns the directory, or may. Asks no
    /// file system: everything that is written asks.
    pub(crate) fn check_lease(&self) -> Result<(), TrainError> {
        Ok(self.lease.check_known()?)
    }

    /// What its files are written to.
    pub(crate) fn disk(&self) -> &Arc<dyn FileSystem> {
        &self.disk
    }

    /// The resolved recipe, as TOML.
    pub(crate) fn recipe(&self) -> String {
        toml::to_string(&self.cell.recipe).expect("a recipe is plain data")
    }

    /// Bytes of events that are written.
    pub(crate) fn events(&self) -> u64 {
        fs::metadata(self.dir.join(EVENTS)).map_or(0, |there| there.len())
    }

    /// Cuts the events after so many bytes; whether there were that many. What happened after the
    /// checkpoint will happen again.
    pub(crate) fn cut_events(&self, bytes: u64) -> Result<bool, TrainError> {
        let path = self.dir.join(EVENTS);
        let there = self.events();
        if there > bytes {
            self.disk.cut(&path, bytes).map_err(io("cut", &path))?;
        }
        Ok(there >= bytes)
    }

    /// Moves the events of a run that starts over to `events.1.jsonl`, `events.2.jsonl`, …
    pub(crate) fn set_events_aside(&self) -> Result<(), TrainError> {
        let events = self.dir.join(EVENTS);
        if !events.exists() {
            return Ok(());
        }
        let free = (1..)
            .map(|n| self.dir.join(format!("events.{n}.jsonl")))
            .find(|p| !p.exists());
        let free = free.expect("some number is free");
        self.disk
            .rename(&events, &free)
            .map_err(io("move aside", &events))
    }

    /// Appends an event.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn log(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut line = serde_json::to_string(event).expect("an event is plain data");
        line.push('\n');
        let path = self.dir.join(EVENTS);
        self.disk
            .append(&path, line.as_bytes())
            .map_err(io("write", &path))
    }

    /// Writes predictions, logits, timing and, last, the result.
    ///
    /// # Errors
    ///
    /// A file cannot be written; then there is no `result.json`.
    pub fn finish(
        &self,
        predictions: &[u8],
        logits: &[u8],
        timing: &Timing,
        result: &CellResult,
    ) -> Result<(), TrainError> {
        self.write("predictions.csv", predictions)?;
        self.write(LOGITS, logits)?;
        self.write_json("timing.json", timing)?;
        self.write_json(RESULT, result)
    }

    fn write_json(&self, name: &str, value: &impl Serialize) -> Result<(), TrainError> {
        let mut text = serde_json::to_string_pretty(value).expect("plain data");
        text.push('\n');
        self.write(name, text.as_bytes())
    }

    /// Writes `trace.json`.
    pub(crate) fn keep_trace(&self, json: &str) -> Result<(), TrainError> {
        self.write(TRACE, json.as_bytes())
    }

    /// Writes the tokenizer of the network's texts.
    pub(crate) fn keep_tokenizer(&self, json: &str) -> Result<(), TrainError> {
        self.write(TOKENIZER, json.as_bytes())
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), TrainError> {
        let path = self.dir.join(name);
        write_whole(&*self.disk, &path, bytes).map_err(io("write", &path))
    }
}

/// Refuses a directory with files of another program or of another cell.
fn refuse_foreign(dir: &Path, cell: &Cell, data: &DataLock) -> Result<(), TrainError> {
    let path = dir.join(RECIPE);
    let (path, why) = match fs::read_to_string(&path) {
        Ok(text) => match recipe_of_this_version(&text) {
            // Not the recipe to the letter: a text model may have been moved since.
            Some(recipe) if trainable().cell_id(&recipe, data) == cell.id => return Ok(()),
            Some(_) => (path, "the recipe of another run"),
            None => (path, "not a recipe of this version"),
        },
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => match first_file(dir)? {
            None => return Ok(()),
            Some(file) => (
                file,
                "not of a run of this program: there is no recipe.toml beside it",
            ),
        },
        Err(source) => return Err(io("read", &path)(source)),
    };
    Err(TrainError::Foreign {
        path,
        why: why.into(),
    })
}

fn recipe_of_this_version(text: &str) -> Option<Recipe> {
    let recipe = toml::from_str(text).ok()?;
    trainable().known(&recipe).ok()
}

/// A file in a directory, but for lock, lease and hidden files, which an interrupted start leaves.
fn first_file(dir: &Path) -> Result<Option<PathBuf>, TrainError> {
    for entry in fs::read_dir(dir).map_err(io("read", dir))?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if !is_lease_file(&name) && !name.starts_with('.') {
            return Ok(Some(dir.join(name)));
        }
    }
    Ok(None)
}

fn io(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> TrainError {
    TrainError::io(verb, path, "--out")
}
