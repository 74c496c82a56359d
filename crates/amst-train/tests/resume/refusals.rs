//! Checkpoints and directories that a run does not go on from.

use std::fs;
use std::path::{Path, PathBuf};

use amst_recipe::CODE_EPOCH;
use amst_train::{
    CHECKPOINT_FORMAT, Checkpoint, CheckpointError, LeaseError, Manifest, Run, RunState,
    TrainError, status,
};

use crate::cells::cell;
use crate::cut::{Made, checkpoints, short};

const TEXT: [&str; 2] = ["method=unimodal", "modalities=text"];

/// A run that was stopped after four steps.
fn stopped(runs: &Path, system: &[&str]) -> (Vec<String>, PathBuf) {
    let settings = short(system);
    let made = Made::new(&settings, runs).stopped_after(4);
    made.train().unwrap_err();
    let dir = made.dir();
    (settings, dir)
}

fn newest(dir: &Path) -> PathBuf {
    dir.join("checkpoints")
        .join(checkpoints(dir).pop().unwrap())
}

/// Puts the checkpoints of one run where another looks for its own.
fn in_the_place_of_another(there: &[&str], here: &[&str]) -> TrainError {
    let runs = tempfile::tempdir().unwrap();
    let (_, theirs) = stopped(runs.path(), there);
    let (settings, mine) = stopped(runs.path(), here);
    fs::remove_dir_all(mine.join("checkpoints")).unwrap();
    fs::rename(theirs.join("checkpoints"), mine.join("checkpoints")).unwrap();
    let error = Made::new(&settings, runs.path()).train().unwrap_err();
    assert_eq!(error.exit_code(), 5, "{error}");
    assert!(error.to_string().contains("--fresh"), "{error}");
    error
}

#[test]
fn a_checkpoint_of_another_recipe_is_refused_and_the_differing_keys_are_printed() {
    let changes = [
        ("optim.lr=0.031", "optim.lr"),
        ("seed=3", "seed"),
        ("synthetic.train=64", "synthetic.train"),
    ];
    for (change, key) in changes {
        let error = in_the_place_of_another(&[&TEXT[..], &[change]].concat(), &TEXT);
        let TrainError::Checkpoint(CheckpointError::Other { differences, .. }) = &error else {
            panic!("{error}")
        };
        assert!(
            differences.len() == 1 && differences[0].starts_with(key),
            "{differences:?}"
        );
    }
    let message =
        in_the_place_of_another(&["method=unimodal", "modalities=audio"], &TEXT).to_string();
    assert!(
        message.contains("modalities is [\"audio\"] there, [\"text\"] here"),
        "{message}"
    );
}

