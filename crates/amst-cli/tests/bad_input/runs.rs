//! What lies in the folder of runs already.

use std::fs;
use std::path::{Path, PathBuf};

use crate::program::{FOREIGN, amst, assert_done, assert_refused, train};

/// The only cell's folder under `out`.
fn cell(out: &Path) -> PathBuf {
    fs::read_dir(out.join("synthetic/amst-full")).unwrap().next().unwrap().unwrap().path()
}

#[test]
fn an_interrupted_runs_events_are_kept_aside_and_the_cell_runs_again() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let dir = cell(out.path());
    let (result, events) = (fs::read(dir.join("result.json")).unwrap(), fs::read(dir.join("events.jsonl")).unwrap());
    // As a kill leaves it: no result, and a line that ends in the middle.
    fs::remove_file(dir.join("result.json")).unwrap();
    let interrupted = &events[..events.len() / 2];
    fs::write(dir.join("events.jsonl"), interrupted).unwrap();
    assert_done(&train(&[], out.path()));
    assert_eq!(fs::read(dir.join("events.1.jsonl")).unwrap(), interrupted);
    assert_eq!(fs::read(dir.join("result.json")).unwrap(), result);
    let text = fs::read_to_string(dir.join("events.jsonl")).unwrap();
    let kinds: Vec<_> =
        text.lines().map(|l| serde_json::from_str::<serde_json::Value>(l).unwrap()["kind"].clone()).collect();
    assert_eq!(kinds, ["start", "epoch", "done"]);
}

#[test]
fn a_finished_cell_is_found_and_not_trained_again() {
    let out = tempfile::tempdir().unwrap();
    assert_done(&train(&[], out.path()));
    let written = || fs::metadata(cell(out.path()).join("result.json")).unwrap().modified().unwrap();
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
    assert_refused(&train(&[], out.path()), FOREIGN, &["result.json", "move the folder aside"]);
    assert_eq!(fs::read(&path).unwrap(), b"{ \"schema\": 1");
}
