//! The jobs of a submission, and what sbatch is told of each.

use std::path::Path;

use super::arrays::ArrayPart;
use super::folder::SubmissionFolder;
use super::record::JobPart;
use super::scripts::Scripts;
use super::time_limit::SAVE_BEFORE_SECONDS;
use super::{SlurmArgs, SlurmError};
use crate::ReproduceError;
use crate::export::text_of;

const MIB: u64 = 1 << 20;

/// A job to be submitted.
pub(super) struct JobToSubmit {
    pub name: String,
    pub part: JobPart,
    /// The words of sbatch but for the job's dependencies, the script last.
    options: Vec<String>,
    script: Vec<String>,
}

/// What the jobs of a submission are made of.
pub(super) struct SubmissionJobs<'a> {
    /// The begin of all names.
    pub name: &'a str,
    pub args: &'a SlurmArgs,
    pub folder: &'a SubmissionFolder,
    pub scripts: &'a Scripts,
    /// Bytes that any of the runs needs at most.
    pub memory: u64,
    pub on_gpus: bool,
}

impl SubmissionJobs<'_> {
    /// Before all others.
    pub fn prepare(&self) -> Result<JobToSubmit, ReproduceError> {
        let mut options = vec![self.memory()];
        options.extend(self.asked(true));
        self.job(JobPart::Prepare, "prepare", options, &self.scripts.prepare)
    }

    /// One of the arrays.
    pub fn array(&self, part: ArrayPart) -> Result<JobToSubmit, ReproduceError> {
        let ArrayPart { first, runs } = part;
        let mut options = vec![
            format!("--array={}", part.indexes(self.args.throttle)),
            "--requeue".into(),
            "--open-mode=append".into(),
            format!("--signal=B:USR1@{SAVE_BEFORE_SECONDS}"),
            "--kill-on-invalid-dep=yes".into(),
            self.memory(),
        ];
        if self.on_gpus {
            options.push("--gres=gpu:1".into());
        }
        options.extend(self.asked(true));
        let kind = format!("runs-{first}");
        let mut job = self.job(
            JobPart::Runs { first, runs },
            &kind,
            options,
            &self.scripts.task,
        )?;
        job.script.push(first.to_string());
        Ok(job)
    }

    /// After all others.
    pub fn report(&self) -> Result<JobToSubmit, ReproduceError> {
        let options = self.asked(false);
        self.job(JobPart::Report, "report", options, &self.scripts.report)
    }

    fn memory(&self) -> String {
        format!("--mem={}M", self.memory.div_ceil(MIB).max(1))
    }

    /// What was asked for; it comes last, where sbatch takes the last of two.
    fn asked(&self, is_long: bool) -> Vec<String> {
        let mut options = Vec::new();
        if let Some(partition) = &self.args.partition {
            options.push(format!("--partition={partition}"));
        }
        if let Some(time) = self.args.time.filter(|_| is_long) {
            options.push(format!("--time={}", time.sbatch_text()));
        }
        options.extend(self.args.sbatch.iter().map(|option| option.word()));
        options
    }

    fn job(
        &self,
        part: JobPart,
        kind: &str,
        options: Vec<String>,
        script: &Path,
    ) -> Result<JobToSubmit, ReproduceError> {
        let name = format!("{}-{kind}", self.name);
        let log = match part {
            JobPart::Runs { .. } => "%A_%a.log",
            JobPart::Prepare | JobPart::Report => "%j.log",
        };
        let own = [
            "--parsable".to_string(),
            format!("--job-name={name}"),
            format!("--output={}/{log}", log_folder(self.folder)?),
        ];
        Ok(JobToSubmit {
            name,
            part,
            options: [own.to_vec(), options].concat(),
            script: vec![text_of(script)?],
        })
    }
}

impl JobToSubmit {
    /// The arguments of sbatch. `dependency` is what must have happened before, if anything.
    pub fn arguments(&self, dependency: Option<&str>) -> Vec<String> {
        let mut arguments = self.options.clone();
        arguments.extend(dependency.map(|jobs| format!("--dependency={jobs}")));
        arguments.extend(self.script.iter().cloned());
        arguments
    }
}

/// The folder of logs as sbatch takes it: a percent sign begins a pattern, a backslash ends all
/// patterns.
fn log_folder(folder: &SubmissionFolder) -> Result<String, ReproduceError> {
    let path = text_of(&folder.logs())?;
    if path.contains('\\') {
        return Err(SlurmError::LogPath {
            path: folder.logs(),
        }
        .into());
    }
    Ok(path.replace('%', "%%"))
}
