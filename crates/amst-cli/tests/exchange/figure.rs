//! `amst figure`, drawings of runs with the numbers drawn, and `amst export-metrics`, the numbers for
//! other programs.

use std::path::{Path, PathBuf};

use crate::program::{DATA, USAGE, amst, done, refused, small};

#[test]
fn runs_are_drawn_with_their_numbers_and_nothing_is_replaced_unasked() {
    let folder = tempfile::tempdir().unwrap();
    for seed in ["0", "1"] {
        let train = ["train", "--seed", seed, "--out", "runs"];
        done(&small(folder.path(), &train, &["method=amst-alt"]));
    }
    let told = done(&amst(folder.path(), &["figure", "curves", "runs"]));
    assert_eq!(told, "figure.svg\nfigure.csv\n");
    let svg = std::fs::read_to_string(folder.path().join("figure.svg")).unwrap();
    assert!(
        svg.starts_with("<svg") || svg.starts_with("<?xml"),
        "{svg:.80}"
    );
    let csv = std::fs::read_to_string(folder.path().join("figure.csv")).unwrap();
    // The mean of both seeds: audio was trained in epoch 0 alone, s = 2.
    assert!(csv.contains("training accuracy (%),visual,1,"), "{csv}");
    assert!(!csv.contains("training accuracy (%),audio,1,"), "{csv}");
    assert!(
        csv.lines().skip(1).any(|line| line.ends_with(",2")),
        "{csv}"
    );
    refused(
        &amst(folder.path(), &["figure", "entropy", "runs"]),
        USAGE,
        &["figure.svg is there already", "--force"],
    );
    done(&amst(
        folder.path(),
        &["figure", "entropy", "runs", "--force", "--by", "seed"],
    ));
    let csv = std::fs::read_to_string(folder.path().join("figure.csv")).unwrap();
    assert!(csv.contains("seed 0") && csv.contains("seed 1"), "{csv}");
}

#[test]
fn a_width_that_is_no_pages_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = amst(folder.path(), &["figure", "curves", ".", "--width", "10"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(USAGE), "{message}");
    assert!(message.contains("choose 60 to 400 mm"), "{message}");
}

#[test]
fn a_folder_without_runs_and_a_metric_that_is_none_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    refused(
        &amst(folder.path(), &["figure", "curves", "."]),
        DATA,
        &["run"],
    );
    let output = amst(
        folder.path(),
        &["figure", "curves", ".", "--metric", "acuracy"],
    );
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(USAGE), "{message}");
    assert!(
        message.contains("accuracy, loss, entropy, confidence"),
        "{message}"
    );
}

/// Exported twice the files are the same: nothing in them depends on when or how a run was trained.
#[test]
fn metrics_are_exported_for_other_programs() {
    let folder = tempfile::tempdir().unwrap();
    done(&small(
        folder.path(),
        &["train", "--out", "runs"],
        &["method=naive"],
    ));
    let export = |to: &str, out: &str| {
        let arguments = ["export-metrics", "runs", "--to", to, "--out", out];
        done(&amst(folder.path(), &arguments));
    };
    let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
    export("csv", "metrics.csv");
    let csv = String::from_utf8(read("metrics.csv")).unwrap();
    assert!(csv.starts_with("run,dataset,method,seed,epoch,split,output,metric,value\n"));
    export("jsonl", "metrics.jsonl");
    let jsonl = String::from_utf8(read("metrics.jsonl")).unwrap();
    // Two epochs, two splits, three outputs, four metrics.
    assert_eq!((csv.lines().count() - 1, jsonl.lines().count()), (48, 48));
    let first: serde_json::Value = serde_json::from_str(jsonl.lines().next().unwrap()).unwrap();
    assert_eq!(
        (&first["epoch"], &first["split"]),
        (&0.into(), &"train".into())
    );
    export("tensorboard", "logs");
    let run = only_below(&folder.path().join("logs/synthetic/naive"));
    let events = std::fs::read(only_below(&run)).unwrap();
    assert!(events.windows(17).any(|part| part == b"val/fused/entropy"));
    export("tensorboard", "logs");
    assert_eq!(std::fs::read(only_below(&run)).unwrap(), events);
}

fn only_below(folder: &Path) -> PathBuf {
    let mut entries = std::fs::read_dir(folder).unwrap();
    let only = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    only
}
