//! `<out>/slurm/<submission>`: the files of a submission.

use std::path::{Path, PathBuf};

use amst_files::{hash_file, hex};

use super::SlurmError;
use super::queue::QueuedTask;
use super::record::{JobPart, Record, RecordedJob};
use crate::{Folders, PlannedRun, ReproduceError, read_jsonl};

/// The folder of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SubmissionFolder {
    pub path: PathBuf,
}

impl SubmissionFolder {
    /// The folder of all submissions.
    pub fn all(folders: &Folders) -> PathBuf {
        folders.runs.with_file_name("slurm")
    }

    /// The runs, as JSON lines.
    pub fn plan(&self) -> PathBuf {
        self.path.join("plan.jsonl")
    }

    /// The same for the tasks: run directory and command, as words of a shell.
    pub fn runs(&self) -> PathBuf {
        self.path.join("runs.sh")
    }

    /// Which jobs there are.
    pub fn record(&self) -> PathBuf {
        self.path.join("submission.json")
    }

    /// What tasks write down for those who look.
    pub fn tasks(&self) -> PathBuf {
        self.path.join("tasks")
    }

    /// What tasks print.
    pub fn logs(&self) -> PathBuf {
        self.path.join("logs")
    }

    /// Is there once the submission was cancelled: no task requeues itself then.
    pub fn cancelled(&self) -> PathBuf {
        self.path.join("cancelled")
    }

    pub fn is_cancelled(&self) -> bool {
        self.cancelled().exists()
    }

    /// The log of a task.
    pub fn log(&self, task: &str) -> PathBuf {
        self.logs().join(format!("{task}.log"))
    }

    /// The exit code with which a task ended, unless it was killed.
    pub fn exit_code(&self, task: &str) -> Option<i32> {
        let text = std::fs::read_to_string(self.tasks().join(format!("{task}.exit"))).ok()?;
        text.trim().parse().ok()
    }
}

/// A submission as it was found on disk.
#[derive(Clone, Debug)]
pub(super) struct Submission {
    pub folder: SubmissionFolder,
    pub record: Record,
    /// The runs of its plan.
    pub runs: Vec<PlannedRun>,
}

/// A job that has, or had, a run as one of its tasks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub job: &'a RecordedJob,
    pub index: usize,
}

impl Submission {
    /// Every submission under a folder of all runs, by name. Ids that were not recorded are looked
    /// for in the queue where `ask_queue` says so.
    pub fn read_all(folders: &Folders, ask_queue: bool) -> Result<Vec<Self>, ReproduceError> {
        let all = SubmissionFolder::all(folders);
        let mut submissions = Vec::new();
        for path in folders_in(&all)? {
            let folder = SubmissionFolder { path };
            if let Some(mut record) = Record::read(&folder)? {
                if ask_queue && record.find_ids()? {
                    record.save(&folder)?;
                }
                let runs = read_plan(&folder, &record)?;
                submissions.push(Self {
                    folder,
                    record,
                    runs,
                });
            }
        }
        Ok(submissions)
    }

    /// The jobs that a cell is a task of. Where an array was submitted twice, each is one.
    pub fn places(&self, cell: &str) -> Vec<Place<'_>> {
        let Some(run) = self.runs.iter().position(|run| run.cell == cell) else {
            return Vec::new();
        };
        let mut places = Vec::new();
        for job in &self.record.jobs {
            if let Some(index) = job.part.array().and_then(|array| array.index(run)) {
                places.push(Place { job, index });
            }
        }
        places
    }

    /// The job that prepares features.
    pub fn preparation(&self) -> Option<&RecordedJob> {
        self.record
            .jobs
            .iter()
            .find(|job| job.part == JobPart::Prepare)
    }
}

impl Place<'_> {
    /// `12_3`, where the id of the job is known.
    pub fn task(&self) -> Option<String> {
        self.job.id.map(|id| format!("{id}_{}", self.index))
    }

    /// Whether a task of the queue is this one. By the job's name: a job that was accepted twice
    /// has two ids.
    pub fn is(&self, task: &QueuedTask) -> bool {
        task.name == self.job.name && task.index == Some(self.index)
    }
}

fn folders_in(folder: &Path) -> Result<Vec<PathBuf>, ReproduceError> {
    let unreadable = |source| ReproduceError::Io {
        action: "read",
        path: folder.into(),
        source,
    };
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(unreadable)?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(unreadable)?.path();
        if path.is_dir() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The runs of a plan that is the one that was submitted.
fn read_plan(
    folder: &SubmissionFolder,
    record: &Record,
) -> Result<Vec<PlannedRun>, ReproduceError> {
    let file = folder.plan();
    let hash = hash_file(&file).map_err(|error| SlurmError::damaged(&file, error))?;
    let runs = read_jsonl(&file).map_err(|error| match error {
        ReproduceError::PlanLine { line, why, .. } => {
            SlurmError::damaged(&file, format!("line {line}: {why}"))
        }
        other => SlurmError::damaged(&file, other),
    })?;
    if hex::encode(hash.sha256) != record.plan {
        let why = "it was changed since it was submitted";
        return Err(SlurmError::damaged(&file, why).into());
    }
    Ok(runs)
}
