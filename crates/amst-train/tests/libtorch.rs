//! On LibTorch (`cargo test -p amst-train --features tch`, after `cargo xtask setup tch`): recorded
//! runs, and whole training runs as the trainer makes them.
#![allow(deprecated)] // LibTorch is deprecated upstream and kept here (docs/decisions/0001).

#[path = "../../amst-replay/tests/recorded/mod.rs"]
mod recorded;

use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_data::Prepared;
use amst_recipe::{CellResult, DataLock, DatasetSpec, ResolvedDataset};
use amst_train::{Run, Trainer};
use burn::tensor::Device;
use recorded::{check, folder};

/// Of every kind of method, with two and three modalities, both executions, and a transformer.
const RUNS: [&str; 12] = [
    "alt-av-official",
    "alt-av-fast",
    "alt-avt-fast",
    "joint-av-official",
    "full-avt-fast",
    "full-av-official",
    "naive-av",
    "naive-atv",
    "ogm-atv-pairwise",
    "pmr-av",
    "mla-av-rls",
    "agm-av",
];

#[test]
fn recorded_runs_are_followed() {
    for name in RUNS {
        assert!(folder(name).is_dir(), "{name}");
        check(name, &Device::libtorch());
    }
}

/// Trains a cell of the synthetic data set.
fn train(assignments: &[&str], runs: &Path, device: Device) -> CellResult {
    let dataset = ResolvedDataset {
        spec: DatasetSpec::synthetic(),
        root: PathBuf::new(),
    };
    let lock = DataLock::of(&dataset).unwrap();
    // Steps so small that rounding does not grow: these are networks of a few channels, on a few
    // samples.
    let calm = serde_json::json!({ "epochs": 2, "skip": { "audio": 2 }, "method": "amst-full", "optim": { "lr": 1e-4 } });
    let assignments: Vec<String> = assignments.iter().map(|a| a.to_string()).collect();
    let cell = built_in().cell(
        built_in()
            .resolve(&[dataset.spec.recipe, calm], &assignments)
            .unwrap(),
        &lock,
    );
    let data = Prepared::synthetic(&cell.recipe).unwrap();
    let run = Run::create(runs, &cell, &lock).unwrap();
    Trainer::new(run, data, device)
        .unwrap()
        .train(&mut |_| ())
        .unwrap()
}

/// Losses on the test split, output by output.
fn losses(result: &CellResult) -> Vec<f64> {
    result
        .test
        .outputs
        .values()
        .map(|output| output.loss)
        .collect()
}

fn apart(one: &[f64], other: &[f64]) -> f64 {
    assert_eq!(one.len(), other.len());
    one.iter()
        .zip(other)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f64::max)
}

#[test]
fn a_run_ends_where_it_ends_on_flex() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let ours = losses(&train(&[], here.path(), Device::libtorch()));
    let theirs = losses(&train(&[], there.path(), Device::flex()));
    let apart = apart(&ours, &theirs);
    assert!(apart < 1e-3, "{apart:.1e}: {ours:?} and {theirs:?}");
}

#[test]
fn bf16_is_another_cell_whose_run_ends_near_it() {
    let [here, there] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let full = train(&[], here.path(), Device::libtorch());
    let rounded = train(&["precision=bf16"], there.path(), Device::libtorch());
    assert_ne!(full.cell, rounded.cell);
    let apart = apart(&losses(&full), &losses(&rounded));
    assert!(apart > 1e-4 && apart < 0.1, "{apart:.1e}");
}
