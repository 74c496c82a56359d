//! Two epochs of AMST-Full from raw files.

use crate::program::{Program, done, result};
use crate::replica::{
    Replica, ave, crema_d, has_ffmpeg, iemocap, mvsa, published_features, ur_funny,
};

/// Prepares by name and folder, then trains by name alone.
fn trains(name: &str, replica: &Replica, counts: &str, outputs: &[&str], tests: u64) {
    let program = Program::new(&[]);
    let summary = done(&program.prepare(name, replica, &[]));
    for part in [
        counts,
        "published:",
        &format!("`--dataset {name}` is enough"),
    ] {
        assert!(summary.contains(part), "`{part}` is not in: {summary}");
    }
    done(&program.run(&["train", "--dataset", name, "--progress", "none"]));
    check(&program, outputs, tests);
}

fn check(program: &Program, outputs: &[&str], tests: u64) {
    let result = result(&program.out());
    assert_eq!(
        (&result["epochs"], &result["test"]["samples"]),
        (&2.into(), &tests.into())
    );
    assert_eq!(result["recipe"]["method"], "amst-full");
    for output in outputs {
        assert!(
            result["test"]["outputs"][format!("alt.{output}")]["loss"]
                .as_f64()
                .unwrap()
                .is_finite(),
            "{output}"
        );
    }
}

#[test]
fn crema_d_trains_from_its_raw_files() {
    if has_ffmpeg("crema_d_trains_from_its_raw_files") {
        trains(
            "crema-d",
            &crema_d::replica(),
            "6 classes, 12 train, 6 val, 6 test",
            &["audio", "visual"],
            6,
        );
    }
}

#[test]
fn ave_trains_from_its_raw_files() {
    if has_ffmpeg("ave_trains_from_its_raw_files") {
        trains(
            "ave",
            &ave::replica(),
            "28 classes, 30 train, 6 val, 6 test",
            &["audio", "visual"],
            6,
        );
    }
}

#[test]
fn mvsa_trains_from_its_raw_files() {
    trains(
        "mvsa-single",
        &mvsa::replica(),
        "3 classes, 12 train, 6 val, 6 test",
        &["text", "visual"],
        6,
    );
}

#[test]
fn iemocap_trains_from_its_raw_files() {
    if has_ffmpeg("iemocap_trains_from_its_raw_files") {
        let modalities = ["audio", "text", "visual"];
        trains(
            "iemocap",
            &iemocap::replica(),
            "5 classes, 14 train, 5 val, 5 test",
            &modalities,
            5,
        );
    }
}

#[test]
fn ur_funny_trains_from_its_raw_files() {
    if has_ffmpeg("ur_funny_trains_from_its_raw_files") {
        let modalities = ["audio", "text", "visual"];
        trains(
            "ur-funny",
            &ur_funny::replica(),
            "2 classes, 10 train, 6 val, 6 test",
            &modalities,
            6,
        );
    }
}

#[test]
fn published_features_train_as_they_are() {
    let replica = published_features::replica();
    let program = Program::new(&["audio.mels=128", "text.vocabulary=50265"]);
    done(&program.run(&[
        "train",
        "--dataset",
        replica.raw().to_str().unwrap(),
        "--progress",
        "none",
    ]));
    check(&program, &["audio", "text", "visual"], 5);
}
