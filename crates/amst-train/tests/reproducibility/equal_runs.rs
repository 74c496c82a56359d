//! Same recipe, same result, byte for byte.

use amst_train::Trainer;
use burn::tensor::Device;

use crate::cells::{Finished, METHODS, cell, train};

const THREE_MODALITIES: &str = "modalities=audio,text,visual";
const KEPT: [&str; 3] = ["result.json", "predictions.csv", "recipe.toml"];

/// Two runs of a cell, each in a folder of its own.
fn twice(assignments: &[&str]) -> [(tempfile::TempDir, Finished); 2] {
    [(); 2].map(|()| {
        let runs = tempfile::tempdir().unwrap();
        let finished = train(assignments, runs.path()).unwrap();
        (runs, finished)
    })
}

#[test]
fn the_same_seed_twice_gives_byte_equal_results_and_predictions() {
    for method in METHODS {
        let method = format!("method={method}");
        for modalities in ["modalities=audio,visual", THREE_MODALITIES] {
            let [(_a, first), (_b, second)] = twice(&[&method, modalities]);
            for name in KEPT {
                assert!(first.file(name) == second.file(name), "{method} {modalities}: {name} differs");
            }
        }
    }
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

/// Final weights too, which the result does not show.
#[test]
fn the_same_seed_twice_gives_byte_equal_weights() {
    let weights = || {
        let runs = tempfile::tempdir().unwrap();
        let (cell, lock) = cell(&["method=amst-full"]);
        let run = amst_train::Run::create(runs.path(), &cell, &lock).unwrap();
        let data = amst_data::Prepared::synthetic(&cell.recipe).unwrap();
        let file = runs.path().join("weights.safetensors");
        let trainer = Trainer::new(run, data, Device::flex()).unwrap().keep_weights(&file).unwrap();
        trainer.train(&mut |_| {}).unwrap();
        tensors(&std::fs::read(file).unwrap())
    };
    let (first, second) = (weights(), weights());
    assert!(first.keys().any(|name| name == "joint.encoder.a.conv1.weight"), "{:?}", first.keys());
    assert!(first == second);
}

/// Bytes by name: the file itself may list its tensors in any order.
fn tensors(file: &[u8]) -> std::collections::BTreeMap<String, Vec<u8>> {
    let read = safetensors::SafeTensors::deserialize(file).unwrap();
    read.tensors().into_iter().map(|(name, tensor)| (name, tensor.data().to_vec())).collect()
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
