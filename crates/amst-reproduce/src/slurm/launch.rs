//! A table is submitted.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use amst_files::{sha256_hex, write_file};
use amst_lease::{Lease, LeaseError, Options};
use amst_report::Entry;

use super::arrays::{ArrayPart, split};
use super::command_words::collect_words;
use super::folder::{Submission, SubmissionFolder};
use super::record::{JobPart, Record, RecordedJob};
use super::run_state::{RunReport, RunState, active_jobs, run_reports};
use super::scripts::Scripts;
use super::submission_jobs::{JobToSubmit, SubmissionJobs};
use super::submit::submit;
use super::{SlurmError, queue, scheduler};
use crate::folders::make_folder;
use crate::{
    Args, Caller, Devices, Folders, FormatArgs, Job, PlanExport, PlanFormat, ReproduceError,
    Request, export_plan,
};

/// Digits of the plan's hash in names.
const HASH_DIGITS: usize = 12;

/// Submits what is missing and neither running nor in the queue, and says what was submitted.
pub(crate) fn launch(
    args: &Args,
    caller: &Caller,
    request: &Request,
    folders: &Folders,
    entries: &[Entry],
) -> Result<(), ReproduceError> {
    scheduler::check_installed()?;
    let max_array_size = scheduler::max_array_size()?;
    folders.check_writable()?;
    let missing = request.missing(entries)?;
    if missing.is_empty() {
        say_nothing_is_missing(entries);
        return Ok(());
    }
    // Before the claim, which others would wait for.
    build_program(args, caller)?;
    let all = SubmissionFolder::all(folders);
    make_folder(&all)?;
    // Two that look at the queue at the same time would both submit.
    let _lease = claim(&all)?;
    let submissions = Submission::read_all(folders, true)?;
    let queue = queue::queued(&names(&submissions))?;
    let reports = run_reports(request, entries, folders, &submissions, Some(&queue));
    let jobs = jobs_to_submit(&missing, &reports);
    let done = entries.iter().filter(|entry| entry.outcome.is_ok()).count();
    let busy = missing.len() - jobs.len();
    eprintln!(
        "{done} done, {busy} running or in the queue, {} to submit",
        jobs.len()
    );
    if jobs.is_empty() {
        return Ok(());
    }
    let plan = export_plan(args, caller, folders, &jobs)?;
    check_program(&plan)?;
    let text = plan.text(&FormatArgs::default(), PlanFormat::Jsonl)?;
    let hash = sha256_hex(&text);
    let folder = new_folder(&all, &args.table, &hash)?;
    let report = report_command(&plan, args, request, folders)?;
    write_file(&folder.plan(), &text)?;
    let scripts = Scripts::write(&folder, &plan.runs, &caller.working_dir, &report)?;
    let waited_for = active_jobs(request, &submissions, &queue);
    let submission = NewSubmission {
        record: Record::new(&args.table, hash, &caller.command_line),
        folder: folder.clone(),
    };
    let name = folder
        .path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let jobs = SubmissionJobs {
        name: &name,
        args: &args.slurm,
        folder: &folder,
        scripts: &scripts,
        memory: plan.runs.iter().map(|run| run.memory).max().unwrap_or(0),
        on_gpus: plan.on_gpus,
    };
    submission.submit(&jobs, split(plan.runs.len(), max_array_size), &waited_for)?;
    eprintln!(
        "\nplan, scripts and logs: {}\nlook later, with the same options: --status, --collect, or \
         --cancel in the place of --launcher and what it takes",
        folder.path.display()
    );
    Ok(())
}

fn say_nothing_is_missing(entries: &[Entry]) {
    if entries.iter().all(|entry| entry.outcome.is_ok()) {
        eprintln!("nothing is missing");
    } else {
        eprintln!("nothing is missing, but results were refused: `--collect` says why");
    }
}

/// The missing runs that are neither running nor in the queue.
fn jobs_to_submit(missing: &[Job], reports: &[RunReport]) -> Vec<Job> {
    let mut jobs = Vec::new();
    for job in missing {
        let report = reports
            .iter()
            .find(|report| report.cell == job.cell.id.as_str());
        if report.is_none_or(|r| !matches!(r.state, RunState::Running | RunState::Pending)) {
            jobs.push(job.clone());
        }
    }
    jobs
}

/// The command that prints the table, by the program that trains its runs.
fn report_command(
    plan: &PlanExport,
    args: &Args,
    request: &Request,
    folders: &Folders,
) -> Result<Vec<String>, ReproduceError> {
    let program = plan.runs.first().and_then(|run| run.command.first());
    let mut command: Vec<String> = program.into_iter().cloned().collect();
    command.extend(collect_words(args, request, folders)?);
    Ok(command)
}

/// The only process that submits to the folder.
fn claim(folder: &Path) -> Result<Lease, ReproduceError> {
    Lease::claim(folder, &Options::default()).map_err(|error| match error {
        LeaseError::Io { verb, path, source } => ReproduceError::Io {
            action: verb,
            path,
            source,
        },
        other => SlurmError::Busy {
            folder: folder.into(),
            why: other.to_string(),
        }
        .into(),
    })
}

