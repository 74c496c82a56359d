//! `amst figure`: drawings of runs, with the numbers drawn.

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
