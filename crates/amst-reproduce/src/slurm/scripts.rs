//! The scripts that SLURM runs, and the lines that they read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_files::{shell_word, write_file};

use super::folder::SubmissionFolder;
use crate::export::text_of;
use crate::folders::make_folder;
use crate::{PlannedRun, ReproduceError};

/// What a task does, whichever folder it is in.
const TASK: &str = include_str!("task.sh");

/// The scripts of a submission.
pub(super) struct Scripts {
    /// A task of an array.
    pub task: PathBuf,
    /// Prepares the features of every data set.
    pub prepare: PathBuf,
    /// Prints the table.
    pub report: PathBuf,
}

impl Scripts {
    /// Writes them, and the lines that tasks read, into the folder. `report` is the command that
    /// prints the table, with the folder in which it is started.
    pub fn write(
        folder: &SubmissionFolder,
        runs: &[PlannedRun],
        working_dir: &Path,
        report: &[String],
    ) -> Result<Self, ReproduceError> {
        for needed in [folder.tasks(), folder.logs()] {
            make_folder(&needed)?;
        }
        let scripts = Self {
            task: folder.path.join("task.sh"),
            prepare: folder.path.join("prepare.sh"),
            report: folder.path.join("report.sh"),
        };
        write_file(&folder.runs(), run_lines(runs)?)?;
        write_file(&scripts.task, task(folder)?)?;
        write_file(&scripts.prepare, prepare(folder, runs)?)?;
        write_file(&scripts.report, report_script(runs, working_dir, report)?)?;
        Ok(scripts)
    }
}

/// A line for each run, which a shell reads as words: the run directory, then the command.
fn run_lines(runs: &[PlannedRun]) -> Result<String, ReproduceError> {
    let mut text = String::new();
    for run in runs {
        let words = [
            vec![text_of(&run.run)?],
            with_environment(&run.environment, &run.command),
        ];
        text += &(shell_line(&words.concat()) + "\n");
    }
    Ok(text)
}

fn task(folder: &SubmissionFolder) -> Result<String, ReproduceError> {
    Ok(format!("{}{TASK}", head(folder)?))
}

fn head(folder: &SubmissionFolder) -> Result<String, ReproduceError> {
    let path = shell_word(&text_of(&folder.path)?);
    Ok(format!("#!/bin/sh\nfolder={path}\n"))
}

/// Prepares each kind of features once. Runs whose features could not be prepared say so
/// themselves, so that one data set without files does not keep the others from training.
fn prepare(folder: &SubmissionFolder, runs: &[PlannedRun]) -> Result<String, ReproduceError> {
    let mut text = head(folder)?;
    text += "# Makes the features ready before any run begins. Started again, it goes on.\n\
             set -u\nworked=0 code=0\n\
             prepare() {\n    \"$@\" && worked=1 || code=$?\n}\n";
    let mut done: Vec<&str> = Vec::new();
    for run in runs {
        if !done.contains(&run.features.as_str()) {
            done.push(&run.features);
            let words = with_environment(&run.environment, &run.prepare);
            text += &format!("prepare {}\n", shell_line(&words));
        }
    }
    text += "# Runs of what could not be prepared fail by themselves: others are to train.\n\
             [ \"$worked\" -eq 0 ] || code=0\n\
             echo \"$code\" > \"$folder/tasks/$SLURM_JOB_ID.exit\"\nexit \"$code\"\n";
    Ok(text)
}

fn report_script(
    runs: &[PlannedRun],
    working_dir: &Path,
    report: &[String],
) -> Result<String, ReproduceError> {
    let environment = runs.first().map(|run| run.environment.clone());
    let words = with_environment(&environment.unwrap_or_default(), report);
    Ok(format!(
        "#!/bin/sh\n# Prints the table, and the reason of each hole in it. Exit code 1: there are \
         some.\ncd {} || exit 1\nexec {}\n",
        shell_word(&text_of(working_dir)?),
        shell_line(&words)
    ))
}

fn with_environment(environment: &BTreeMap<String, String>, command: &[String]) -> Vec<String> {
    let mut words = vec!["env".to_string()];
    for (name, value) in environment {
        words.push(format!("{name}={value}"));
    }
    words.extend(command.iter().cloned());
    words
}

fn shell_line(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    words.join(" ")
}
