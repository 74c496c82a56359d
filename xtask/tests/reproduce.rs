//! `cargo xtask reproduce`, with a stand-in for `amst` that copies results made by hand.
#![cfg(unix)]

mod bench;

use std::path::Path;
use std::time::{Duration, Instant};

use amst::methods::built_in;
use amst_recipe::{DataLock, Grid, Preset, Timing, find_dataset};
use assert_cmd::Command;
use bench::{Bench, stderr, stdout};

#[test]
fn a_plan_names_every_cell_and_writes_nothing() {
    let bench = Bench::new();
    let start = Instant::now();
    let text = stdout(&bench.reproduce(&["--plan"]).success());
    // It takes a tenth of a second; the machine may be busy.
    assert!(start.elapsed() < Duration::from_secs(10));
    assert_eq!(text.matches(" missing  ").count(), 24, "{text}");
    assert!(
        text.contains("0 done, 24 missing") && text.contains("rough guess"),
        "{text}"
    );
    assert!(!bench.path("out").exists() && bench.calls().is_empty());
}

#[test]
fn a_plan_takes_its_times_from_finished_runs_of_the_method() {
    let bench = Bench::new();
    bench.finish_all();
    let timing = Timing {
        seconds: 30.0,
        ..Timing::default()
    };
    std::fs::write(
        bench.run("6", 0).join("timing.json"),
        serde_json::to_string(&timing).unwrap(),
    )
    .unwrap();
    std::fs::remove_file(bench.run("6", 1).join("result.json")).unwrap();
    std::fs::remove_file(bench.run("1", 1).join("result.json")).unwrap();
    let plan: serde_json::Value = serde_json::from_str(&stdout(
        &bench
            .reproduce(&["--plan", "--json", "--jobs", "1"])
            .success(),
    ))
    .unwrap();
    assert_eq!(
        (
            plan["done"].as_u64(),
            plan["missing"].as_u64(),
            plan["jobs"].as_u64()
        ),
        (Some(22), Some(2), Some(1))
    );
    let cells = plan["cells"].as_array().unwrap();
    let cell = |experiment: &str, seed: u64| {
        cells
            .iter()
            .find(|c| c["experiment"] == experiment && c["seed"] == seed)
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&cell("6", 1)["estimated_seconds"], &cell("6", 1)["rough"]),
        (&30.0.into(), &false.into())
    );
    assert_eq!(
        cell("1", 1)["rough"],
        true,
        "no joint run has left its time"
    );
    assert_eq!(
        (&cell("6", 0)["state"], &cell("6", 0)["estimated_seconds"]),
        (&"done".into(), &().into())
    );
    assert_eq!(
        cell("6", 1)["cell"].as_str().unwrap(),
        bench.cell("6", 1, &[]).id.as_str()
    );
}

#[test]
fn a_complete_table_is_printed_without_any_program() {
    let bench = Bench::new();
    bench.finish_all();
    std::fs::remove_file(bench.path("amst")).unwrap();
    let assert = bench.reproduce(&[]).success();
    let text = stdout(&assert);
    assert!(
        text.contains("**81.0 ± 0.58**") && text.contains("_76.0 ± 0.58_"),
        "{text}"
    );
    assert!(
        text.contains("majority") && text.contains("30.0") && text.contains("25.0"),
        "{text}"
    );
    for file in ["table.md", "table.json", "table.csv", "pairs.csv"] {
        assert!(bench.path("out/table2").join(file).is_file(), "{file}");
        assert!(stderr(&assert).contains(file), "it says where {file} is");
    }
    assert_eq!(
        std::fs::read_dir(bench.path("out/table2")).unwrap().count(),
        4,
        "nothing half-written is left"
    );
}

#[test]
fn what_is_missing_is_trained_longest_first_and_then_found() {
    let bench = Bench::new();
    bench.stash(&[]);
    let text = stdout(&bench.reproduce(&["--jobs", "1"]).success());
    assert!(text.contains("**81.0 ± 0.58**"), "{text}");
    let calls = bench.calls();
    assert!(calls[0].starts_with("prepare"), "{calls:?}");
    assert_eq!(
        calls.len(),
        1 + 24,
        "one preparation, each cell once: {calls:?}"
    );
    assert!(
        calls[1..7]
            .iter()
            .all(|c| c.starts_with("train 5") || c.starts_with("train 6")),
        "{calls:?}"
    );
    bench.forget_calls();
    let again = bench.reproduce(&["--json"]).success();
    assert!(bench.calls().is_empty(), "nothing is trained twice");
    let table: serde_json::Value = serde_json::from_str(&stdout(&again)).unwrap();
    assert_eq!(table["rows"].as_array().unwrap().len(), 9);
}

