//! Same recipe, same result, byte for byte.

use crate::cells::{Finished, METHODS, systems, train, train_to_weights};

const KEPT: [&str; 3] = ["result.json", "predictions.csv", "recipe.toml"];

/// Two runs of a cell, each in a folder of its own.
fn twice(assignments: &[&str]) -> [(tempfile::TempDir, Finished); 2] {
    [(); 2].map(|()| {
        let runs = tempfile::tempdir().unwrap();
        let finished = train(assignments, runs.path()).unwrap();
        (runs, finished)
    })
}

/// Weights too, which the result does not show.
fn equal_twice(assignments: &[String]) {
    let assignments: Vec<&str> = assignments.iter().map(String::as_str).collect();
    let [(_a, (first, weights)), (_b, (second, again))] = [(); 2].map(|()| {
        let runs = tempfile::tempdir().unwrap();
        let trained = train_to_weights(&assignments, runs.path());
        (runs, trained)
    });
    for name in KEPT {
        assert!(first.file(name) == second.file(name), "{assignments:?}: {name} differs");
    }
    assert!(!weights.is_empty() && weights == again, "{assignments:?}: weights differ");
}

#[test]
fn the_same_seed_twice_gives_byte_equal_results_predictions_and_weights() {
    systems().iter().filter(|system| !is_trimodal(system)).for_each(|system| equal_twice(system));
}

#[test]
fn so_it_does_with_three_modalities() {
    systems().iter().filter(|system| is_trimodal(system)).for_each(|system| equal_twice(system));
}

fn is_trimodal(assignments: &[String]) -> bool {
    assignments.iter().any(|assignment| assignment == "modalities=audio,text,visual")
}

#[test]
fn official_execution_is_as_repeatable_as_fast() {
    let [(_a, first), (_b, second)] = twice(&["method=amst-full", "skip.execution=official", "joint_mode=alternating"]);
    for name in KEPT {
        assert!(first.file(name) == second.file(name), "{name} differs");
    }
}

#[test]
fn another_seed_gives_another_result() {
    for method in METHODS {
        let (runs, method) = (tempfile::tempdir().unwrap(), format!("method={method}"));
        let zero = train(&[&method, "seed=0"], runs.path()).unwrap();
        let one = train(&[&method, "seed=1"], runs.path()).unwrap();
        assert_ne!(zero.dir, one.dir);
        assert_ne!(zero.result.cell, one.result.cell);
        let fused = |run: &Finished| run.result.test.outputs["fused"].loss;
        assert_ne!(fused(&zero), fused(&one), "{method}");
        assert!(zero.file("predictions.csv") != one.file("predictions.csv"), "{method}");
    }
}

/// A run that was made before in the same process leaves nothing behind that matters.
#[test]
fn what_ran_before_does_not_change_a_result() {
    let alone = tempfile::tempdir().unwrap();
    let first = train(&["method=amst-joint"], alone.path()).unwrap();
    let after = tempfile::tempdir().unwrap();
    train(&["method=amst-alt", "seed=9"], after.path()).unwrap();
    let second = train(&["method=amst-joint"], after.path()).unwrap();
    assert!(first.file("result.json") == second.file("result.json"));
}
