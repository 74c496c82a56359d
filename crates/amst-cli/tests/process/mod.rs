//! `amst train` on generated data, as a process that can be hit.

#![allow(dead_code)] // Each test binary needs a part of it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Four epochs of three steps, few samples.
pub const SHORT: [&str; 5] = [
    "epochs=4",
    "batch_size=16",
    "synthetic.train=48",
    "synthetic.val=16",
    "synthetic.test=16",
];

/// A cell and a folder for its run.
pub struct Cell<'a> {
    pub settings: Vec<&'a str>,
    pub out: &'a Path,
    pub options: Vec<&'a str>,
    pub program: PathBuf,
}

impl<'a> Cell<'a> {
    pub fn new(method: &[&'a str], out: &'a Path) -> Self {
        Self {
            settings: [&SHORT, method].concat(),
            out,
            options: Vec::new(),
            program: assert_cmd::cargo::cargo_bin!("amst").into(),
        }
    }

    /// The same, run by another program.
    pub fn of_program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    pub fn with(mut self, options: &[&'a str]) -> Self {
        self.options.extend(options);
        self
    }

    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command
            .args([
                "train",
                "--dataset",
                "synthetic",
                "--progress",
                "json",
                "--out",
            ])
            .arg(self.out);
        for setting in &self.settings {
            command.args(["--set", setting]);
        }
        command
            .args(&self.options)
            .env("RAYON_NUM_THREADS", "1")
            .stdin(Stdio::null());
        command
    }

    pub fn run(&self) -> Output {
        self.command().output().unwrap()
    }

    pub fn start(&self) -> Child {
        self.command()
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    /// The only run's directory, once it is there.
    pub fn dir(&self) -> PathBuf {
        let only = |dir: PathBuf| {
            let entries =
                std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display()));
            let mut found: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
            found.retain(|path| path.is_dir() && path.extension().is_none());
            assert_eq!(found.len(), 1, "{found:?}");
            found.remove(0)
        };
        only(only(self.out.join("synthetic")))
    }

    /// Whether a run has a file or a folder of this name; there may be no run yet.
    pub fn has(&self, name: &str) -> bool {
        let methods = std::fs::read_dir(self.out.join("synthetic"));
        for method in methods.into_iter().flatten().flatten() {
            let runs = std::fs::read_dir(method.path());
            if (runs.into_iter().flatten().flatten()).any(|run| run.path().join(name).exists()) {
                return true;
            }
        }
        false
    }

    pub fn file(&self, name: &str) -> Vec<u8> {
        let path = self.dir().join(name);
        std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// The epochs that the events tell of. Every line is whole and of this schema.
    pub fn epochs(&self) -> Vec<u64> {
        let events = String::from_utf8(self.file("events.jsonl")).unwrap();
        assert!(events.ends_with('\n'), "a line is cut short: {events}");
        let lines = events
            .lines()
            .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let lines: Vec<_> = lines.collect();
        assert!(lines.iter().all(|line| line["schema"] == 3), "{events}");
        lines
            .iter()
            .filter(|line| line["kind"] == "epoch")
            .map(|line| line["epoch"].as_u64().unwrap())
            .collect()
    }
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub fn assert_done(output: &Output) {
    assert!(output.status.success(), "{}", stderr(output));
}

/// Sends a signal by name, as a shell does.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &child.id().to_string()])
        .status()
        .unwrap();
    assert!(sent.success(), "no such process any more");
}

/// Waits until there is what is waited for.
pub fn until(what: &str, mut is_there: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_there() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "{what} does not come"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
}
