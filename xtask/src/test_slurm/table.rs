//! A small table through a cluster.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use super::cluster::Cluster;
use super::text_file::read;

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(300);

/// Table 2 on generated data, in a folder of its own.
pub struct Table<'a> {
    pub cluster: &'a Cluster,
    amst: &'a Path,
    out: PathBuf,
    settings: Vec<String>,
}

impl<'a> Table<'a> {
    pub fn new(cluster: &'a Cluster, amst: &'a Path, name: &str, settings: &[&str]) -> Self {
        Self {
            cluster,
            amst,
            out: cluster.folder.join(name),
            settings: settings.iter().map(ToString::to_string).collect(),
        }
    }

    fn command(&self, options: &[&str]) -> anyhow::Result<Command> {
        let mut command = self.cluster.command(std::env::current_exe()?);
        command
            .args([
                "reproduce",
                "table2",
                "--dataset",
                "synthetic",
                "--seeds",
                "0",
            ])
            .args(&self.settings)
            .arg("--out")
            .arg(&self.out)
            .arg("--amst")
            .arg(self.amst)
            .args(options);
        Ok(command)
    }

    /// The command that a person types; its exit code and what it says.
    pub fn reproduce(&self, options: &[&str]) -> anyhow::Result<Said> {
        Ok(Said::from(self.command(options)?.output()?))
    }

    /// Submits what is missing.
    pub fn submit(&self, options: &[&str]) -> anyhow::Result<Said> {
        let said = self.reproduce(&[&["--launcher", "slurm"], options].concat())?;
        ensure!(said.code == Some(0), "submitting failed: {said:?}");
        Ok(said)
    }

    /// Waits until a condition holds, and says for what if it never does.
    pub fn wait_until(
        &self,
        what: &str,
        mut holds: impl FnMut(&Cluster) -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let begin = Instant::now();
        while !holds(self.cluster)? {
            if begin.elapsed() > LIMIT {
                bail!(
                    "{what}: not after {} s; queue: {:?}; {}",
                    LIMIT.as_secs(),
                    self.cluster.queue()?,
                    self.reproduce(&["--status"])?.stdout
                );
            }
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Waits until nothing is in the queue.
    pub fn wait_for_the_end(&self) -> anyhow::Result<()> {
        self.wait_until("the queue is empty", |cluster| {
            Ok(cluster.queue()?.is_empty())
        })
    }

    /// `result.json` of every run, by its directory.
    pub fn results(&self) -> anyhow::Result<BTreeMap<PathBuf, Vec<u8>>> {
        let runs = self.out.join("runs");
        let mut results = BTreeMap::new();
        for run in run_directories(&runs)? {
            let file = run.join("result.json");
            if file.is_file() {
                results.insert(run.strip_prefix(&runs)?.into(), std::fs::read(file)?);
            }
        }
        Ok(results)
    }

    /// The folders of what was submitted, the oldest first.
    pub fn submissions(&self) -> anyhow::Result<Vec<PathBuf>> {
        let mut folders = Vec::new();
        for entry in std::fs::read_dir(self.out.join("slurm"))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push((path.metadata()?.created().ok(), path));
            }
        }
        folders.sort();
        Ok(folders.into_iter().map(|(_, path)| path).collect())
    }

    /// What the jobs of a submission printed, by file.
    pub fn logs(&self, submission: &Path) -> anyhow::Result<BTreeMap<String, String>> {
        let mut logs = BTreeMap::new();
        for entry in std::fs::read_dir(submission.join("logs"))? {
            let path = entry?.path();
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            let bytes = std::fs::read(&path)?;
            logs.insert(name, String::from_utf8_lossy(&bytes).into_owned());
        }
        Ok(logs)
    }

    /// What the report of a submission printed.
    pub fn report(&self, submission: &Path) -> anyhow::Result<String> {
        let record: serde_json::Value =
            serde_json::from_str(&read(&submission.join("submission.json"))?)?;
        let jobs = record["jobs"].as_array().context("a record without jobs")?;
        let id = &jobs.last().context("a record without a report")?["id"];
        read(&submission.join(format!("logs/{id}.log")))
    }
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

/// `DATASET/METHOD/SEED-CELL` below the folder of all runs.
fn run_directories(runs: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut folders = vec![runs.to_path_buf()];
    for _ in 0..3 {
        let mut below = Vec::new();
        for folder in folders {
            for entry in std::fs::read_dir(&folder)
                .with_context(|| format!("cannot read {}", folder.display()))?
            {
                let path = entry?.path();
                if path.is_dir() {
                    below.push(path);
                }
            }
        }
        folders = below;
    }
    Ok(folders)
}
