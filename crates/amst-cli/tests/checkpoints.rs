//! `--checkpoint-every`, `--keep`, `--fresh`, `amst status` and `amst inspect`, as they are called.
#![cfg(unix)]

mod process;

use std::path::Path;
use std::process::{Command, Output};

use process::{Cell, assert_done, signal, stderr, until};

fn amst(arguments: &[&str], path: &Path) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command.args(arguments).arg(path).output().unwrap()
}

fn json(arguments: &[&str], path: &Path) -> serde_json::Value {
    let output = amst(arguments, path);
    assert_done(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A run that was stopped by a signal.
fn stop(cell: &Cell<'_>) {
    let child = cell.start();
    until("a checkpoint", || cell.has("checkpoints/00001-00000"));
    signal(&child, "TERM");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(143), "{}", stderr(&output));
}

const LONG: [&str; 2] = ["method=amst-alt", "epochs=40"];

#[test]
fn options_that_mean_nothing_are_usage_errors_and_write_nothing() {
    let wrong = [
        ["--keep", "", "names nothing"],
        ["--keep", "worst", "neither best, last nor all"],
        ["--checkpoint-every", "5", "200steps"],
        ["--checkpoint-every", "0m", "200steps"],
        ["--checkpoint-every", "often", "200steps"],
    ];
    for [option, value, said] in wrong {
        let out = tempfile::tempdir().unwrap();
        let output = Cell::new(&[], out.path()).with(&[option, value]).run();
        assert_eq!(output.status.code(), Some(2), "{option} {value}");
        assert!(stderr(&output).contains(said), "{}", stderr(&output));
        assert_eq!(
            std::fs::read_dir(out.path()).unwrap().count(),
            0,
            "{option} {value}"
        );
    }
}

#[test]
fn status_tells_of_runs_that_stopped_finished_diverged_or_are_damaged() {
    let out = tempfile::tempdir().unwrap();
    assert_eq!(
        json(&["status", "--json"], out.path())
            .as_array()
            .unwrap()
            .len(),
        0
    );
    let stopped = Cell::new(&LONG, out.path());
    stop(&stopped);
    assert_done(&Cell::new(&["method=naive"], out.path()).run());
    assert_eq!(
        Cell::new(&["method=pmr", "optim.lr=1e18"], out.path())
            .run()
            .status
            .code(),
        Some(4)
    );
    assert_done(&Cell::new(&["method=agm", "seed=1"], out.path()).run());
    let runs = json(&["status", "--json"], out.path());
    let of = |method: &str| {
        let named = |run: &&serde_json::Value| {
            run["name"]
                .as_str()
                .unwrap()
                .contains(&format!("/{method}/"))
        };
        runs.as_array().unwrap().iter().find(named).unwrap().clone()
    };
    let alternating = of("amst-alt");
    assert_eq!(
        (&alternating["state"], &alternating["epochs"]),
        (&"stopped".into(), &40.into()),
        "{alternating}"
    );
    assert!(
        alternating["epoch"].as_u64().unwrap() >= 1
            && alternating["best_val_accuracy"].as_f64().unwrap() > 0.0
    );
    assert!(
        alternating["seconds_left"].as_f64().unwrap() > 0.0,
        "{alternating}"
    );
    assert_eq!(
        (&of("naive")["state"], &of("naive")["epoch"]),
        (&"finished".into(), &4.into())
    );
    assert_eq!(of("naive")["seconds_left"], serde_json::Value::Null);
    assert!(
        of("pmr")["state"] == "diverged" && of("pmr")["why"].as_str().unwrap().contains("optim.lr")
    );
    let agm = of("agm")["dir"].as_str().unwrap().to_string();
    std::fs::write(Path::new(&agm).join("result.json"), "{").unwrap();
    let table = amst(&["status"], out.path());
    let table = String::from_utf8(table.stdout).unwrap();
    for word in ["stopped", "finished", "diverged", "damaged", "40", "test "] {
        assert!(table.contains(word), "{word} is missing in {table}");
    }
    assert_eq!(table.lines().count(), 5, "{table}");
}

#[test]
fn inspect_verifies_every_file_and_lists_what_is_in_it() {
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&LONG, out.path());
    stop(&cell);
    let told = json(&["inspect", "--json"], &cell.dir());
    let files = told["manifest"]["files"].as_object().unwrap();
    for file in [
        "model.safetensors",
        "velocity.safetensors",
        "best.safetensors",
        "state.toml",
        "recipe.toml",
    ] {
        assert_eq!(files[file]["sha256"].as_str().unwrap().len(), 64, "{file}");
    }
    assert!(
        told["tensors"]["model.safetensors"]["encoder.a.conv1.weight"].is_array(),
        "{told}"
    );
    let newest = told["dir"].as_str().unwrap().to_string();
    let page = String::from_utf8(amst(&["inspect"], Path::new(&newest)).stdout).unwrap();
    assert!(
        page.contains("encoder.a.conv1.weight") && page.contains("format 1"),
        "{page}"
    );
    let model = Path::new(&newest).join("velocity.safetensors");
    let mut bytes = std::fs::read(&model).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    std::fs::write(&model, bytes).unwrap();
    let refused = amst(&["inspect"], Path::new(&newest));
    assert_eq!(refused.status.code(), Some(5));
    assert!(stderr(&refused).contains("velocity.safetensors") && refused.stdout.is_empty());
    // Going on says which was damaged and goes on from the one before.
    let output = cell.run();
    assert_done(&output);
    assert!(String::from_utf8_lossy(&output.stdout).contains("velocity.safetensors is damaged"));
    let selected = json(&["inspect", "--json"], &cell.dir());
    assert_eq!(selected["manifest"]["kind"], "selected");
}

#[test]
fn fresh_starts_over_and_keeps_what_was_there() {
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&["method=naive"], out.path());
    assert_done(&cell.run());
    let dir = cell.dir();
    let before = cell.file("result.json");
    let again = Cell::new(&["method=naive"], out.path())
        .with(&["--fresh"])
        .run();
    assert_done(&again);
    assert!(
        stderr(&again).contains("what was there is now in"),
        "{}",
        stderr(&again)
    );
    let aside = std::path::PathBuf::from(format!("{}.1", dir.display()));
    assert!(std::fs::read(aside.join("result.json")).unwrap() == before);
    assert!(
        std::fs::read(dir.join("result.json")).unwrap() == before,
        "the same run, and so the same bytes"
    );
}

#[test]
fn where_there_is_nothing_to_inspect_or_to_tell_of_the_path_is_named() {
    let out = tempfile::tempdir().unwrap();
    let inspected = amst(&["inspect"], &out.path().join("nowhere"));
    assert_eq!(inspected.status.code(), Some(5));
    assert!(
        stderr(&inspected).contains("nowhere"),
        "{}",
        stderr(&inspected)
    );
    let status = amst(&["status"], &out.path().join("nowhere"));
    assert_eq!(status.status.code(), Some(2));
    assert!(stderr(&status).contains("nowhere"), "{}", stderr(&status));
}
