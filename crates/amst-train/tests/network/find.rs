//! What a person may point at, and what is refused with which words.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use amst_files::sha256_hex;
use amst_recipe::CODE_EPOCH;
use amst_train::{
    FileEntry, Kind, Manifest, NetworkPath, SelectedNetwork, TrainError, find_network,
};
use burn::tensor::Device;

use crate::trained::Trained;

/// Copies a file into a checkpoint and returns its entry of the manifest.
fn copy(from: &Path, to: &Path) -> FileEntry {
    let bytes = fs::read(from).unwrap();
    fs::write(to, &bytes).unwrap();
    FileEntry {
        bytes: bytes.len() as u64,
        sha256: sha256_hex(&bytes),
    }
}

/// A checkpoint of the trained network in `runs/…/checkpoints/NAME`, with its weights under these
/// names.
fn checkpoint(trained: &Trained, name: &str, weights: &[&str], format: u64) -> PathBuf {
    let folder = trained.run.join("checkpoints").join(name);
    fs::create_dir_all(&folder).unwrap();
    let mut files = BTreeMap::new();
    let recipe = copy(
        &trained.run.join("recipe.toml"),
        &folder.join("recipe.toml"),
    );
    files.insert("recipe.toml".to_string(), recipe);
    for name in weights {
        let entry = copy(&trained.weights(), &folder.join(name));
        files.insert(name.to_string(), entry);
    }
    let manifest = Manifest {
        format,
        program: "amst 9.9.9".into(),
        burn: "0".into(),
        device: "none".into(),
        kind: if name == "best" {
            Kind::Selected
        } else {
            Kind::State
        },
        cell: trained.result.cell.clone(),
        data: trained.result.data.clone(),
        code_epoch: CODE_EPOCH,
        classes: (0..10).map(|class| class.to_string()).collect(),
        epoch: 0,
        step: 0,
        files,
    };
    fs::write(folder.join("manifest.json"), manifest.sealed()).unwrap();
    folder
}

fn refused(place: &NetworkPath, code: u8, parts: &[&str]) {
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
    let place = NetworkPath::Weights { file, run: None };
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
        find_network(&NetworkPath::Folder(run.clone()))
            .unwrap()
            .weights,
        kept,
        "what the run itself keeps"
    );
    fs::remove_dir_all(run.join("checkpoints")).unwrap();
    refused(
        &NetworkPath::Folder(run.clone()),
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
    let found = |place: NetworkPath| find_network(&place).unwrap().weights;
    assert_eq!(
        found(NetworkPath::Folder(run.clone())),
        later.join("best.safetensors")
    );
    assert_eq!(
        found(NetworkPath::Last(run.clone())),
        later.join("model.safetensors")
    );
    assert_eq!(
        found(NetworkPath::Folder(earlier.clone())),
        earlier.join("best.safetensors")
    );
    let selected = checkpoint(&trained, "best", &["best.safetensors"], 1);
    for place in [
        NetworkPath::Folder(run.clone()),
        NetworkPath::Best(run.clone()),
        NetworkPath::Folder(selected.clone()),
    ] {
        assert_eq!(found(place), selected.join("best.safetensors"));
    }
    let network = find_network(&NetworkPath::Best(run)).unwrap();
    assert_eq!(network.classes.as_deref(), Some(trained.data.classes()));
    assert_eq!(network.data, Some(trained.result.data.clone()));
}

#[test]
fn a_damaged_checkpoint_that_was_moved_aside_is_never_the_newest() {
    let trained = Trained::new(&["method=naive"]);
    let run = trained.run.clone();
    let both = ["model.safetensors", "best.safetensors"];
    let aside = checkpoint(&trained, "00003-00017.1", &both, 1);
    // A finished run, whose only numbered folder it is.
    refused(
        &NetworkPath::Last(run.clone()),
        3,
        &["checkpoints", "may keep its best only"],
    );
    // A run that goes on: its whole state counts, not the newer one that was moved aside.
    fs::remove_dir_all(run.join("checkpoints/best")).unwrap();
    refused(&NetworkPath::Folder(run.clone()), 3, &["checkpoints"]);
    let whole = checkpoint(&trained, "00003-00017", &both, 1);
    let found = |place: NetworkPath| find_network(&place).unwrap().weights;
    assert_eq!(
        found(NetworkPath::Last(run.clone())),
        whole.join("model.safetensors")
    );
    assert_eq!(
        found(NetworkPath::Best(run)),
        whole.join("best.safetensors")
    );
    // It can still be named.
    assert_eq!(
        found(NetworkPath::Folder(aside.clone())),
        aside.join("best.safetensors")
    );
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
        refused(&NetworkPath::Folder(folder.clone()), 5, &[name]);
        fs::write(folder.join(name), whole).unwrap();
    }
    find_network(&NetworkPath::Folder(folder)).unwrap();
}

#[test]
fn folders_of_other_programs_and_versions_are_refused() {
    let trained = Trained::new(&["method=naive"]);
    let other = trained.folder().join("other");
    refused(&NetworkPath::Folder(other.clone()), 3, &["no such folder"]);
    fs::create_dir(&other).unwrap();
    for place in [
        NetworkPath::Folder(other.clone()),
        NetworkPath::Best(other.clone()),
        NetworkPath::Last(other),
    ] {
        refused(
            &place,
            5,
            &["other", "neither a run's directory nor a checkpoint"],
        );
    }
    let future = checkpoint(&trained, "best", &["best.safetensors"], 2);
    refused(
        &NetworkPath::Folder(future),
        5,
        &["amst 9.9.9", "format 2", "format 1"],
    );
    refused(
        &NetworkPath::Last(trained.run.clone()),
        3,
        &["may keep its best only"],
    );
    fs::write(trained.run.join("recipe.toml"), "method = \"perceptron\"").unwrap();
    refused(
        &NetworkPath::Weights {
            file: trained.weights(),
            run: Some(trained.run.clone()),
        },
        5,
        &["not a recipe"],
    );
    let none = NetworkPath::Weights {
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
