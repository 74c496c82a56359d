//! `amst train --resolved FILE`: a recipe that is run as it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

const SETTINGS: [&str; 6] = [
    "method=naive",
    "epochs=1",
    "batch_size=16",
    "synthetic.train=32",
    "synthetic.val=16",
    "synthetic.test=16",
];

fn train(arguments: &[&str], out: &Path) -> Output {
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    Command::new(assert_cmd::cargo::cargo_bin!("amst"))
        .env("AMST_DATASETS", datasets)
        .env("RAYON_NUM_THREADS", "1")
        .args(["train", "--progress", "json"])
        .args(arguments)
        .arg("--out")
        .arg(out)
        .output()
        .unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The run directory of a cell that was trained from layers of settings.
fn trained(out: &Path) -> PathBuf {
    let mut arguments = vec!["--dataset", "synthetic", "--seed", "3"];
    for setting in SETTINGS {
        arguments.extend(["--set", setting]);
    }
    let output = train(&arguments, out);
    assert!(output.status.success(), "{}", stderr(&output));
    let runs = fs::read_dir(out.join("synthetic/naive")).unwrap();
    let runs: Vec<_> = runs.map(|entry| entry.unwrap().path()).collect();
    assert_eq!(runs.len(), 1, "{runs:?}");
    runs[0].clone()
}

/// Runs that are refused with exit code 2 and leave nothing behind.
fn refused(recipe: &str, more: &[&str], parts: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let (file, out) = (folder.path().join("r.toml"), folder.path().join("out"));
    fs::write(&file, recipe).unwrap();
    let resolved = ["--resolved", file.to_str().unwrap()];
    let output = train(&[&resolved, more].concat(), &out);
    let message = stderr(&output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert!(!out.exists(), "nothing is written");
}

#[test]
fn the_recipe_of_a_run_directory_makes_the_same_run() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let run = trained(first.path());
    let recipe = run.join("recipe.toml");
    let output = train(&["--resolved", recipe.to_str().unwrap()], second.path());
    assert!(output.status.success(), "{}", stderr(&output));
    let again = second.path().join(run.strip_prefix(first.path()).unwrap());
    for name in ["recipe.toml", "result.json", "predictions.csv"] {
        assert_eq!(
            fs::read(run.join(name)).unwrap(),
            fs::read(again.join(name)).unwrap(),
            "{name}"
        );
    }
}

#[test]
fn what_is_no_resolved_recipe_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(trained(out.path()).join("recipe.toml")).unwrap();
    let takes = "takes the `recipe.toml` of a run directory";
    refused("not TOML", &[], &["r.toml", "is not a recipe", takes]);
    refused("[package]\nname = 'x'\n", &[], &["does not say `", takes]);
    let foreign = format!("{text}\n[package]\nname = 'x'\n");
    refused(
        &foreign,
        &[],
        &["not a recipe of this version", "`package.name`"],
    );
    // Of a layer: what it leaves out would be this program's default.
    refused("epochs = 3\n", &[], &["does not say `", takes]);
    let shorter = text.replace("momentum = ", "# momentum = ");
    assert_ne!(shorter, text);
    refused(&shorter, &[], &["does not say `optim.momentum`"]);
    let idle = text.replace("epochs = 1\n", "epochs = 0\n");
    assert_ne!(idle, text);
    refused(&idle, &[], &["cannot be run: `epochs`: must be at least 1"]);
}

#[test]
fn another_data_set_is_refused() {
    let out = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(trained(out.path()).join("recipe.toml")).unwrap();
    let parts = [
        "`synthetic`",
        "`world-digits`",
        "give `--dataset synthetic`",
    ];
    refused(&text, &["--dataset", "world-digits"], &parts);
    let unknown = text.replace("dataset = \"synthetic\"", "dataset = \"synthetics\"");
    assert_ne!(unknown, text);
    refused(&unknown, &[], &["unknown data set `synthetics`"]);
}

#[test]
fn nothing_else_chooses_settings() {
    for option in [
        ["--seed", "1"],
        ["--epochs", "2"],
        ["--set", "epochs=2"],
        ["--preset", "original"],
        ["--modalities", "audio"],
        ["--precision", "f32"],
    ] {
        refused("", &option, &["cannot be used with", option[0]]);
    }
    let row = ["--recipe", "table2", "--experiment", "1"];
    refused("", &row, &["cannot be used with"]);
}

#[test]
fn initial_weights_are_those_that_the_recipe_names() {
    let out = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(trained(out.path()).join("recipe.toml")).unwrap();
    let weights = out.path().join("w.safetensors");
    fs::write(&weights, "weights").unwrap();
    let init = ["--init", weights.to_str().unwrap()];
    refused(&text, &init, &["does not start from", "SHA-256"]);
    let named = text.replace("init = \"\"", &format!("init = \"{:064}\"", 0));
    assert_ne!(named, text);
    refused(&named, &[], &["name the file, `--init FILE`"]);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let out = tempfile::tempdir().unwrap();
    let output = train(&["--resolved", "no/such.toml"], &out.path().join("out"));
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("no/such.toml"));
}