/// The names of all jobs.
pub(super) fn names(submissions: &[Submission]) -> Vec<String> {
    let jobs = submissions
        .iter()
        .flat_map(|submission| &submission.record.jobs);
    jobs.map(|job| job.name.clone()).collect()
}

/// Builds `amst` where that is the caller's way: once here, not in each task.
fn build_program(args: &Args, caller: &Caller) -> Result<(), ReproduceError> {
    if args.amst.is_none() {
        let devices: Devices = args.device.parse()?;
        caller.programs.ready(devices.backend)?;
    }
    Ok(())
}

/// Refuses a program that is not there. A bare name is looked for on the node.
fn check_program(plan: &PlanExport) -> Result<(), ReproduceError> {
    let program = plan
        .runs
        .first()
        .and_then(|run| run.command.first())
        .map(PathBuf::from);
    match program {
        Some(program) if program.components().count() > 1 && !program.is_file() => {
            Err(ReproduceError::NoProgram(format!(
                "there is no program {}: build it, `cargo build --release -p amst-cli`, or name \
                 another one, `--amst PROGRAM`",
                program.display()
            )))
        }
        _ => Ok(()),
    }
}

/// A folder of its own: the same plan may have been submitted before, and cancelled.
fn new_folder(all: &Path, table: &str, hash: &str) -> Result<SubmissionFolder, ReproduceError> {
    let digits: String = hash.chars().take(HASH_DIGITS).collect();
    let mut tries: u32 = 1;
    loop {
        let name = match tries {
            1 => format!("amst-{table}-{digits}"),
            _ => format!("amst-{table}-{digits}-{tries}"),
        };
        let path = all.join(name);
        match std::fs::create_dir(&path) {
            Ok(()) => return Ok(SubmissionFolder { path }),
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => tries += 1,
            Err(source) => {
                return Err(ReproduceError::Io {
                    action: "make",
                    path,
                    source,
                });
            }
        }
    }
}

/// A submission while it is made.
struct NewSubmission {
    folder: SubmissionFolder,
    record: Record,
}

impl NewSubmission {
    /// Preparation, then the arrays one after the other, then the report, which also waits for
    /// other jobs that train runs of the table.
    fn submit(
        mut self,
        jobs: &SubmissionJobs,
        parts: Vec<ArrayPart>,
        waited_for: &BTreeSet<u64>,
    ) -> Result<(), ReproduceError> {
        let all = parts.len() + 2;
        let prepared = self.add(&jobs.prepare()?, None, all)?;
        let mut trained = waited_for.clone();
        let mut before = format!("afterok:{prepared}");
        for part in parts {
            let id = self.add(&jobs.array(part)?, Some(&before), all)?;
            trained.insert(id);
            before = format!("afterok:{prepared},afterany:{id}");
        }
        let trained: Vec<String> = trained.iter().map(u64::to_string).collect();
        let after = format!("afterany:{}", trained.join(":"));
        self.add(&jobs.report()?, Some(&after), all)?;
        Ok(())
    }

    /// Submits a job. The record names it before sbatch is called, so that it is found again
    /// whatever happens then.
    fn add(
        &mut self,
        job: &JobToSubmit,
        dependency: Option<&str>,
        all: usize,
    ) -> Result<u64, ReproduceError> {
        self.record.jobs.push(RecordedJob {
            name: job.name.clone(),
            part: job.part,
            id: None,
        });
        self.record.save(&self.folder)?;
        let id = match submit(&job.name, &job.arguments(dependency)) {
            Ok(id) => id,
            Err(error) => return Err(self.given_up(error, all)),
        };
        eprintln!("{id:>10}  {}", described(job.part));
        if let Some(last) = self.record.jobs.last_mut() {
            last.id = Some(id);
        }
        self.record.save(&self.folder)?;
        Ok(id)
    }

    /// Where SLURM refused the first job, nothing is left behind. A job without an answer stays
    /// recorded: the next command looks for it in the queue.
    fn given_up(&self, error: SlurmError, all: usize) -> ReproduceError {
        let accepted = self
            .record
            .jobs
            .iter()
            .filter(|job| job.id.is_some())
            .count();
        if accepted > 0 {
            return SlurmError::Partly {
                refusal: Box::new(error),
                accepted,
                jobs: all,
            }
            .into();
        }
        let is_passing = matches!(
            error,
            SlurmError::Refused {
                is_passing: true,
                ..
            }
        );
        if !is_passing && let Err(source) = std::fs::remove_dir_all(&self.folder.path) {
            eprintln!("cannot remove {}: {source}", self.folder.path.display());
        }
        error.into()
    }
}

fn described(part: JobPart) -> String {
    match part {
        JobPart::Prepare => "prepares features".into(),
        JobPart::Runs { first, runs } => format!("trains runs {} to {}", first + 1, first + runs),
        JobPart::Report => "prints the table".into(),
    }
}
