//! `amst export-features`: batches under the names of docs/parity.md.

use std::collections::BTreeSet;
use std::path::Path;

use safetensors::tensor::Dtype;
use serde_json::Value;

use crate::program::{DATA, Tensors, done, read, refused, small};

const THREE: [&str; 1] = ["modalities=audio,text,visual"];

fn export(folder: &Path, arguments: &[&str], settings: &[&str]) -> Tensors {
    let command = [
        &["export-features", "--out", "features.safetensors"],
        arguments,
    ]
    .concat();
    let told = done(&small(folder, &command, settings));
    assert!(told.starts_with("features.safetensors: "), "{told}");
    read(&folder.join("features.safetensors"))
}

fn whole(tensors: &Tensors, name: &str) -> Vec<i64> {
    let (dtype, _, bytes) = &tensors[name];
    assert_eq!(*dtype, Dtype::I64);
    bytes
        .chunks_exact(8)
        .map(|b| i64::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

#[test]
fn every_batch_of_the_training_split_has_the_shapes_that_the_network_reads() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = export(folder.path(), &[], &[THREE[0], "batch_size=20"]);
    // 96 samples are four batches of 20 and one of 16.
    for (number, batch) in [20, 20, 20, 20, 16].into_iter().enumerate() {
        let expected = [
            ("a", Dtype::F32, vec![batch, 1, 24, 16]),
            ("index", Dtype::I64, vec![batch]),
            ("t.ids", Dtype::I64, vec![batch, 12]),
            ("t.mask", Dtype::F32, vec![batch, 12]),
            ("v", Dtype::F32, vec![batch, 1, 1, 16, 16]),
            ("y", Dtype::I64, vec![batch]),
        ];
        for (name, dtype, shape) in expected {
            let (found, dims, bytes) = &tensors[&format!("train.{number:04}.{name}")];
            assert_eq!((*found, dims), (dtype, &shape), "{number} {name}");
            assert!(
                bytes.iter().any(|byte| *byte != 0),
                "{number} {name} is empty"
            );
        }
    }
    assert_eq!(
        tensors.len(),
        5 * 6,
        "and nothing else: {:?}",
        tensors.keys()
    );
}

#[test]
fn an_absent_modality_is_not_exported_and_other_splits_lie_as_they_are() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = export(folder.path(), &["--split", "test"], &[]);
    assert_eq!(
        tensors.keys().collect::<Vec<_>>(),
        [
            "test.0000.a",
            "test.0000.index",
            "test.0000.v",
            "test.0000.y"
        ]
    );
    assert_eq!(
        whole(&tensors, "test.0000.index"),
        (0..32).collect::<Vec<_>>()
    );
    assert!(export(folder.path(), &["--split", "val"], &[]).contains_key("val.0000.a"));
}

/// What is exported is what a run of that seed trains on, epoch by epoch.
#[test]
fn the_order_of_an_epoch_is_that_of_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let train = [
        "train",
        "--progress",
        "none",
        "--out",
        "runs",
        "--log-steps",
        "steps.jsonl",
    ];
    done(&small(
        folder.path(),
        &train,
        &["method=amst-alt", "seed=3"],
    ));
    let text = std::fs::read_to_string(folder.path().join("steps.jsonl")).unwrap();
    let steps: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    for epoch in 0..2 {
        let tensors = export(
            folder.path(),
            &["--at-epoch", &epoch.to_string()],
            &["seed=3"],
        );
        let mut seen = BTreeSet::new();
        for (number, step) in steps[6 * epoch..][..6].iter().enumerate() {
            let indices = whole(&tensors, &format!("train.{number:04}.index"));
            let ids: Vec<String> = indices
                .iter()
                .map(|index| format!("train-{index}"))
                .collect();
            let logged: Vec<&str> = step["samples"]
                .as_array()
                .unwrap()
                .iter()
                .map(|id| id.as_str().unwrap())
                .collect();
            assert_eq!(ids, logged, "epoch {epoch} step {number}");
            seen.extend(indices);
        }
        assert_eq!(seen.len(), 96);
    }
}

#[test]
fn a_place_where_features_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = small(
        folder.path(),
        &["export-features", "--out", "no/such/features.safetensors"],
        &[],
    );
    refused(
        &output,
        DATA,
        &[
            "cannot write no/such/features.safetensors",
            "choose another place with --out",
        ],
    );
}
