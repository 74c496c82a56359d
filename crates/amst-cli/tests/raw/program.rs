//! `amst` over a copy of the shipped descriptors, so that what it notes there is noted in the copy.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::replica::{Replica, datasets};

/// Small networks and features.
const SMALL: [&str; 9] = [
    "audio.target_frames=64",
    "audio.mels=16",
    "audio.width=4",
    "visual.size=[32,32]",
    "visual.width=4",
    "text.encoder=bag",
    "batch_size=8",
    "skip.recalibrate=2",
    "epochs=2",
];

pub struct Program {
    dir: tempfile::TempDir,
    settings: Vec<String>,
}

impl Program {
    pub fn new(settings: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for name in ["crema-d", "ave", "mvsa-single", "iemocap", "ur-funny"] {
            let folder = dir.path().join("datasets").join(name);
            fs::create_dir_all(&folder).unwrap();
            fs::copy(
                datasets().join(name).join("dataset.toml"),
                folder.join("dataset.toml"),
            )
            .unwrap();
        }
        let settings = SMALL
            .iter()
            .chain(settings)
            .map(|s| s.to_string())
            .collect();
        Self { dir, settings }
    }

    pub fn out(&self) -> PathBuf {
        self.dir.path().join("runs")
    }

    pub fn descriptors(&self) -> PathBuf {
        self.dir.path().join("datasets")
    }

    /// The command, which nothing has been done with yet.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
        command
            .env("AMST_DATASETS", self.descriptors())
            .args(arguments)
            .arg("--out")
            .arg(self.out());
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
    }

    /// The program's answer to these arguments alone.
    pub fn bare(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
        command
            .env("AMST_DATASETS", self.descriptors())
            .args(arguments)
            .output()
            .unwrap()
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        let output = self.command(arguments).output().unwrap();
        assert!(!said(&output).contains("panicked at"), "{}", said(&output));
        output
    }

    /// `amst prepare NAME --raw DIR`.
    pub fn prepare(&self, name: &str, replica: &Replica, more: &[&str]) -> Output {
        self.run(
            &[
                &["prepare", name, "--raw", replica.raw().to_str().unwrap()],
                more,
            ]
            .concat(),
        )
    }
}

/// What it said on either stream.
pub fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// Its standard output, if it did its work.
pub fn done(output: &Output) -> String {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// That it was refused with this code, in a message that holds all these parts.
pub fn refused(output: &Output, code: i32, parts: &[&str]) {
    let text = said(output);
    assert_eq!(output.status.code(), Some(code), "{text}");
    parts
        .iter()
        .for_each(|part| assert!(text.contains(part), "`{part}` is not in: {text}"));
}

/// The only `result.json` below a folder.
pub fn result(out: &Path) -> serde_json::Value {
    fn find(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            match entry.path() {
                path if path.is_dir() => find(&path, found),
                path if path.ends_with("result.json") => found.push(path),
                _ => {}
            }
        }
    }
    let mut found = Vec::new();
    find(out, &mut found);
    assert_eq!(found.len(), 1, "{found:?}");
    serde_json::from_slice(&fs::read(&found[0]).unwrap()).unwrap()
}
