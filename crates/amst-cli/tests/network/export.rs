//! `amst export`.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use safetensors::SafeTensors;

use crate::program::{DATA, Trained, USAGE, amst, done, refused};

type Shapes = BTreeMap<String, Vec<usize>>;

fn shapes(file: &Path) -> Shapes {
    let bytes = fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    tensors
        .tensors()
        .into_iter()
        .map(|(name, tensor)| (name, tensor.shape().to_vec()))
        .collect()
}

/// What torchvision and transformers have: fixtures/export/check.py --names.
fn published() -> BTreeMap<String, Shapes> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/export/names.json");
    serde_json::from_slice(&fs::read(file).unwrap()).unwrap()
}

/// Trains on generated data and exports into `parts`.
fn parts(settings: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let train = [
        "train",
        "--dataset",
        "synthetic",
        "--epochs",
        "1",
        "--progress",
        "none",
        "--weights",
        "w.safetensors",
    ];
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    done(&amst(
        folder.path(),
        &train.into_iter().chain(settings).collect::<Vec<_>>(),
    ));
    let only = |dir: std::path::PathBuf| {
        fs::read_dir(dir)
            .unwrap()
            .map(|e| e.unwrap().path())
            .next()
            .unwrap()
    };
    let run = only(only(folder.path().join("runs/synthetic")));
    let export = [
        "export",
        "--weights",
        "w.safetensors",
        "--run",
        run.to_str().unwrap(),
        "--out",
        "parts",
    ];
    done(&amst(folder.path(), &export));
    folder
}

#[test]
fn encoders_have_torchvisions_and_hugging_faces_names_and_shapes() {
    let resnets = parts(&[
        "method=naive",
        "synthetic.train=16",
        "audio.width=64",
        "visual.width=64",
        "audio.stem=\"imagenet\"",
        "visual.stem=\"imagenet\"",
        "visual.channels=3",
        "visual.mean=[0.0,0.0,0.0]",
        "visual.std=[1.0,1.0,1.0]",
    ]);
    let text = parts(&[
        "method=unimodal",
        "modalities=text",
        "text.encoder=transformer",
        "text.width=32",
        "text.heads=4",
        "text.layers=2",
    ]);
    let of = |folder: &tempfile::TempDir, part: &str| {
        shapes(&folder.path().join(format!("parts/{part}.safetensors")))
    };
    let published = published();
    assert_eq!(of(&resnets, "audio"), published["audio"]);
    assert_eq!(of(&resnets, "visual"), published["visual"]);
    assert_eq!(of(&text, "text"), published["text"]);
    let head = [
        ("a.bias", vec![4]),
        ("a.weight", vec![4, 512]),
        ("v.bias", vec![4]),
        ("v.weight", vec![4, 512]),
    ];
    assert_eq!(
        of(&resnets, "head"),
        head.map(|(name, shape)| (name.to_string(), shape)).into()
    );
}

#[test]
fn a_folder_gets_a_file_for_each_part_and_a_file_everything_or_one_part() {
    let trained = Trained::new(&["method=amst-full"]);
    let listed = |folder: &str| {
        let entries = fs::read_dir(trained.folder().join(folder)).unwrap();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    };
    let told = done(&trained.ask("export", &["--out", "parts"]));
    let parts = [
        "alt.audio",
        "alt.head",
        "alt.visual",
        "joint.audio",
        "joint.head",
        "joint.visual",
    ];
    assert_eq!(
        listed("parts"),
        parts.map(|part| format!("{part}.safetensors"))
    );
    assert_eq!(told.lines().count(), 6);
    done(&trained.ask(
        "export",
        &[
            "--part",
            "audio",
            "--branch",
            "joint",
            "--out",
            "one.safetensors",
        ],
    ));
    let read = |name: &str| fs::read(trained.folder().join(name)).unwrap();
    assert_eq!(
        read("one.safetensors"),
        read("parts/joint.audio.safetensors")
    );
    done(&trained.ask(
        "export",
        &["--part", "all", "--branch", "alt", "--out", "alternating"],
    ));
    assert_eq!(
        listed("alternating"),
        ["alt.audio", "alt.head", "alt.visual"].map(|part| format!("{part}.safetensors"))
    );
    // Everything in one file is what `amst train --weights` wrote.
    done(&trained.ask("export", &["--out", "all.safetensors"]));
    assert_eq!(
        shapes(&trained.folder().join("all.safetensors")),
        shapes(&trained.folder().join("w.safetensors"))
    );
}

#[test]
fn parts_that_are_not_there_and_places_that_cannot_be_written_are_refused() {
    let full = Trained::new(&["method=amst-full"]);
    let cases: [(&[&str], i32, &[&str]); 5] = [
        (
            &["--part", "audio", "--out", "one.safetensors"],
            USAGE,
            &["one file", "--branch alt or --branch joint"],
        ),
        (
            &["--part", "text", "--out", "parts"],
            USAGE,
            &["reads audio, visual", "no encoder of another modality"],
        ),
        (
            &["--branch", "left", "--out", "parts"],
            USAGE,
            &["no branch `left`", "alt, joint"],
        ),
        (
            &["--part", "everything", "--out", "parts"],
            USAGE,
            &["everything", "head"],
        ),
        (
            &["--out", "no/such/all.safetensors"],
            DATA,
            &["no/such/all.safetensors", "--out"],
        ),
    ];
    for (arguments, code, parts) in cases {
        refused(&full.ask("export", arguments), code, parts);
    }
    fs::write(full.folder().join("file"), "x").unwrap();
    refused(
        &full.ask("export", &["--out", "file"]),
        DATA,
        &["file", "--out"],
    );
    let naive = Trained::new(&["method=naive"]);
    refused(
        &naive.ask("export", &["--branch", "alt", "--out", "parts"]),
        USAGE,
        &["leave --branch out"],
    );
}
