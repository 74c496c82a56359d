//! What a person may point at, and what is refused with which words.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use amst_files::sha256_hex;
use amst_recipe::CODE_EPOCH;
use amst_train::{NetworkPlace, SelectedNetwork, TrainError, find_network};
use burn::tensor::Device;

use crate::trained::Trained;

/// A checkpoint of the trained network in `runs/…/checkpoints/NAME`, with its weights under these
/// names.
fn checkpoint(trained: &Trained, name: &str, weights: &[&str], format: u64) -> PathBuf {
    let folder = trained.run.join("checkpoints").join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut files = BTreeMap::new();
    let mut put = |name: &str, from: &Path| {
        let bytes = fs::read(from).unwrap();
        fs::write(folder.join(name), &bytes).unwrap();
        files.insert(
            name.to_string(),
            serde_json::json!({ "bytes": bytes.len(), "sha256": sha256_hex(&bytes) }),
        );
    };
    put("recipe.toml", &trained.run.join("recipe.toml"));
    weights
        .iter()
        .for_each(|name| put(name, &trained.weights()));
    let manifest = serde_json::json!({
        "format": format, "program": "amst 9.9.9", "burn": "0", "device": "none",
        "kind": if name == "best" { "selected" } else { "state" },
        "cell": trained.result.cell, "data": trained.result.data, "code_epoch": CODE_EPOCH,
        "classes": (0..10).map(|class| class.to_string()).collect::<Vec<_>>(),
        "epoch": 0, "step": 0, "files": files,
    });
    // Sealed by the hash of everything before the seal.
    let text = serde_json::to_string_pretty(&manifest).unwrap();
    let body = text.strip_suffix("\n}").unwrap();
    let sealed = format!("{body},\n  \"seal\": \"{}\"\n}}\n", sha256_hex(body));
    fs::write(folder.join("manifest.json"), sealed).unwrap();
    folder
}

fn refused(place: &NetworkPlace, code: u8, parts: &[&str]) {
    let error = find_network(place).unwrap_err();
    for part in parts {
        assert!(
            error.to_string().contains(part),
            "`{part}` is missing in: {error}"
        );
    }
    assert_eq!(error.exit_code(), code, "{error}");
}

#[test]
fn a_file_of_weights_is_found_with_the_recipe_of_its_run_or_beside_it() {
    let trained = Trained::new(&["method=naive"]);
    let found = trained.found();
    assert_eq!(found.recipe, trained.result.recipe);
    assert_eq!(found.classes.as_deref(), Some(trained.data.classes()));
    assert_eq!(found.data.as_ref(), Some(&trained.result.data));
    let alone = trained.folder().join("alone");
    fs::create_dir(&alone).unwrap();
    let file = alone.join("w.safetensors");
    fs::copy(trained.weights(), &file).unwrap();
    let place = NetworkPlace::Weights { file, run: None };
    refused(&place, 3, &["recipe.toml", "w.safetensors", "--run DIR"]);
    fs::copy(trained.run.join("recipe.toml"), alone.join("recipe.toml")).unwrap();
    let beside = find_network(&place).unwrap();
    assert_eq!(
        (beside.recipe, beside.classes, beside.data),
        (found.recipe, None, None)
    );
}

#[test]
fn a_runs_selected_network_is_meant_before_its_state_and_the_newest_state_is_the_last() {
    let trained = Trained::new(&["method=naive"]);
    let run = trained.run.clone();
    let kept = run.join("checkpoints/best/best.safetensors");
    assert_eq!(
        find_network(&NetworkPlace::Folder(run.clone()))
            .unwrap()
            .weights,
        kept,
        "what the run itself keeps"
    );
    fs::remove_dir_all(run.join("checkpoints")).unwrap();
    refused(
        &NetworkPlace::Folder(run.clone()),
        3,
        &["no checkpoint", "--weights FILE"],
    );
    let earlier = checkpoint(
        &trained,
        "00002-00010",
        &["model.safetensors", "best.safetensors"],
        1,
    );
    let later = checkpoint(
        &trained,
        "00010-00002",
        &["model.safetensors", "best.safetensors"],
        1,
    );
    let found = |place: NetworkPlace| find_network(&place).unwrap().weights;
    assert_eq!(
        found(NetworkPlace::Folder(run.clone())),
        later.join("best.safetensors")
    );
    assert_eq!(
        found(NetworkPlace::Last(run.clone())),
        later.join("model.safetensors")
    );
    assert_eq!(
        found(NetworkPlace::Folder(earlier.clone())),
        earlier.join("best.safetensors")
    );
    let selected = checkpoint(&trained, "best", &["best.safetensors"], 1);
    for place in [
        NetworkPlace::Folder(run.clone()),
        NetworkPlace::Best(run.clone()),
        NetworkPlace::Folder(selected.clone()),
    ] {
        assert_eq!(found(place), selected.join("best.safetensors"));
    }
    let network = find_network(&NetworkPlace::Best(run)).unwrap();
    assert_eq!(network.classes.as_deref(), Some(trained.data.classes()));
    assert_eq!(network.data, Some(trained.result.data.clone()));
}

