//! Runs that cannot end well.

use amst_train::TrainError;

use crate::cells::{METHODS, cell, events, train};

#[test]
fn a_diverging_run_stops_naming_step_and_samples_and_leaves_no_result() {
    for method in METHODS {
        let runs = tempfile::tempdir().unwrap();
        let assignments = [&format!("method={method}"), "optim.lr=1e9"];
        let error = train(&assignments, runs.path()).err().expect("it diverges");
        let TrainError::Diverged { value, samples, .. } = &error else { panic!("{method}: {error}") };
        assert!(!value.is_finite());
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

/// One step an epoch and one epoch: the loss is taken before the update that ruins the network.
#[test]
fn a_run_that_diverges_in_its_very_last_step_is_noticed_too() {
    let runs = tempfile::tempdir().unwrap();
    let assignments = ["method=amst-alt", "epochs=1", "batch_size=96", "optim.lr=1e38"];
    let error = train(&assignments, runs.path()).err().expect("it diverges");
    assert!(matches!(error, TrainError::Diverged { .. }), "{error}");
    assert!(!runs.path().join(cell(&assignments).0.run_dir()).join("result.json").exists());
}

#[test]
fn a_schedule_in_which_nothing_would_train_is_refused_before_anything_runs() {
    let runs = tempfile::tempdir().unwrap();
    for assignments in [["skip.audio=never", "skip.visual=never"], ["skip.audio=5", "skip.visual=3"]] {
        let error = train(&[assignments[0], assignments[1], "skip.epoch_base=1"], runs.path()).err().expect("refused");
        assert!(matches!(error, TrainError::Method(_)), "{error}");
        assert_eq!(error.exit_code(), 2);
    }
}

#[test]
fn a_run_folder_that_cannot_be_made_is_an_error_with_the_path() {
    let runs = tempfile::tempdir().unwrap();
    let blocked = runs.path().join("a-file");
    std::fs::write(&blocked, "in the way").unwrap();
    let error = train(&["method=amst-alt"], &blocked).err().expect("refused");
    assert!(matches!(error, TrainError::Io { .. }), "{error}");
    assert_eq!(error.exit_code(), 3);
    assert!(error.to_string().contains("a-file") && error.to_string().contains("--out"), "{error}");
}
