//! `amst ls` and `amst explain`, as they are called.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;

fn amst(arguments: &[&str]) -> Output {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command
        .env("AMST_DATASETS", datasets)
        .args(arguments)
        .output()
        .unwrap()
}

fn told(arguments: &[&str]) -> String {
    let output = amst(arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str]) -> String {
    let output = amst(arguments);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    assert!(
        output.stdout.is_empty(),
        "{arguments:?}: nothing is told beside the message"
    );
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn what_there_is_can_be_listed_for_people_and_programs() {
    for (what, name) in [
        ("methods", "ogm-ge"),
        ("datasets", "world-digits"),
        ("recipes", "table2"),
        ("presets", "paper-text"),
    ] {
        assert!(told(&["ls", what]).contains(name), "{what}");
        let json: serde_json::Value = serde_json::from_str(&told(&["ls", what, "--json"])).unwrap();
        let rows = json.as_array().unwrap();
        assert!(
            rows.iter()
                .any(|row| row.as_object().unwrap().values().any(|v| v == name)),
            "{what}: {json}"
        );
    }
}

#[test]
fn a_method_is_explained_for_people_and_programs() {
    let page = told(&["explain", "amst-full", "--preset", "published-code"]);
    assert!(
        page.starts_with("AMST-Full (`amst-full`)\n") && page.contains("joint -> alternating"),
        "{page}"
    );
    let json = told(&[
        "explain",
        "pmr",
        "--dataset",
        "ave",
        "--preset",
        "published-code",
        "--json",
    ]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let of = |key: &str| {
        json["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .find(|p| p["key"] == key)
            .unwrap()["value"]
            .clone()
    };
    assert_eq!(
        (of("pmr.split"), of("pmr.fraction")),
        ("val".into(), 1.0.into())
    );
}

#[test]
fn slips_are_answered_with_the_nearest_name() {
    assert!(refused(&["explain", "ogm"]).contains("did you mean `ogm-ge`?"));
    assert!(
        refused(&["explain", "pmr", "--dataset", "world-digit"])
            .contains("did you mean `world-digits`?")
    );
    assert!(
        refused(&["explain", "pmr", "--preset", "orignal"]).contains("did you mean `original`?")
    );
    assert!(
        refused(&["explain", "naive", "--preset", "original"])
            .contains("`naive` has no preset `original`")
    );
}

#[test]
fn a_preset_that_the_method_does_not_have_is_never_passed_over_in_training() {
    let dataset = ["--dataset", "synthetic", "--out", "target/never-written"];
    let naive = [
        &["train", "--preset", "original", "--set", "method=naive"],
        &dataset[..],
    ]
    .concat();
    assert!(refused(&naive).contains("`naive` has no preset `original`"));
    let unknown = [&["train", "--preset", "mine"], &dataset[..]].concat();
    let message = refused(&unknown);
    for preset in ["recommended", "published-code", "paper-text", "original"] {
        assert!(message.contains(preset), "{message}");
    }
}
