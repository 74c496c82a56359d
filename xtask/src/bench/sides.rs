//! One turn of either side.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail, ensure};
use serde::Deserialize;

use super::{Args, PYTHON, cannot_start, interpreter};

/// A bench and the script that does the same work.
pub struct Sides<'a> {
    /// The bench's program.
    pub bench: PathBuf,
    /// The script.
    pub script: PathBuf,
    /// Steps, threads and the choice of workloads.
    pub args: &'a Args,
}

/// What a side says of one workload.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Timing {
    /// Its name, the same on both sides.
    pub workload: String,
    /// Median of the turn's steps.
    pub seconds: f64,
}

impl Sides<'_> {
    /// A turn of ours.
    pub fn ours(&self) -> anyhow::Result<Vec<Timing>> {
        let mut command = Command::new(&self.bench);
        command.env("AMST_BENCH_DEVICE", &self.args.device);
        // For LibTorch, as the script has it for PyTorch.
        command.env("OMP_WAIT_POLICY", "passive");
        command.envs(
            self.args
                .threads
                .map(|n| ("OMP_NUM_THREADS", n.to_string())),
        );
        self.turn(command, "its reason is above")
    }

    /// A turn of PyTorch's.
    pub fn pytorch(&self) -> anyhow::Result<Vec<Timing>> {
        let mut command = interpreter();
        command.arg(&self.script);
        self.turn(command, PYTHON)
    }

    fn turn(&self, mut command: Command, hint: &str) -> anyhow::Result<Vec<Timing>> {
        if !self.args.only.is_empty() {
            command.arg(&self.args.only);
        }
        command.env("AMST_BENCH_STEPS", self.args.steps.to_string());
        if let Some(threads) = self.args.threads {
            command.env("AMST_BENCH_THREADS", threads.to_string());
        }
        command.stderr(std::process::Stdio::inherit());
        let output = command
            .output()
            .with_context(|| cannot_start(&command, hint))?;
        if !output.status.success() {
            bail!("{command:?} failed with {}; {hint}", output.status);
        }
        let timings = timings(&String::from_utf8_lossy(&output.stdout))?;
        ensure!(
            !timings.is_empty(),
            "no workload has `{}` in its name",
            self.args.only
        );
        Ok(timings)
    }
}

/// The lines that are JSON objects; a program may say other things beside.
fn timings(text: &str) -> anyhow::Result<Vec<Timing>> {
    let lines = text.lines().filter(|l| l.starts_with('{'));
    lines
        .map(|l| serde_json::from_str(l).with_context(|| format!("not a timing: {l}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timings_are_the_lines_of_json() {
        let text = "warming up\n{\"workload\": \"a\", \"seconds\": 0.5}\n\n{\"workload\": \"b × c\", \"seconds\": 2}\n";
        let [a, b] = &timings(text).unwrap()[..] else {
            panic!("two")
        };
        assert_eq!((a.workload.as_str(), a.seconds), ("a", 0.5));
        assert_eq!((b.workload.as_str(), b.seconds), ("b × c", 2.0));
        let message = timings("{\"workload\": \"a\"}").unwrap_err().to_string();
        assert!(message.contains("not a timing"), "{message}");
    }
}
