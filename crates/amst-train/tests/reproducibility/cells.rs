//! Small cells on generated data, and what their runs leave behind.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_data::Prepared;
use amst_recipe::{Cell, CellResult, DataLock, DatasetSpec, ResolvedDataset};
use amst_train::{Event, Run, TrainError, Trainer};
use burn::tensor::Device;

pub const METHODS: [&str; 3] = ["amst-alt", "amst-joint", "amst-full"];

/// The files that two runs of a cell have in common, to the byte.
pub const KEPT: [&str; 4] = [
    "result.json",
    "predictions.csv",
    "logits.safetensors",
    "recipe.toml",
];

/// A cell of the synthetic data set: its own settings, two epochs, audio in every second one.
pub fn cell(assignments: &[&str]) -> (Cell, DataLock) {
    let dataset = ResolvedDataset {
        spec: DatasetSpec::synthetic(),
        root: PathBuf::new(),
    };
    let lock = DataLock::of(&dataset).unwrap();
    let short = serde_json::json!({ "epochs": 2, "skip": { "audio": 2 } });
    let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
    let recipe = built_in()
        .resolve(&[dataset.spec.recipe, short], &assignments)
        .unwrap();
    (built_in().cell(recipe, &lock), lock)
}

/// Every method on generated data with its defaults, with two modalities and with three (unimodal:
/// one and another), then what a cell's identity would otherwise hide: MLA and MSLR are AMST and
/// Naive under other names until they do something of their own.
pub fn systems() -> Vec<Vec<String>> {
    let own: [&[&str]; 10] = [
        &[
            "method=amst-full",
            "modalities=audio,text,visual",
            "text.encoder=transformer",
        ],
        &[
            "method=amst-alt",
            "skip.audio=auto",
            "skip.visual=auto",
            // The signal decides nothing: s grows after every epoch.
            "skip.auto.rule=accuracy-gap",
            "skip.auto.accuracy_gap.rest_at=-1",
            "skip.auto.accuracy_gap.train_at=-2",
            "skip.auto.warm_up=0",
        ],
        &["method=amst-joint", "skip.audio=batches 2"],
        &["method=mla", "mla.fusion=entropy", "mla.modification=rls"],
        &[
            "method=mla",
            "mla.modification=rls",
            "mla.target=previous",
            "modalities=audio,text,visual",
        ],
        &["method=mslr", "mslr.strategy=dynamic-agm", "mslr.window=1"],
        &[
            "method=mslr",
            "mslr.strategy=dynamic-amst",
            "mslr.window=1",
            "modalities=audio,text,visual",
        ],
        &["method=naive", "naive.head=shared-sum"],
        &[
            "method=ogm-ge",
            "ogm.trimodal=pairwise-mean",
            "ogm.head=concat",
            "modalities=audio,text,visual",
        ],
        &[
            "method=pmr",
            "pmr.split=val",
            "pmr.weights=soft",
            "modalities=audio,text,visual",
        ],
    ];
    let lists = |method| match method {
        "unimodal" => ["audio", "text"],
        _ => ["audio,visual", "audio,text,visual"],
    };
    let plain = built_in().names().flat_map(|method| {
        lists(method).map(|list| vec![format!("method={method}"), format!("modalities={list}")])
    });
    plain
        .chain(own.map(|assignments| assignments.iter().map(|a| a.to_string()).collect()))
        .collect()
}

/// Some of [`systems`]: those that look at the data before an epoch, at validation after it, at the
/// steps in between, or keeps modalities from training.
pub fn families() -> Vec<Vec<String>> {
    let all: [&[&str]; 9] = [
        &["method=unimodal", "modalities=text"],
        &["method=naive", "modalities=audio,text,visual"],
        &["method=ogm-ge"],
        &["method=pmr"],
        &["method=mslr", "mslr.strategy=dynamic-agm", "mslr.window=1"],
        &[
            "method=mla",
            "mla.fusion=entropy",
            "mla.modification=rls",
            "modalities=audio,text,visual",
        ],
        &["method=amst-full"],
        &["method=gradient-blending"],
        &["method=early-stopping"],
    ];
    all.map(|assignments| assignments.iter().map(|a| a.to_string()).collect())
        .to_vec()
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
    train_with(assignments, runs, Ok)
}

/// Trains a cell and reads the weights of its selected epoch.
pub fn train_to_weights(
    assignments: &[&str],
    runs: &Path,
) -> (Finished, BTreeMap<String, Vec<u8>>) {
    let file = runs.join("weights.safetensors");
    let finished = train_with(assignments, runs, |trainer| trainer.keep_weights(&file)).unwrap();
    (finished, tensors(&std::fs::read(file).unwrap()))
}

/// Bytes by name: the file itself may list its tensors in any order.
pub fn tensors(file: &[u8]) -> BTreeMap<String, Vec<u8>> {
    let read = safetensors::SafeTensors::deserialize(file).unwrap();
    read.tensors()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.data().to_vec()))
        .collect()
}

/// Trains a cell with further settings of the trainer.
pub fn train_with(
    assignments: &[&str],
    runs: &Path,
    prepare: impl FnOnce(Trainer) -> Result<Trainer, TrainError>,
) -> Result<Finished, TrainError> {
    let (cell, lock) = cell(assignments);
    let data = Prepared::synthetic(&cell.recipe)?;
    let run = Run::create(runs, &cell, &lock)?;
    let dir = run.dir().to_path_buf();
    let mut seen = Vec::new();
    let trainer = prepare(Trainer::new(run, data, Device::flex())?)?;
    let result = trainer.train(&mut |event| seen.push(event.clone()))?;
    Ok(Finished { dir, result, seen })
}

/// The lines of `events.jsonl`.
pub fn events(dir: &Path) -> Vec<Event> {
    let text = std::fs::read_to_string(dir.join("events.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}
