//! Small cells on generated data, and what their runs leave behind.

use std::path::{Path, PathBuf};

use amst_data::Prepared;
use amst_recipe::{Cell, CellResult, DataLock, DatasetSpec, ResolvedDataset, resolve};
use amst_train::{Event, Run, TrainError, Trainer};
use burn::tensor::Device;

pub const METHODS: [&str; 3] = ["amst-alt", "amst-joint", "amst-full"];

/// A cell of the synthetic data set: its own settings, two epochs, audio in every second one.
pub fn cell(assignments: &[&str]) -> (Cell, DataLock) {
    let dataset = ResolvedDataset { spec: DatasetSpec::synthetic(), root: PathBuf::new() };
    let lock = DataLock::of(&dataset).unwrap();
    let short = serde_json::json!({ "epochs": 2, "skip": { "audio": 2 } });
    let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
    let recipe = resolve(&[dataset.spec.recipe, short], &assignments).unwrap();
    (Cell::new(recipe, &lock), lock)
}

/// A finished run.
pub struct Finished {
    pub dir: PathBuf,
    pub result: CellResult,
    /// Everything that an observer saw.
    pub seen: Vec<Event>,
}

impl Finished {
    pub fn file(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.dir.join(name)).unwrap()
    }
}

/// Trains a cell under `runs`.
pub fn train(assignments: &[&str], runs: &Path) -> Result<Finished, TrainError> {
    let (cell, lock) = cell(assignments);
    let data = Prepared::synthetic(&cell.recipe)?;
    let run = Run::create(runs, &cell, &lock)?;
    let dir = run.dir().to_path_buf();
    let mut seen = Vec::new();
    let result = Trainer::new(run, data, Device::flex())?.train(&mut |event| seen.push(event.clone()))?;
    Ok(Finished { dir, result, seen })
}

/// The lines of `events.jsonl`.
pub fn events(dir: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(dir.join("events.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
