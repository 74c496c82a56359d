//! A run's directory: what is written, in which order, and how.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use amst_recipe::{Cell, CellResult, DataLock, RESULT_SCHEMA, Timing};
use serde::Serialize;

use crate::{Event, TrainError, environment};

/// The directory `<runs>/<dataset>/<method>/<seed>-<cell>` of one cell.
///
/// | file | what | written |
/// |---|---|---|
/// | `recipe.toml` | the resolved recipe | first |
/// | `env.json` | version, burn, machine, threads | first |
/// | `events.jsonl` | one object a line | as it happens |
/// | `predictions.csv` | the test split, sample by sample | after the test |
/// | `timing.json` | seconds by phase, peak memory | after the test |
/// | `result.json` | the result | last, and atomically |
///
/// So whoever finds a `result.json` finds all of it.
pub struct Run {
    dir: PathBuf,
    cell: Cell,
    data: DataLock,
    events: File,
}

impl Run {
    /// Makes the directory and the files that come first. An unfinished run's events are kept aside.
    ///
    /// # Errors
    ///
    /// No permission, no space.
    pub fn create(runs: &Path, cell: &Cell, data: &DataLock) -> Result<Self, TrainError> {
        let dir = runs.join(cell.run_dir());
        fs::create_dir_all(&dir).map_err(|source| io("create", &dir, source))?;
        let recipe = toml::to_string(&cell.recipe).expect("a recipe is plain data");
        write_atomically(&dir.join("recipe.toml"), recipe.as_bytes())?;
        write_json(&dir.join("env.json"), &environment::Environment::here())?;
        set_aside(&dir)?;
        let path = dir.join("events.jsonl");
        let events =
            OpenOptions::new().create(true).append(true).open(&path).map_err(|source| io("write", &path, source))?;
        Ok(Self { dir, cell: cell.clone(), data: data.clone(), events })
    }

    /// The result of a cell that was finished before, if it was.
    ///
    /// # Errors
    ///
    /// A file that is there but is not this cell's result.
    pub fn finished(runs: &Path, cell: &Cell) -> Result<Option<CellResult>, TrainError> {
        let path = runs.join(cell.run_dir()).join("result.json");
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io("read", &path, source)),
        };
        let foreign = |why: String| TrainError::Foreign { path: path.clone(), why };
        let result: CellResult = serde_json::from_str(&text).map_err(|e| foreign(format!("not a result: {e}")))?;
        if result.schema != RESULT_SCHEMA || result.cell != cell.id {
            return Err(foreign("the result of another recipe, data set or version".into()));
        }
        Ok(Some(result))
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

    /// Appends an event.
    ///
    /// # Errors
    ///
    /// The file cannot be written.
    pub fn log(&mut self, event: &Event) -> Result<(), TrainError> {
        let mut line = serde_json::to_string(event).expect("an event is plain data");
        line.push('\n');
        let path = self.dir.join("events.jsonl");
        self.events.write_all(line.as_bytes()).map_err(|source| io("write", &path, source))
    }

    /// Writes predictions, timing and, last, the result.
    ///
    /// # Errors
    ///
    /// A file cannot be written; then there is no `result.json`.
    pub fn finish(&self, predictions: &[u8], timing: &Timing, result: &CellResult) -> Result<(), TrainError> {
        write_atomically(&self.dir.join("predictions.csv"), predictions)?;
        write_json(&self.dir.join("timing.json"), timing)?;
        write_json(&self.dir.join("result.json"), result)
    }
}

/// Moves the events of an earlier, unfinished run to `events.1.jsonl`, `events.2.jsonl`, …
fn set_aside(dir: &Path) -> Result<(), TrainError> {
    let events = dir.join("events.jsonl");
    if !events.exists() {
        return Ok(());
    }
    let free = (1..).map(|n| dir.join(format!("events.{n}.jsonl"))).find(|p| !p.exists()).expect("some number is free");
    fs::rename(&events, free).map_err(|source| io("move aside", &events, source))
}

fn write_json(path: &Path, value: &impl Serialize) -> Result<(), TrainError> {
    let mut text = serde_json::to_string_pretty(value).expect("plain data");
    text.push('\n');
    write_atomically(path, text.as_bytes())
}

/// Writes beside the file, synchronises, and renames into place, so that the file is whole or absent.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), TrainError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let write = || -> std::io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|e| e.error)?;
        File::open(dir)?.sync_all()
    };
    write().map_err(|source| io("write", path, source))
}

fn io(verb: &'static str, path: &Path, source: std::io::Error) -> TrainError {
    TrainError::Io { verb, path: path.into(), source, option: "--out" }
}
