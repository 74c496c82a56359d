//! Runs that cannot end well.

use amst_train::TrainError;

use crate::cells::{METHODS, cell, events, families, train, train_with};

#[test]
fn a_diverging_run_stops_naming_step_and_samples_and_leaves_no_result() {
    for method in METHODS {
        let runs = tempfile::tempdir().unwrap();
        let assignments = [&format!("method={method}"), "optim.lr=1e9"];
        let error = train(&assignments, runs.path()).err().expect("it diverges");
        // The joint module's gradients are too large for numbers a step before its loss is.
        let samples = match &error {
            TrainError::Diverged { value, samples, .. } if !value.is_finite() => samples,
            TrainError::Gradient { samples, .. } => samples,
            other => panic!("{method}: {other}"),
        };
        assert!(samples.contains("train-"), "{samples}");
        assert_eq!(error.exit_code(), 4);
        let message = error.to_string();
        for part in ["epoch", "step", "optim.lr"] {
            assert!(message.contains(part), "{message}");
        }
        let dir = runs.path().join(cell(&assignments).0.run_dir());
        assert!(!dir.join("result.json").exists());
        assert!(!events(&dir).is_empty(), "what happened before is kept");
    }
}

/// At any step, and with any method: the log holds every step before it, whole.
#[test]
fn a_diverging_run_leaves_the_log_of_every_step_before_the_one_that_failed() {
    for system in families() {
        let runs = tempfile::tempdir().unwrap();
        let file = runs.path().join("steps.jsonl");
        let assignments: Vec<&str> = system
            .iter()
            .map(String::as_str)
            .chain(["optim.lr=1e18"])
            .collect();
        let error = train_with(&assignments, runs.path(), |trainer| {
            Ok(trainer.log_steps(&file))
        })
        .err();
        let Some(
            TrainError::Diverged {
                epoch,
                step,
                samples,
                ..
            }
            | TrainError::Gradient {
                epoch,
                step,
                samples,
                ..
            },
        ) = error
        else {
            panic!("{system:?}: {error:?}")
        };
        // A step that failed is not in it; an evaluation that failed comes after a whole epoch.
        let within = if samples.contains("split") { 6 } else { step };
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(
            lines.len(),
            6 * epoch + within,
            "{system:?}: {epoch}, {step}, {samples}"
        );
        for (number, line) in lines.iter().enumerate() {
            let place = (line["epoch"].as_u64(), line["step"].as_u64());
            assert_eq!(place, (Some(number as u64 / 6), Some(number as u64 % 6)));
            assert!(
                line["loss"]
                    .as_object()
                    .unwrap()
                    .values()
                    .all(|loss| loss.is_f64()),
                "{line}"
            );
        }
    }
}

/// One step an epoch and one epoch: the loss is taken before the update that ruins the network.
#[test]
fn a_run_that_diverges_in_its_very_last_step_is_noticed_too() {
    let runs = tempfile::tempdir().unwrap();
    let assignments = [
        "method=amst-alt",
        "epochs=1",
        "batch_size=96",
        "optim.lr=1e38",
    ];
    let error = train(&assignments, runs.path()).err().expect("it diverges");
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    assert!(
        !runs
            .path()
            .join(cell(&assignments).0.run_dir())
            .join("result.json")
            .exists()
    );
}

#[test]
fn a_schedule_in_which_nothing_would_train_is_refused_before_anything_runs() {
    let runs = tempfile::tempdir().unwrap();
    for assignments in [
        ["skip.audio=never", "skip.visual=never"],
        ["skip.audio=5", "skip.visual=3"],
    ] {
        let error = train(
            &[assignments[0], assignments[1], "skip.epoch_base=1"],
            runs.path(),
        )
        .err()
        .expect("refused");
        assert!(matches!(error, TrainError::Method(_)), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn a_run_folder_that_cannot_be_made_is_an_error_with_the_path() {
    let runs = tempfile::tempdir().unwrap();
    let blocked = runs.path().join("a-file");
    std::fs::write(&blocked, "in the way").unwrap();
    let error = train(&["method=amst-alt"], &blocked)
        .err()
        .expect("refused");
    assert!(matches!(error, TrainError::Io { .. }), "{error}");
    assert_eq!(error.exit_code(), 3);
    assert!(
        error.to_string().contains("a-file") && error.to_string().contains("--out"),
        "{error}"
    );
}
