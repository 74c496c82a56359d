//! The program under test, called from a folder of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};

/// Usage or recipe.
pub const USAGE: i32 = 2;
/// Data or files.
pub const DATA: i32 = 3;
/// The loss is not a number.
pub const DIVERGED: i32 = 4;

/// A small run: two epochs of generated data, 6 steps of 16 samples each.
pub const SMALL: [&str; 6] = [
    "--dataset",
    "synthetic",
    "--epochs",
    "2",
    "--set",
    "skip.audio=2",
];

/// `amst` in `folder`; relative paths start there.
pub fn amst(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    let datasets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets");
    let output = command
        .current_dir(folder)
        .env("AMST_DATASETS", datasets)
        .env("HF_HOME", folder.join("no-hub"))
        .args(arguments)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!message.contains("panicked at"), "{message}");
    output
}

/// `amst COMMAND` on the small run, with these settings.
pub fn small(folder: &Path, command: &[&str], settings: &[&str]) -> Output {
    let settings = settings.iter().flat_map(|setting| ["--set", setting]);
    amst(
        folder,
        &command
            .iter()
            .copied()
            .chain(SMALL)
            .chain(settings)
            .collect::<Vec<_>>(),
    )
}

pub fn done(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// That it was refused with this code, in one line that holds all these parts.
pub fn refused(output: &Output, code: i32, parts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(
        message.starts_with("error: ") && message.trim_end().lines().count() == 1,
        "{message}"
    );
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// The only run under `folder/out/synthetic`.
pub fn run(folder: &Path, out: &str) -> PathBuf {
    let only = |dir: &Path| {
        let mut inside: Vec<PathBuf> = std::fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        assert_eq!(inside.len(), 1, "{inside:?}");
        inside.remove(0)
    };
    only(&only(&folder.join(out).join("synthetic")))
}

/// Kind, shape and bytes by name.
pub type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

pub fn read(file: &Path) -> Tensors {
    let bytes = std::fs::read(file).unwrap();
    let tensors = SafeTensors::deserialize(&bytes).unwrap();
    let owned = |(name, view): (String, TensorView)| {
        (
            name,
            (view.dtype(), view.shape().to_vec(), view.data().to_vec()),
        )
    };
    tensors.tensors().into_iter().map(owned).collect()
}

pub fn write(tensors: &Tensors, file: &Path) {
    let views: Vec<(String, TensorView)> = tensors
        .iter()
        .map(|(name, tensor)| {
            (
                name.clone(),
                TensorView::new(tensor.0, tensor.1.clone(), &tensor.2).unwrap(),
            )
        })
        .collect();
    std::fs::write(file, safetensors::serialize(views, None).unwrap()).unwrap();
}
