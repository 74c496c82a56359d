//! Runs that are cut short, and what there is to compare.

use std::path::{Path, PathBuf};

use amst_data::Prepared;
use amst_recipe::CellResult;
use amst_train::{Event, EventKind, Interrupt, Keep, Run, SaveEvery, Signal, TrainError, Trainer};
use burn::tensor::Device;

use crate::cells::cell;

/// Three epochs of three steps, few samples.
pub const SHORT: [&str; 6] = [
    "epochs=3",
    "batch_size=16",
    "synthetic.train=48",
    "synthetic.val=16",
    "synthetic.test=16",
    "audio.width=4",
];

/// Settings of a system, as short as can be.
pub fn short(system: &[&str]) -> Vec<String> {
    SHORT
        .iter()
        .chain(system)
        .map(|setting| setting.to_string())
        .collect()
}

/// How a run is made.
pub struct Made<'a> {
    pub settings: &'a [String],
    pub runs: &'a Path,
    pub every: SaveEvery,
    pub keep: Keep,
    /// Stops when so many steps are done in this process.
    pub stop_after: Option<usize>,
}

impl<'a> Made<'a> {
    pub fn new(settings: &'a [String], runs: &'a Path) -> Self {
        Self {
            settings,
            runs,
            every: SaveEvery::Never,
            keep: Keep::default(),
            stop_after: None,
        }
    }

    pub fn stopped_after(self, steps: usize) -> Self {
        Self {
            stop_after: Some(steps),
            ..self
        }
    }

    pub fn every(self, every: SaveEvery) -> Self {
        Self { every, ..self }
    }

    pub fn keeping(self, keep: &str) -> Self {
        Self {
            keep: keep.parse().unwrap(),
            ..self
        }
    }

    pub fn dir(&self) -> PathBuf {
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        self.runs.join(cell(&settings).0.run_dir())
    }

    /// Trains, with weights and a log of steps beside the runs.
    pub fn train(&self) -> Result<CellResult, TrainError> {
        self.observed(&mut |_| {})
    }

    pub fn observed(&self, observe: &mut dyn FnMut(&Event)) -> Result<CellResult, TrainError> {
        let settings: Vec<&str> = self.settings.iter().map(String::as_str).collect();
        let (cell, lock) = cell(&settings);
        let run = Run::create(self.runs, &cell, &lock)?;
        let interrupt = Interrupt::new();
        let trainer = Trainer::new(run, Prepared::synthetic(&cell.recipe)?, Device::flex())?
            .checkpoints(self.every, self.keep)
            .stop_on(interrupt.clone())
            .keep_weights(&self.runs.join("weights.safetensors"))?
            .log_steps(&self.runs.join("steps.jsonl"));
        let mut steps = 0;
        trainer.train(&mut |event| {
            steps += usize::from(matches!(event.kind, EventKind::Step { .. }));
            if Some(steps) == self.stop_after {
                interrupt.raise(Signal::Terminate);
            }
            observe(event);
        })
    }

    /// Everything that must be equal, byte for byte: result, predictions, weights, steps, and what
    /// happened in which epoch, without the times.
    pub fn left(&self) -> Left {
        let read = |path: PathBuf| {
            std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
        };
        let dir = self.dir();
        let named = |name: &str| (name.to_string(), read(dir.join(name)));
        let beside = |name: &str| (name.to_string(), read(self.runs.join(name)));
        let weights = {
            let bytes = read(self.runs.join("weights.safetensors"));
            let file = safetensors::SafeTensors::deserialize(&bytes).unwrap();
            let mut tensors: Vec<_> = file
                .tensors()
                .into_iter()
                .map(|(n, t)| (n, t.data().to_vec()))
                .collect();
            tensors.sort();
            tensors
                .into_iter()
                .flat_map(|(name, data)| [name.into_bytes(), data].concat())
                .collect()
        };
        let files = vec![
            named("result.json"),
            named("predictions.csv"),
            beside("steps.jsonl"),
            ("weights".into(), weights),
        ];
        Left {
            files,
            epochs: epochs(&dir),
        }
    }
}

/// What a run left.
#[derive(PartialEq)]
pub struct Left {
    files: Vec<(String, Vec<u8>)>,
    epochs: Vec<EventKind>,
}

impl Left {
    pub fn assert_is(&self, other: &Self, what: &str) {
        for ((name, mine), (_, theirs)) in self.files.iter().zip(&other.files) {
            assert!(mine == theirs, "{what}: {name} differs");
        }
        assert_eq!(self.epochs, other.epochs, "{what}: events differ");
    }
}

/// The epochs that events name, without times; each line is whole.
pub fn epochs(dir: &Path) -> Vec<EventKind> {
    let text = std::fs::read_to_string(dir.join("events.jsonl")).unwrap();
    assert!(text.ends_with('\n'), "a line is cut short");
    let events = text
        .lines()
        .map(|line| serde_json::from_str::<Event>(line).unwrap().kind);
    events
        .filter_map(|mut kind| match &mut kind {
            EventKind::Epoch {
                seconds, phases, ..
            } => {
                *seconds = 0.0;
                phases.clear();
                Some(kind)
            }
            _ => None,
        })
        .collect()
}

/// The checkpoints of states in a run directory, the oldest first.
pub fn checkpoints(dir: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(dir.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten();
    let mut names: Vec<_> = entries
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.retain(|name| name.starts_with('0'));
    names.sort();
    names
}
