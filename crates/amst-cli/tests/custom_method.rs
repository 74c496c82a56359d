//! A method outside the repository trains, is listed, explained and set, and is resumed to the bit.
#![cfg(unix)]

mod process;

use std::path::{Path, PathBuf};
use std::process::Command;

use process::{Cell, assert_done, signal, until};

const METHOD: [&str; 2] = ["method=weighted", "weighted.memory=0.5"];

/// An example program of this crate, which `cargo test` builds.
fn example(name: &str) -> PathBuf {
    let amst = assert_cmd::cargo::cargo_bin!("amst");
    amst.with_file_name("examples").join(name)
}

fn run(arguments: &[&str]) -> String {
    let output = Command::new(example("custom_method"))
        .args(arguments)
        .output()
        .unwrap();
    assert_done(&output);
    String::from_utf8(output.stdout).unwrap()
}

fn cell<'a>(name: &str, out: &'a Path) -> Cell<'a> {
    Cell::new(&METHOD, out).of_program(example(name))
}

/// The result of a run that was never interrupted.
fn whole() -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let cell = cell("custom_method", out.path());
    assert_done(&cell.run());
    cell.file("result.json")
}

/// The result of a run that was stopped by a signal after its first checkpoint, and resumed.
fn resumed(name: &str, stop: &str) -> Vec<u8> {
    let out = tempfile::tempdir().unwrap();
    let cell = cell(name, out.path()).with(&["--checkpoint-every", "1step"]);
    let mut child = cell.start();
    until("a checkpoint", || has_checkpoint(out.path()));
    signal(&child, stop);
    child.wait().unwrap();
    assert!(!cell.dir().join("result.json").exists(), "it was too fast");
    assert_done(&cell.run());
    cell.file("result.json")
}

/// Whether a run below the folder has a checkpoint whose last file is written.
fn has_checkpoint(folder: &Path) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return false;
    };
    let mut paths = entries.flatten().map(|entry| entry.path());
    paths.any(|path| {
        let is_checkpoint =
            path.join("manifest.json").is_file() && path.join("state.toml").is_file();
        is_checkpoint || (path.is_dir() && has_checkpoint(&path))
    })
}

#[test]
fn it_is_listed_explained_and_set() {
    let listed = run(&["ls", "methods"]);
    assert!(
        listed.contains("weighted") && listed.contains("amst-full"),
        "{listed}"
    );
    let explained = run(&["explain", "weighted", "--dataset", "synthetic"]);
    assert!(explained.contains("weighted.memory"), "{explained}");
    assert!(run(&["keys"]).contains("weighted.memory = 0.9"));
}

#[test]
fn a_wrong_setting_is_refused_with_what_would_do() {
    let output = Command::new(example("custom_method"))
        .args([
            "train",
            "--dataset",
            "synthetic",
            "--set",
            "method=weighted",
        ])
        .args(["--set", "weighted.memory=1"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    let message = process::stderr(&output);
    assert!(
        message.contains("weighted.memory") && message.contains("memory < 1"),
        "{message}"
    );
}

#[test]
fn stopped_or_killed_it_is_resumed_to_the_bit() {
    let expected = whole();
    for stop in ["TERM", "KILL"] {
        assert!(resumed("custom_method", stop) == expected, "SIG{stop}");
    }
}

#[test]
fn a_method_that_forgets_its_state_is_found_by_that_comparison() {
    assert!(resumed("forgetful_method", "TERM") != whole());
}