#[test]
fn a_checkpoint_of_which_a_bit_was_flipped_is_refused_naming_the_file() {
    let trained = Trained::new(&["method=naive"]);
    let folder = checkpoint(&trained, "best", &["best.safetensors"], 1);
    for name in ["best.safetensors", "recipe.toml", "manifest.json"] {
        let whole = fs::read(folder.join(name)).unwrap();
        let mut bytes = whole.clone();
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(folder.join(name), bytes).unwrap();
        refused(&NetworkPlace::Folder(folder.clone()), 5, &[name]);
        fs::write(folder.join(name), whole).unwrap();
    }
    find_network(&NetworkPlace::Folder(folder)).unwrap();
}

#[test]
fn folders_of_other_programs_and_versions_are_refused() {
    let trained = Trained::new(&["method=naive"]);
    let other = trained.folder().join("other");
    refused(&NetworkPlace::Folder(other.clone()), 3, &["no such folder"]);
    fs::create_dir(&other).unwrap();
    for place in [
        NetworkPlace::Folder(other.clone()),
        NetworkPlace::Best(other.clone()),
        NetworkPlace::Last(other),
    ] {
        refused(
            &place,
            5,
            &["other", "neither a run's directory nor a checkpoint"],
        );
    }
    let future = checkpoint(&trained, "best", &["best.safetensors"], 2);
    refused(
        &NetworkPlace::Folder(future),
        5,
        &["amst 9.9.9", "format 2", "format 1"],
    );
    refused(
        &NetworkPlace::Last(trained.run.clone()),
        3,
        &["may keep its best only"],
    );
    fs::write(trained.run.join("recipe.toml"), "method = \"perceptron\"").unwrap();
    refused(
        &NetworkPlace::Weights {
            file: trained.weights(),
            run: Some(trained.run.clone()),
        },
        5,
        &["not a recipe"],
    );
    let none = NetworkPlace::Weights {
        file: trained.folder().join("none.safetensors"),
        run: None,
    };
    refused(
        &none,
        3,
        &["none.safetensors", "`amst train --weights FILE`"],
    );
}

#[test]
fn weights_of_another_network_or_another_number_of_classes_are_refused_naming_the_tensors() {
    let (naive, alternating) = (
        Trained::new(&["method=naive"]),
        Trained::new(&["method=amst-alt"]),
    );
    let mut found = alternating.found();
    let read = |found: &amst_train::FoundNetwork, classes: &[String]| {
        SelectedNetwork::read(found, classes, None, &Device::flex())
            .err()
            .expect("it does not fit")
            .to_string()
    };
    let few: Vec<String> = found.classes.clone().unwrap()[..3].to_vec();
    let error = read(&found, &few);
    assert!(
        error.contains("head.weight is [10, 32], not [3, 32]") && error.contains("classes"),
        "{error}"
    );
    found.weights = naive.weights();
    let error = read(&found, &found.classes.clone().unwrap());
    assert!(
        error.contains("not of this network: head.a.bias"),
        "{error}"
    );
    fs::write(naive.weights(), "no tensors").unwrap();
    let error = SelectedNetwork::read(&found, &few, None, &Device::flex())
        .err()
        .unwrap();
    assert!(
        error
            .to_string()
            .contains("`amst train --weights FILE` writes such a file"),
        "{error}"
    );
    assert!(matches!(error, TrainError::Weights(_)) && error.exit_code() == 3);
}
