//! Same recipe, same result, byte for byte; `every_method.rs` asks it of every method.

use crate::cells::{Finished, KEPT, METHODS, train};

/// Two runs of a cell, each in a folder of its own.
fn twice(assignments: &[&str]) -> [(tempfile::TempDir, Finished); 2] {
    [(); 2].map(|()| {
        let runs = tempfile::tempdir().unwrap();
        let finished = train(assignments, runs.path()).unwrap();
        (runs, finished)
    })
}

#[test]
fn official_execution_is_as_repeatable_as_fast() {
    let [(_a, first), (_b, second)] = twice(&[
        "method=amst-full",
        "skip.execution=official",
        "joint_mode=alternating",
    ]);
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
        assert!(
            zero.file("predictions.csv") != one.file("predictions.csv"),
            "{method}"
        );
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
