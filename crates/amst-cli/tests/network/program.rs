//! The program under test, and a network that it trained for a moment on a few digits.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// Usage.
pub const USAGE: i32 = 2;
/// Data or files.
pub const DATA: i32 = 3;
/// Files of another program, or damaged ones.
pub const FOREIGN: i32 = 5;

/// `amst` in `folder`; relative paths start there.
pub fn amst(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    let output = command
        .current_dir(folder)
        .env("AMST_DATASETS", datasets())
        .args(arguments)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(!message.contains("panicked at"), "{message}");
    output
}

/// The data sets of this repository.
fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

pub fn done(output: &Output) -> String {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// That it was refused with this code, in one message that holds all these parts.
pub fn refused(output: &Output, code: i32, parts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    let messages = message
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    assert_eq!(messages, 1, "one message: {message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

/// A network, its run and its data in a folder of their own.
pub struct Trained {
    folder: TempDir,
    pub run: PathBuf,
}

impl Trained {
    /// One epoch on a few digits.
    pub fn new(settings: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        few_digits(&folder.path().join("digits"));
        let small = [
            "audio.width=4",
            "visual.width=4",
            "batch_size=5",
            "eval_batch_size=4",
        ];
        let settings = small
            .iter()
            .chain(settings)
            .flat_map(|setting| ["--set", setting]);
        let train = [
            "train",
            "--dataset",
            "digits",
            "--epochs",
            "1",
            "--progress",
            "none",
            "--weights",
            "w.safetensors",
        ];
        done(&amst(
            folder.path(),
            &train.into_iter().chain(settings).collect::<Vec<_>>(),
        ));
        let only = |dir: PathBuf| {
            fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .next()
                .unwrap()
        };
        let run = only(only(folder.path().join("runs/few-digits")));
        Self { folder, run }
    }

    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// `amst COMMAND` on the network.
    pub fn ask(&self, command: &str, arguments: &[&str]) -> Output {
        let which = [
            command,
            "--weights",
            "w.safetensors",
            "--run",
            self.run.to_str().unwrap(),
        ];
        amst(self.folder(), &[&which, arguments].concat())
    }

    pub fn json(&self, name: &str) -> Value {
        serde_json::from_slice(&fs::read(self.run.join(name)).unwrap()).unwrap()
    }
}

/// A data set in `folder`: of each split the first digit of each class, 10 samples at most.
fn few_digits(folder: &Path) {
    let whole = datasets().join("world-digits");
    let manifest = fs::read_to_string(whole.join("manifest.csv")).unwrap();
    let mut kept: Vec<&str> = manifest.lines().take(1).collect();
    for split in ["train", "val", "test"] {
        let of = |class: usize| {
            let is_wanted = |l: &&str| {
                l.ends_with(&format!(",{split}")) && l.split(',').nth(1) == Some(&class.to_string())
            };
            manifest.lines().find(is_wanted)
        };
        kept.extend((0..10).filter_map(of));
    }
    for file in kept[1..]
        .iter()
        .flat_map(|line| line.split(',').skip(3).take(2))
    {
        fs::create_dir_all(folder.join(file).parent().unwrap()).unwrap();
        fs::copy(whole.join(file), folder.join(file)).unwrap();
    }
    let descriptor = fs::read_to_string(whole.join("dataset.toml")).unwrap();
    fs::write(
        folder.join("dataset.toml"),
        descriptor.replace("\"world-digits\"", "\"few-digits\""),
    )
    .unwrap();
    fs::write(folder.join("manifest.csv"), kept.join("\n")).unwrap();
}

/// The rows of a split in the data set's manifest, as `id, audio, image, text`.
pub fn rows(folder: &Path, split: &str) -> Vec<[String; 4]> {
    let manifest = fs::read_to_string(folder.join("digits/manifest.csv")).unwrap();
    let of_split = manifest
        .lines()
        .filter(|line| line.ends_with(&format!(",{split}")));
    let row = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        [0, 3, 4, 5].map(|at| cells[at].to_string())
    };
    of_split.map(row).collect()
}
