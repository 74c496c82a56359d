//! `amst train --log-steps`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::program::{DATA, DIVERGED, USAGE, done, refused, small};

const TRAIN: [&str; 7] = [
    "train",
    "--progress",
    "none",
    "--out",
    "runs",
    "--log-steps",
    "steps.jsonl",
];

/// One JSON object a line.
fn steps(folder: &Path) -> Vec<Value> {
    let text = fs::read_to_string(folder.join("steps.jsonl")).unwrap();
    assert!(
        text.is_empty() || text.ends_with('\n'),
        "the last line is whole"
    );
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn keys(object: &Value) -> Vec<&str> {
    object
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

fn texts(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|text| text.as_str().unwrap())
        .collect()
}

#[test]
fn every_step_is_an_object_with_the_losses_of_what_trained() {
    let folder = tempfile::tempdir().unwrap();
    done(&small(
        folder.path(),
        &TRAIN,
        &["method=amst-full", "modalities=audio,text,visual"],
    ));
    let steps = steps(folder.path());
    assert_eq!(steps.len(), 12);
    for (number, step) in steps.iter().enumerate() {
        let (epoch, within) = (number / 6, number % 6);
        assert_eq!(
            (step["epoch"].as_u64(), step["step"].as_u64()),
            (Some(epoch as u64), Some(within as u64))
        );
        assert_eq!(step["lr"].as_f64(), Some(0.02));
        // Sound is skipped in the second epoch, and then nothing is fused.
        let active: &[&str] = if epoch == 0 {
            &["a", "t", "v"]
        } else {
            &["t", "v"]
        };
        assert_eq!(texts(&step["active"]), active);
        let alternating: Vec<String> = active.iter().map(|m| format!("alt.{m}")).collect();
        assert_eq!(
            keys(&step["loss"]),
            [&alternating[..], &["joint.fused".to_string()]].concat()
        );
        assert!(
            step["loss"]
                .as_object()
                .unwrap()
                .values()
                .all(|loss| loss.is_f64()),
            "{step}"
        );
        assert_eq!(step["metrics"].get("fused").is_some(), epoch == 0);
        assert!(
            active
                .iter()
                .all(|m| step["metrics"][format!("joint.{m}")].is_f64()),
            "{step}"
        );
        assert_eq!(texts(&step["samples"]).len(), 16);
    }
    for epoch in 0..2 {
        let seen: BTreeSet<&str> = steps[6 * epoch..][..6]
            .iter()
            .flat_map(|step| texts(&step["samples"]))
            .collect();
        assert_eq!(seen.len(), 96, "each sample once an epoch");
    }
    assert_ne!(steps[0]["samples"], steps[6]["samples"]);
}

#[test]
fn a_method_that_balances_tells_by_how_much() {
    let cases: [(&[&str], &[&str]); 4] = [
        (&["method=ogm-ge"], &["k.a", "k.v"]),
        (&["method=pmr"], &["weight.a", "weight.v"]),
        (
            &["method=mslr", "mslr.strategy=dynamic-agm"],
            &["lr.a", "lr.v"],
        ),
        (
            &["method=gradient-blending"],
            &["weight.a", "weight.fused", "weight.v"],
        ),
    ];
    for (settings, told) in cases {
        let folder = tempfile::tempdir().unwrap();
        done(&small(folder.path(), &TRAIN, settings));
        for step in steps(folder.path()) {
            assert_eq!(keys(&step["balance"]), told, "{settings:?}");
        }
    }
}

/// The message says which step failed; the log holds every one before it.
#[test]
fn a_diverging_run_leaves_a_whole_line_for_every_step_before_the_one_that_failed() {
    let folder = tempfile::tempdir().unwrap();
    let output = small(folder.path(), &TRAIN, &["method=amst-alt", "optim.lr=1e9"]);
    refused(&output, DIVERGED, &["lower `optim.lr`", "train-"]);
    let message = String::from_utf8_lossy(&output.stderr).into_owned();
    let number = |word: &str| -> usize {
        let rest = message.split_once(word).unwrap().1;
        rest.chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap()
    };
    let failed = 6 * number("epoch ") + number("step ");
    let steps = steps(folder.path());
    assert!(failed > 0, "nothing to see: {message}");
    assert_eq!(steps.len(), failed, "{message}");
    let last = steps.last().unwrap();
    assert_eq!(
        last["epoch"].as_u64().unwrap() * 6 + last["step"].as_u64().unwrap() + 1,
        failed as u64
    );
}

#[test]
fn a_finished_run_is_not_run_again_for_its_log() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["method=amst-alt"];
    done(&small(folder.path(), &TRAIN[..5], &settings));
    let output = small(folder.path(), &TRAIN, &settings);
    refused(
        &output,
        USAGE,
        &["finished before", "steps.jsonl", "--out runs-again"],
    );
    assert!(!folder.path().join("steps.jsonl").exists());
}

#[test]
fn a_log_that_cannot_be_written_is_refused_before_training() {
    let folder = tempfile::tempdir().unwrap();
    let output = small(
        folder.path(),
        &[&TRAIN[..6], &["no/such/steps.jsonl"]].concat(),
        &["method=amst-alt"],
    );
    refused(
        &output,
        DATA,
        &[
            "cannot write no/such/steps.jsonl",
            "choose another place with --log-steps",
        ],
    );
}
