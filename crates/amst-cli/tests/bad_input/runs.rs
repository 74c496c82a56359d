//! What lies in the folder of runs already.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{DATA, FOREIGN, USAGE, amst, assert_done, assert_refused, train};

/// The only cell's folder under `out`.
fn cell(out: &Path) -> PathBuf {
    fs::read_dir(out.join("synthetic/amst-full"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
}

#[test]
fn an_interrupted_runs_events_are_kept_aside_and_the_cell_runs_again() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let dir = cell(out.path());
    let (result, events) = (
        fs::read(dir.join("result.json")).unwrap(),
        fs::read(dir.join("events.jsonl")).unwrap(),
    );
    // As a kill leaves it: no result, and a line that ends in the middle.
    fs::remove_file(dir.join("result.json")).unwrap();
    let interrupted = &events[..events.len() / 2];
    fs::write(dir.join("events.jsonl"), interrupted).unwrap();
    assert_done(&train(&[], out.path()));
    assert_eq!(fs::read(dir.join("events.1.jsonl")).unwrap(), interrupted);
    assert_eq!(fs::read(dir.join("result.json")).unwrap(), result);
    let text = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    let kinds: Vec<_> = text
        .lines()
        .map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds, ["start", "epoch", "done"]);
}

#[test]
fn a_finished_cell_is_found_and_not_trained_again() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let written = || {
        fs::metadata(cell(out.path()).join("result.json"))
            .unwrap()
            .modified()
            .unwrap()
    };
    let before = written();
    let arguments = ["train", "--dataset", "synthetic", "--epochs", "1"];
    let output = amst(&arguments, out.path());
    assert_done(&output);
    assert!(String::from_utf8_lossy(&output.stdout).contains("finished before"));
    assert_eq!(written(), before);
    assert!(!cell(out.path()).join("events.1.jsonl").exists());
}

#[test]
fn a_damaged_result_is_refused_and_left_alone() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let path = cell(out.path()).join("result.json");
    fs::write(&path, "{ \"schema\": 1").unwrap();
    assert_refused(
        &train(&[], out.path()),
        FOREIGN,
        &["result.json", "move the folder aside"],
    );
    assert_eq!(fs::read(&path).unwrap(), b"{ \"schema\": 1");
}

fn with_weights(file: &Path, out: &Path) -> std::process::Output {
    let arguments = [
        "train",
        "--dataset",
        "synthetic",
        "--progress",
        "none",
        "--epochs",
        "1",
        "--weights",
        file.to_str().unwrap(),
    ];
    amst(&arguments, out)
}

#[test]
fn weights_of_a_finished_run_are_refused_rather_than_forgotten() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let file = out.path().join("weights.safetensors");
    assert_refused(
        &with_weights(&file, out.path()),
        USAGE,
        &["finished before", "--out", "weights.safetensors"],
    );
    assert!(!file.exists());
}

#[test]
fn weights_that_could_not_be_written_are_refused_before_training() {
    let out = tempfile::tempdir().unwrap();
    let file = out.path().join("no such folder/weights.safetensors");
    assert_refused(&with_weights(&file, out.path()), DATA, &["no such folder"]);
    assert!(!cell(out.path()).join("result.json").exists());
    let file = out.path().join("weights.safetensors");
    assert_done(&with_weights(&file, out.path()));
    assert!(file.is_file());
}
