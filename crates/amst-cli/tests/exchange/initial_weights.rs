//! `amst init` and `amst train --init`.

use std::fs;
use std::path::Path;

use safetensors::tensor::Dtype;

use crate::program::{DATA, Tensors, USAGE, done, read, refused, run, small, write};

const TRAIN: [&str; 3] = ["train", "--progress", "none"];

fn train(folder: &Path, out: &str, init: Option<&str>, settings: &[&str]) -> std::process::Output {
    let init: &[&str] = match init {
        Some(file) => &["--init", file],
        None => &[],
    };
    small(
        folder,
        &[&TRAIN[..], &["--out", out], init].concat(),
        settings,
    )
}

fn result(folder: &Path, out: &str) -> serde_json::Value {
    serde_json::from_slice(&fs::read(run(folder, out).join("result.json")).unwrap()).unwrap()
}

/// Every kind of encoder and head, and probes.
const SYSTEMS: [&[&str]; 3] = [
    &["method=amst-full"],
    &[
        "method=naive",
        "modalities=audio,text,visual",
        "probes=true",
    ],
    &["method=amst-joint", "modalities=audio,text,visual"],
];

#[test]
fn a_run_from_the_seeds_own_weights_in_a_file_says_the_same_under_another_identity() {
    for settings in SYSTEMS {
        let folder = tempfile::tempdir().unwrap();
        let told = done(&small(
            folder.path(),
            &["init", "--out", "w.safetensors"],
            settings,
        ));
        assert!(
            told.contains("w.safetensors") && told.contains("amst train --init"),
            "{told}"
        );
        done(&train(folder.path(), "drawn", None, settings));
        done(&train(
            folder.path(),
            "read",
            Some("w.safetensors"),
            settings,
        ));
        let predictions =
            |out: &str| fs::read(run(folder.path(), out).join("predictions.csv")).unwrap();
        assert!(predictions("drawn") == predictions("read"), "{settings:?}");
        let (drawn, from_file) = (
            result(folder.path(), "drawn"),
            result(folder.path(), "read"),
        );
        assert_eq!(
            (&drawn["test"], &drawn["selected"]),
            (&from_file["test"], &from_file["selected"])
        );
        assert_ne!(drawn["cell"], from_file["cell"]);
        assert_eq!(from_file["recipe"]["init"].as_str().unwrap().len(), 64);
    }
}

#[test]
fn other_weights_say_something_else_and_the_same_file_elsewhere_is_the_same_cell() {
    let folder = tempfile::tempdir().unwrap();
    let settings = ["method=amst-alt"];
    done(&small(
        folder.path(),
        &["init", "--seed", "1", "--out", "w.safetensors"],
        &settings,
    ));
    done(&train(folder.path(), "drawn", None, &settings));
    done(&train(
        folder.path(),
        "read",
        Some("w.safetensors"),
        &settings,
    ));
    assert_ne!(
        result(folder.path(), "drawn")["test"],
        result(folder.path(), "read")["test"]
    );
    fs::create_dir(folder.path().join("elsewhere")).unwrap();
    fs::rename(
        folder.path().join("w.safetensors"),
        folder.path().join("elsewhere/v.safetensors"),
    )
    .unwrap();
    let again = small(
        folder.path(),
        &[
            "train",
            "--out",
            "read",
            "--init",
            "elsewhere/v.safetensors",
        ],
        &settings,
    );
    assert!(done(&again).contains("finished before"));
}

/// A folder with the initial weights of the alternating module in `w.safetensors`.
fn initial() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    done(&small(
        folder.path(),
        &["init", "--out", "w.safetensors"],
        &["method=amst-alt"],
    ));
    folder
}

