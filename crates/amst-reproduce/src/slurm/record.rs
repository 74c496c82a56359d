//! `submission.json`: which jobs a submission has.

use amst_files::write_file_synced;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::arrays::ArrayPart;
use super::folder::SubmissionFolder;
use super::{SlurmError, queue};
use crate::ReproduceError;

/// Version of the layout of the record.
const RECORD_SCHEMA: u32 = 1;

/// The jobs of a submission, and what they are about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Record {
    schema: u32,
    /// The table.
    pub table: String,
    /// SHA-256 of the plan.
    pub plan: String,
    /// What was typed.
    pub command_line: String,
    /// In the order in which they are submitted.
    pub jobs: Vec<RecordedJob>,
}

/// A job that was submitted, or was about to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RecordedJob {
    /// The name by which squeue finds it, which no other job has.
    pub name: String,
    pub part: JobPart,
    /// None where the answer of sbatch was not, or not yet, received.
    pub id: Option<u64>,
}

/// What a job does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum JobPart {
    /// Prepares features.
    Prepare,
    /// Trains consecutive runs of the plan, a task each.
    Runs {
        /// Counted from 0.
        first: usize,
        /// How many.
        runs: usize,
    },
    /// Prints the table.
    Report,
}

impl JobPart {
    /// The runs that it trains.
    pub fn array(self) -> Option<ArrayPart> {
        match self {
            Self::Runs { first, runs } => Some(ArrayPart { first, runs }),
            Self::Prepare | Self::Report => None,
        }
    }
}

impl Record {
    /// Of a submission that is about to begin.
    pub fn new(table: &str, plan: String, command_line: &str) -> Self {
        Self {
            schema: RECORD_SCHEMA,
            table: table.into(),
            plan,
            command_line: command_line.into(),
            jobs: Vec::new(),
        }
    }

    /// Writes it whole, and on the disk before the next job is submitted.
    pub fn save(&self, folder: &SubmissionFolder) -> Result<(), ReproduceError> {
        let value = serde_json::to_value(self).expect("a record is plain data");
        write_file_synced(&folder.record(), format!("{value:#}\n"))?;
        Ok(())
    }

    /// Reads it back, `None` where nothing was submitted from the folder.
    pub fn read(folder: &SubmissionFolder) -> Result<Option<Self>, ReproduceError> {
        let file = folder.record();
        let text = match std::fs::read(&file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => {
                return Err(ReproduceError::Io {
                    action: "read",
                    path: file,
                    source,
                });
            }
            Ok(text) => text,
        };
        let value: Value =
            serde_json::from_slice(&text).map_err(|error| SlurmError::damaged(&file, error))?;
        // The schema first: another version's fields would only give a confusing message.
        let schema = value.get("schema").and_then(Value::as_u64);
        if schema != Some(RECORD_SCHEMA.into()) {
            let found = schema.map_or("none".into(), |schema| schema.to_string());
            let why = format!("schema {found}, this version reads {RECORD_SCHEMA}");
            return Err(SlurmError::damaged(&file, why).into());
        }
        let record =
            serde_json::from_value(value).map_err(|error| SlurmError::damaged(&file, error))?;
        Ok(Some(record))
    }

    /// Looks in the queue for jobs whose id is not known: a submission that was interrupted, or
    /// whose answer was lost, may have been accepted. True where one was found.
    pub fn find_ids(&mut self) -> Result<bool, SlurmError> {
        let unknown = self.jobs.iter().filter(|job| job.id.is_none());
        let names: Vec<String> = unknown.map(|job| job.name.clone()).collect();
        let tasks = queue::queued(&names)?;
        let mut found = false;
        for job in self.jobs.iter_mut().filter(|job| job.id.is_none()) {
            if let Some(task) = tasks.iter().find(|task| task.name == job.name) {
                job.id = Some(task.job);
                found = true;
            }
        }
        Ok(found)
    }
}