#[test]
fn a_failing_cell_does_not_stop_the_others() {
    let bench = Bench::new();
    bench.stash(&[]);
    std::fs::write(
        bench.path("stash/fail-train-6-1"),
        "the loss is NaN at step 7\n",
    )
    .unwrap();
    let assert = bench.reproduce(&["--jobs", "3"]).code(1);
    assert_eq!(
        bench
            .calls()
            .iter()
            .filter(|c| c.starts_with("train"))
            .count(),
        24
    );
    let text = stdout(&assert);
    assert!(text.contains("81.0 ± 1.00 [n = 2]"), "{text}");
    let reason =
        "Digits, experiment 6, seed 1: failed: exit code 4 (diverged): the loss is NaN at step 7";
    assert!(text.contains(reason), "{text}");
    assert!(
        stderr(&assert).contains("    loading\n    the loss is NaN at step 7"),
        "{}",
        stderr(&assert)
    );
    std::fs::remove_file(bench.path("stash/fail-train-6-1")).unwrap();
    bench.forget_calls();
    bench.reproduce(&[]).success();
    assert_eq!(
        bench
            .calls()
            .iter()
            .filter(|c| c.starts_with("train"))
            .collect::<Vec<_>>(),
        ["train 6 1"]
    );
}

#[test]
fn a_child_that_begins_another_cell_than_the_planned_one_is_killed_at_once() {
    let bench = Bench::new();
    bench.stash(&[]);
    for (seed, kind) in [(0, "start"), (1, "resumed")] {
        let event = format!(r#"{{"kind":"{kind}","cell":"abcd","epochs":2,"epoch":1}}"#);
        std::fs::write(bench.path(&format!("stash/begins-6-{seed}")), event + "\n").unwrap();
    }
    let start = Instant::now();
    let assert = bench
        .reproduce(&["--jobs", "3", "--experiments", "6"])
        .code(1);
    assert!(
        start.elapsed() < Duration::from_secs(30),
        "it is not awaited"
    );
    for seed in [0, 1] {
        let planned = bench.cell("6", seed, &[]).id;
        let reason = format!(
            "experiment 6, seed {seed}: failed: killed, because it began cell abcd, not the \
             planned {}",
            planned.short()
        );
        assert!(stdout(&assert).contains(&reason), "{}", stdout(&assert));
    }
    assert!(bench.run("6", 2).join("result.json").exists(), "the others");
    assert!(stderr(&assert).contains("2 failed"), "{}", stderr(&assert));
}

#[test]
fn data_that_cannot_be_prepared_leaves_a_table_of_dashes() {
    let bench = Bench::new();
    std::fs::write(
        bench.path("stash/fail-prepare-5-"),
        "audio/1.wav is not a WAV file\n",
    )
    .unwrap();
    let assert = bench
        .reproduce(&["--seeds", "0", "--experiments", "5"])
        .code(1);
    assert_eq!(bench.calls(), ["prepare 5 "], "nothing is trained on it");
    assert!(
        stdout(&assert).contains("audio/1.wav is not a WAV file"),
        "{}",
        stdout(&assert)
    );
}

#[test]
fn a_result_that_belongs_to_another_recipe_is_neither_shown_nor_overwritten() {
    let bench = Bench::new();
    bench.finish_all();
    let file = bench.run("1", 0).join("result.json");
    let mut other = bench.result(&bench.cell("1", 0, &[]), 0.99);
    other.recipe.epochs = 77;
    std::fs::write(&file, serde_json::to_string(&other).unwrap()).unwrap();
    let text = stdout(&bench.reproduce(&[]).code(1));
    assert!(
        text.contains("Digits, experiment 1, seed 0: result of another recipe"),
        "{text}"
    );
    assert!(text.contains("[n = 2]") && !text.contains("99.0"), "{text}");
    assert!(bench.calls().is_empty());
    assert!(std::fs::read_to_string(&file).unwrap().contains("77"));
}

#[test]
fn a_program_that_leaves_no_result_is_found_out() {
    let bench = Bench::new();
    let text = stdout(
        &bench
            .reproduce(&["--seeds", "0", "--experiments", "1"])
            .code(1),
    );
    assert!(text.contains("built from another version"), "{text}");
}

#[test]
fn experiments_that_settings_make_equal_are_trained_once() {
    let bench = Bench::new();
    bench.stash(&["skip.audio=1".into()]);
    let assert = bench
        .reproduce(&["--set", "skip.audio=1", "--jobs", "2"])
        .success();
    assert_eq!(
        bench
            .calls()
            .iter()
            .filter(|c| c.starts_with("train"))
            .count(),
        15,
        "{}",
        stdout(&assert)
    );
}

#[test]
fn epochs_and_settings_reach_every_cell() {
    let bench = Bench::new();
    bench.stash(&["optim.lr=0.5".into(), "epochs=7".into()]);
    bench
        .reproduce(&[
            "--set",
            "optim.lr=0.5",
            "--epochs",
            "7",
            "--seeds",
            "2",
            "--experiments",
            "4",
        ])
        .success();
    assert_eq!(bench.calls(), ["prepare 4 ", "train 4 2"]);
}

#[test]
fn slips_are_answered_with_the_nearest_and_exit_code_2() {
    let bench = Bench::new();
    let wrong: [(&[&str], &str); 6] = [
        (
            &["--dataset", "world-digit"],
            "did you mean `world-digits`?",
        ),
        (&["--device", "flx"], "did you mean `flex`?"),
        (&["--set", "epoch=3"], "did you mean `epochs`?"),
        (
            &["--experiments", "7"],
            "there is: audio, visual, text, 1, 2, 3, 4, 5, 6",
        ),
        (&["--set", "seed=3"], "use `--seeds 0,1,2`"),
        (&["--epochs", "0"], "`epochs`: must be at least 1"),
    ];
    for (arguments, message) in wrong {
        let assert = bench.reproduce(arguments).code(2);
        assert!(
            stderr(&assert).contains(message),
            "{arguments:?}: {}",
            stderr(&assert)
        );
    }
    assert!(bench.calls().is_empty() && !bench.path("out").exists());
}

#[test]
fn a_slip_in_the_tables_name_is_answered_with_the_nearest() {
    let assert = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["reproduce", "tabel2"])
        .assert()
        .code(2);
    assert!(
        stderr(&assert).contains("did you mean `table2`?"),
        "{}",
        stderr(&assert)
    );
}