/// Changes the file, and sees it refused with these words before anything is written.
fn refused_after(change: impl Fn(&mut Tensors), parts: &[&str]) {
    let folder = initial();
    let file = folder.path().join("w.safetensors");
    let mut tensors = read(&file);
    change(&mut tensors);
    write(&tensors, &file);
    let output = train(
        folder.path(),
        "runs",
        Some("w.safetensors"),
        &["method=amst-alt"],
    );
    refused(
        &output,
        DATA,
        &[
            parts,
            &["w.safetensors", "exactly this network's tensors", "check"],
        ]
        .concat(),
    );
    assert!(!folder.path().join("runs").exists(), "nothing is written");
}

#[test]
fn a_file_that_lacks_a_tensor_is_refused_naming_it() {
    let lost = "encoder.v.layer1.0.bn1.running_mean";
    refused_after(
        |tensors| drop(tensors.remove(lost).unwrap()),
        &["missing: ", lost],
    );
}

#[test]
fn a_file_with_a_tensor_too_many_is_refused_naming_it() {
    let more = |tensors: &mut Tensors| {
        let copy = tensors["head.weight"].clone();
        tensors.insert("head.a.weight".into(), copy);
    };
    refused_after(more, &["not of this network: head.a.weight"]);
}

#[test]
fn a_file_with_a_misshapen_tensor_is_refused_naming_it_and_both_shapes() {
    let misshapen = |tensors: &mut Tensors| {
        let (dtype, shape, bytes) = tensors["head.weight"].clone();
        assert_eq!(shape, [4, 32]);
        tensors.insert("head.weight".into(), (dtype, vec![2, 64], bytes));
    };
    refused_after(misshapen, &["head.weight is [2, 64], not [4, 32]"]);
    let flat = |tensors: &mut Tensors| {
        let (dtype, shape, bytes) = tensors["encoder.a.conv1.weight"].clone();
        assert_eq!(shape, [4, 1, 3, 3]);
        tensors.insert(
            "encoder.a.conv1.weight".into(),
            (dtype, vec![1, 4, 3, 3], bytes),
        );
    };
    refused_after(
        flat,
        &["encoder.a.conv1.weight is [1, 4, 3, 3], not [4, 1, 3, 3]"],
    );
}

#[test]
fn a_file_of_integers_where_there_should_be_floats_is_refused_naming_the_tensor() {
    let whole = |tensors: &mut Tensors| {
        let (_, shape, bytes) = tensors["head.bias"].clone();
        tensors.insert("head.bias".into(), (Dtype::I32, shape, bytes));
    };
    refused_after(whole, &["head.bias is of I32, not of floats"]);
}

#[test]
fn a_file_of_another_method_is_refused_with_the_names_of_both() {
    let folder = initial();
    let output = train(
        folder.path(),
        "runs",
        Some("w.safetensors"),
        &["method=amst-joint"],
    );
    refused(
        &output,
        DATA,
        &[
            "missing: head.a.weight",
            "not of this network: head.weight",
            "method",
        ],
    );
}

#[test]
fn a_file_that_is_none_is_refused_with_how_to_get_one() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("text.safetensors"), "some text").unwrap();
    for file in ["nowhere.safetensors", "text.safetensors", "."] {
        let output = train(folder.path(), "runs", Some(file), &["method=amst-alt"]);
        refused(
            &output,
            DATA,
            &[file, "`amst init --out FILE` writes such a file"],
        );
    }
    assert!(!folder.path().join("runs").exists());
}

#[test]
fn a_place_where_weights_cannot_be_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = small(
        folder.path(),
        &["init", "--out", "no/such/w.safetensors"],
        &[],
    );
    refused(
        &output,
        DATA,
        &[
            "cannot write no/such/w.safetensors",
            "choose another place with --out",
        ],
    );
}

/// The hash alone would make a cell of its own that starts from the seed's weights.
#[test]
fn a_hash_without_its_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = train(
        folder.path(),
        "runs",
        None,
        &[&format!("init={}", "a".repeat(64))],
    );
    refused(&output, USAGE, &["`init`", "`--init FILE`"]);
    assert!(!folder.path().join("runs").exists());
}
