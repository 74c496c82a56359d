//! What the scheduler knows, in a file that its programs share.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Cluster {
    pub jobs: Vec<FakeJob>,
    /// Calls of sbatch.
    pub calls: usize,
    /// Jobs that were accepted although sbatch failed.
    pub lost_answers: usize,
    /// Calls that sbatch refused because the scheduler did not answer.
    pub refusals: usize,
    /// Calls of squeue that are still to see nothing of the newest job.
    pub blind: usize,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct FakeJob {
    pub id: u64,
    pub name: String,
    /// The script and its arguments.
    pub script: Vec<String>,
    /// With `%A`, `%a` and `%j`.
    pub output: String,
    /// Ids that must have ended, and whether well.
    pub after: Vec<(u64, bool)>,
    pub is_array: bool,
    pub throttle: usize,
    pub tasks: Vec<FakeTask>,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct FakeTask {
    pub state: State,
    pub exit: Option<i32>,
    pub restarts: u32,
    /// scontrol was told to start it again.
    pub again: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum State {
    Pending,
    Running,
    Ended,
}

impl Cluster {
    pub fn create(folder: &Path) {
        std::fs::write(
            file(folder),
            serde_json::to_string(&Self::default()).unwrap(),
        )
        .unwrap();
        std::fs::write(folder.join("cluster.lock"), "").unwrap();
    }

    pub fn read(folder: &Path) -> Self {
        Self::change(folder, std::mem::take, false)
    }

    /// Reads it, changes it, and writes it back, alone.
    pub fn with<T>(folder: &Path, change: impl FnOnce(&mut Self) -> T) -> T {
        Self::change(folder, change, true)
    }

    fn change<T>(folder: &Path, change: impl FnOnce(&mut Self) -> T, write: bool) -> T {
        let lock = File::open(folder.join("cluster.lock")).unwrap();
        lock.lock().unwrap();
        let text = std::fs::read_to_string(file(folder)).unwrap();
        let mut cluster: Self = serde_json::from_str(&text).unwrap();
        let answer = change(&mut cluster);
        if write {
            std::fs::write(file(folder), serde_json::to_string(&cluster).unwrap()).unwrap();
        }
        answer
    }

    pub fn job(&mut self, id: u64) -> Option<&mut FakeJob> {
        self.jobs.iter_mut().find(|job| job.id == id)
    }

    /// Whether what a job waits for has happened; `None` if it never will.
    pub fn is_ready(&self, job: &FakeJob) -> Option<bool> {
        for (id, must_be_well) in &job.after {
            let Some(before) = self.jobs.iter().find(|job| job.id == *id) else {
                continue;
            };
            if before.tasks.iter().any(|task| task.state != State::Ended) {
                return Some(false);
            }
            if *must_be_well && before.tasks.iter().any(|task| task.exit != Some(0)) {
                return None;
            }
        }
        Some(true)
    }
}

impl FakeJob {
    /// The log of a task, as sbatch replaces its pattern.
    pub fn log(&self, index: usize) -> PathBuf {
        let path = self.output.replace("%%", "\0");
        let path = path.replace("%A", &self.id.to_string());
        let path = path.replace("%a", &index.to_string());
        let path = path.replace("%j", &self.id.to_string());
        path.replace('\0', "%").into()
    }
}

impl FakeTask {
    pub fn new() -> Self {
        Self {
            state: State::Pending,
            exit: None,
            restarts: 0,
            again: false,
        }
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join("cluster.json")
}