#[test]
fn no_jobs_at_all_is_refused() {
    let assert = Bench::new().reproduce(&["--jobs", "0"]).code(2);
    assert!(
        stderr(&assert).contains("use 1 or more"),
        "{}",
        stderr(&assert)
    );
}

#[test]
fn a_folder_that_cannot_be_written_is_refused_before_anything_is_trained() {
    let bench = Bench::new();
    std::fs::write(bench.path("out"), "a file, not a folder").unwrap();
    let assert = bench.reproduce(&[]).code(2);
    assert!(
        stderr(&assert).contains("give another folder: `--out DIR`"),
        "{}",
        stderr(&assert)
    );
    assert!(bench.calls().is_empty());
}

#[test]
fn missing_data_has_exit_code_3_and_names_the_way() {
    let bench = Bench::new();
    std::fs::remove_file(bench.path("digits/manifest.csv")).unwrap();
    assert!(stderr(&bench.reproduce(&[]).code(3)).contains("manifest.csv"));
    let assert = bench.reproduce(&["--dataset", "iemocap"]).code(3);
    assert!(stderr(&assert).contains("manifest.csv") || stderr(&assert).contains("sail.usc.edu"));
}

#[test]
fn the_embedded_data_set_has_a_plan() {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    let assert = command
        .args(["reproduce", "table2", "--plan", "--out"])
        .arg(out.path())
        .assert()
        .success();
    assert!(
        stdout(&assert).contains("0 done, 40 missing"),
        "{}",
        stdout(&assert)
    );
}

/// Of spoken-digits each seed can be tested on other speakers.
#[test]
fn folds_rotate_over_the_seeds_and_only_where_there_are_several() {
    let out = tempfile::tempdir().unwrap();
    let reproduce = |dataset: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
        command
            .args(["reproduce", "table2", "--plan", "--json", "--folds"])
            .args(["--experiments", "4", "--dataset", dataset, "--out"])
            .arg(out.path());
        command.assert()
    };
    let plan: serde_json::Value =
        serde_json::from_str(&stdout(&reproduce("spoken-digits").success())).unwrap();
    let cells: Vec<&str> = plan["cells"]
        .as_array()
        .unwrap()
        .iter()
        .map(|cell| cell["cell"].as_str().unwrap())
        .collect();
    assert_eq!(cells.len(), 5);
    let dataset = find_dataset("spoken-digits", Path::new("../datasets")).unwrap();
    let lock = DataLock::of(&dataset).unwrap();
    let grid = Grid::named("table2").unwrap();
    for (seed, cell) in cells.into_iter().enumerate() {
        let planned = grid.cell(
            built_in(),
            grid.experiment("4").unwrap(),
            seed as u64,
            &dataset,
            &lock,
            Preset::Recommended,
            &[format!("fold={}", seed % 3)],
        );
        assert_eq!(planned.unwrap().id.as_str(), cell, "seed {seed}");
    }
    let refused = stderr(&reproduce("world-digits").code(2));
    assert!(refused.contains("world-digits has one split"), "{refused}");
}

/// Nothing of the test split is seen while settings are chosen.
#[test]
fn the_selection_shows_the_validation_split_alone() {
    let bench = Bench::of("selection", "");
    let cell = bench.cell("naive-lr-0.01", 100, &[]);
    let mut result = bench.result(&cell, 0.111);
    result.selected.val_accuracy = 0.222;
    std::fs::write(
        bench.path("stash/naive-lr-0.01-100.run"),
        cell.run_dir().to_str().unwrap(),
    )
    .unwrap();
    let text = serde_json::to_string(&result).unwrap();
    std::fs::write(bench.path("stash/naive-lr-0.01-100.json"), text).unwrap();
    let arguments = ["--experiments", "naive-lr-0.01", "--seeds", "100"];
    let assert = bench.reproduce(&arguments).success();
    assert!(
        stderr(&assert).contains("validation 50.0 %"),
        "{}",
        stderr(&assert)
    );
    let table = stdout(&assert);
    assert!(table.contains("22.2") && !table.contains("11.1"), "{table}");
    let json = stdout(
        &bench
            .reproduce(&[&arguments[..], &["--json"]].concat())
            .success(),
    );
    assert!(json.contains("0.222") && !json.contains("0.111"), "{json}");
}