#[test]
fn a_checkpoint_of_another_data_set_or_code_epoch_is_refused_by_name() {
    let runs = tempfile::tempdir().unwrap();
    let (settings, dir) = stopped(runs.path(), &TEXT);
    let (cell, lock) = cell(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    assert!(!cell.id.as_str().is_empty());
    let newest = newest(&dir);
    let written = Checkpoint::open(&newest).unwrap().manifest().clone();
    assert_eq!((&written.data, written.format), (&lock, CHECKPOINT_FORMAT));
    let refused = |manifest: Manifest, parts: &[&str]| {
        fs::write(newest.join("manifest.json"), manifest.sealed()).unwrap();
        let error = Made::new(&settings, runs.path()).train().unwrap_err();
        assert_eq!(error.exit_code(), 5);
        for part in parts {
            assert!(error.to_string().contains(part), "{error}");
        }
    };
    let mut other = written.clone();
    other.data = serde_json::from_value("0".repeat(64).into()).unwrap();
    refused(other, &["the data set is another one"]);
    let mut other = written.clone();
    other.code_epoch = 70;
    refused(other, &[&format!("code epoch 70 there, {CODE_EPOCH} here")]);
    for format in [9, 0] {
        let mut other = written.clone();
        other.format = format;
        let said = format!("format {format}");
        refused(other, &[&said, "amst 0.1.0", "reads format 1"]);
    }
    fs::write(newest.join("manifest.json"), written.sealed()).unwrap();
    Made::new(&settings, runs.path()).train().unwrap();
}

#[test]
fn where_no_checkpoint_is_whole_all_faults_and_the_remedy_are_named() {
    let runs = tempfile::tempdir().unwrap();
    let (settings, dir) = stopped(runs.path(), &TEXT);
    let file = newest(&dir).join("model.safetensors");
    fs::write(&file, b"nothing").unwrap();
    let error = Made::new(&settings, runs.path()).train().unwrap_err();
    assert!(
        matches!(
            error,
            TrainError::Checkpoint(CheckpointError::NoneUsable { .. })
        ),
        "{error}"
    );
    assert_eq!(error.exit_code(), 5);
    for part in ["model.safetensors", "7 bytes", "--fresh"] {
        assert!(error.to_string().contains(part), "{error}");
    }
    // Nothing was trained over it.
    assert_eq!(fs::read(&file).unwrap(), b"nothing");
    assert!(
        matches!(status(runs.path())[0].state, RunState::Damaged { .. }),
        "{:?}",
        status(runs.path())
    );
}

#[test]
fn a_directory_of_another_program_or_run_is_left_alone() {
    let runs = tempfile::tempdir().unwrap();
    let settings = short(&TEXT);
    let made = Made::new(&settings, runs.path());
    fs::create_dir_all(made.dir()).unwrap();
    fs::write(made.dir().join("thesis.tex"), "years of work").unwrap();
    let error = made.train().unwrap_err();
    assert!(
        matches!(error, TrainError::Foreign { .. }) && error.to_string().contains("thesis.tex"),
        "{error}"
    );
    assert_eq!(error.exit_code(), 5);
    assert_eq!(
        fs::read(made.dir().join("thesis.tex")).unwrap(),
        b"years of work"
    );
    for recipe in ["method = \"naive\"", "epochs = \"many\""] {
        fs::write(made.dir().join("recipe.toml"), recipe).unwrap();
        let error = made.train().unwrap_err();
        assert!(error.to_string().contains("recipe.toml"), "{error}");
        assert_eq!(
            (
                error.exit_code(),
                fs::read_to_string(made.dir().join("recipe.toml")).unwrap()
            ),
            (5, recipe.into())
        );
    }
}

#[test]
fn a_second_trainer_is_refused_and_the_message_names_the_first() {
    let runs = tempfile::tempdir().unwrap();
    let settings = short(&TEXT);
    let (cell, lock) = cell(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    let first = Run::create(runs.path(), &cell, &lock).unwrap();
    let error = Made::new(&settings, runs.path()).train().unwrap_err();
    assert!(
        matches!(error, TrainError::Lease(LeaseError::Held { .. })),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .contains(&format!("process {}", std::process::id())),
        "{error}"
    );
    assert_eq!(error.exit_code(), 7);
    assert!(
        Run::set_aside(runs.path(), &cell).is_err(),
        "nor is it taken from under the first"
    );
    assert!(
        matches!(&status(runs.path())[0].state, RunState::Running { by } if by.pid == std::process::id())
    );
    drop(first);
    Made::new(&settings, runs.path()).train().unwrap();
}

#[test]
fn starting_over_moves_everything_aside_and_deletes_nothing() {
    let runs = tempfile::tempdir().unwrap();
    let (settings, dir) = stopped(runs.path(), &TEXT);
    let (cell, _) = cell(&settings.iter().map(String::as_str).collect::<Vec<_>>());
    for number in 1..3 {
        let before = checkpoints(&dir);
        let aside = Run::set_aside(runs.path(), &cell).unwrap().unwrap();
        assert_eq!(aside, PathBuf::from(format!("{}.{number}", dir.display())));
        assert!(!dir.exists() && checkpoints(&aside) == before && !before.is_empty());
        Made::new(&settings, runs.path())
            .stopped_after(2)
            .train()
            .unwrap_err();
    }
    assert_eq!(
        Run::set_aside(&runs.path().join("nowhere"), &cell).unwrap(),
        None
    );
}

#[test]
fn a_log_of_steps_that_does_not_go_with_the_checkpoint_is_refused() {
    let runs = tempfile::tempdir().unwrap();
    let (settings, _) = stopped(runs.path(), &TEXT);
    let log = runs.path().join("steps.jsonl");
    let whole = fs::read(&log).unwrap();
    fs::write(&log, &whole[..whole.len() - 1]).unwrap();
    let error = Made::new(&settings, runs.path()).train().unwrap_err();
    assert!(
        matches!(error, TrainError::Resume { .. }) && error.to_string().contains("steps.jsonl"),
        "{error}"
    );
    assert_eq!(
        (error.exit_code(), fs::read(&log).unwrap().len()),
        (2, whole.len() - 1)
    );
}
