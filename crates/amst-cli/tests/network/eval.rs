//! `amst eval`.

use std::fs;

use serde_json::{Value, json};

use crate::program::{DATA, Trained, USAGE, done, refused};

fn report(trained: &Trained, arguments: &[&str]) -> Value {
    let output = trained.ask(
        "eval",
        &[&["--dataset", "digits", "--json"], arguments].concat(),
    );
    serde_json::from_str(&done(&output)).unwrap()
}

#[test]
fn a_clean_evaluation_is_the_runs_result_to_the_last_digit() {
    for settings in [
        &["method=amst-full", "modalities=audio,text,visual"][..],
        &["method=mla", "probes=true"],
    ] {
        let trained = Trained::new(settings);
        let report = report(&trained, &[]);
        let result = trained.json("result.json");
        assert_eq!(report["clean"], result["test"]["outputs"], "{settings:?}");
        assert_eq!(report["samples"], result["test"]["samples"]);
        assert_eq!(
            (&report["damaged"], &report["same_data"]),
            (&Value::Null, &json!(true))
        );
        // Not only as numbers: as they are printed.
        let printed = |value: &Value| serde_json::to_string(value).unwrap();
        assert_eq!(
            printed(&report["clean"]),
            printed(&result["test"]["outputs"])
        );
    }
}

#[test]
fn what_is_dropped_and_damaged_is_said_beside_the_clean_numbers() {
    let trained = Trained::new(&["method=amst-alt", "modalities=audio,text,visual"]);
    let clean = report(&trained, &[])["clean"].clone();
    let damaged = report(
        &trained,
        &[
            "--drop",
            "audio",
            "--noise",
            "visual=0.8,text=0.5",
            "--noise-seed",
            "3",
        ],
    );
    assert_eq!(damaged["clean"], clean);
    assert_eq!(damaged["drop"], json!(["audio"]));
    assert_eq!(
        (&damaged["noise"], &damaged["noise_seed"]),
        (&json!({ "text": 0.5, "visual": 0.8 }), &json!(3))
    );
    let outputs: Vec<&String> = damaged["damaged"].as_object().unwrap().keys().collect();
    assert_eq!(outputs, ["fused", "text", "visual"]);
    for output in ["fused", "text", "visual"] {
        assert_ne!(
            damaged["damaged"][output]["loss"], clean[output]["loss"],
            "{output}"
        );
    }
    let other = report(
        &trained,
        &[
            "--drop",
            "audio",
            "--noise",
            "visual=0.8,text=0.5",
            "--noise-seed",
            "4",
        ],
    );
    assert_ne!(other["damaged"], damaged["damaged"]);
    let table = done(&trained.ask(
        "eval",
        &[
            "--dataset",
            "digits",
            "--drop",
            "audio",
            "--noise",
            "visual=0.8",
        ],
    ));
    for part in [
        "without audio",
        "visual damaged by 0.8",
        "accuracy",
        "macro-F1",
        "confidence",
        "entropy",
        "→",
    ] {
        assert!(table.contains(part), "`{part}` is missing in: {table}");
    }
    let audio = table
        .lines()
        .find(|line| line.trim_start().starts_with("audio"))
        .unwrap();
    assert!(
        audio.contains('–'),
        "a dropped modality says nothing: {audio}"
    );
}

#[test]
fn any_split_can_be_evaluated() {
    let trained = Trained::new(&["method=naive"]);
    let reports = ["train", "val", "test"].map(|split| report(&trained, &["--split", split]));
    assert_eq!(
        reports.each_ref().map(|r| r["split"].as_str().unwrap()),
        ["train", "val", "test"]
    );
    assert_ne!(reports[0]["clean"], reports[2]["clean"]);
}

#[test]
fn damage_that_means_nothing_is_refused() {
    let trained = Trained::new(&["method=naive"]);
    let cases: [(&[&str], &[&str]); 8] = [
        (
            &["--drop", "smell"],
            &["`smell` is no modality", "audio, text or visual"],
        ),
        (
            &["--drop", "text"],
            &["does not read text", "audio, visual"],
        ),
        (&["--drop", "audio,visual"], &["keep one modality"]),
        (
            &["--drop", "audio", "--noise", "audio=1"],
            &["--drop or --noise"],
        ),
        (
            &["--noise", "audio=1", "--noise", "audio=2"],
            &["names audio twice"],
        ),
        (&["--noise", "audio"], &["MODALITY=STRENGTH", "visual=0.2"]),
        (&["--noise", "audio=-1"], &["noise audio", "0 or more"]),
        (&["--noise", "text=0.5"], &["does not read text"]),
    ];
    for (arguments, parts) in cases {
        refused(
            &trained.ask("eval", &[&["--dataset", "digits"], arguments].concat()),
            USAGE,
            parts,
        );
    }
}

#[test]
fn data_that_do_not_fit_the_network_are_refused() {
    let trained = Trained::new(&["method=naive"]);
    // The run's data set is known by its path only.
    refused(
        &trained.ask("eval", &[]),
        USAGE,
        &["few-digits", "dataset.toml"],
    );
    let descriptor = trained.folder().join("digits/dataset.toml");
    let text = fs::read_to_string(&descriptor).unwrap();
    fs::write(&descriptor, text.replace("\"8\", \"9\"]", "\"8\"]")).unwrap();
    refused(
        &trained.ask("eval", &["--dataset", "digits"]),
        DATA,
        &["10 classes", "few-digits has 9"],
    );
    fs::write(&descriptor, text.replace("\"8\", \"9\"]", "\"9\", \"8\"]")).unwrap();
    refused(
        &trained.ask("eval", &["--dataset", "digits"]),
        DATA,
        &["8, 9", "9, 8", "the network's order"],
    );
    refused(
        &trained.ask("eval", &["--dataset", "synthetic"]),
        DATA,
        &["10 classes", "synthetic has 4"],
    );
}

#[test]
fn data_that_changed_since_the_run_are_evaluated_only_when_named_and_that_is_said() {
    let trained = Trained::new(&["method=naive"]);
    let manifest = trained.folder().join("digits/manifest.csv");
    let text = fs::read_to_string(&manifest).unwrap();
    let shorter: Vec<&str> = text
        .lines()
        .filter(|line| !line.ends_with(",test"))
        .chain(text.lines().last())
        .collect();
    fs::write(&manifest, shorter.join("\n")).unwrap();
    let report = report(&trained, &[]);
    assert_eq!(
        (&report["same_data"], &report["samples"]),
        (&json!(false), &json!(1))
    );
    let table = done(&trained.ask("eval", &["--dataset", "digits"]));
    assert!(
        table.contains("these are other data than the run's"),
        "{table}"
    );
}
