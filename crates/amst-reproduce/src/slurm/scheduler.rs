//! SLURM's programs, found on `PATH`.

use std::io::ErrorKind;
use std::process::{Command, Stdio};

use super::SlurmError;

const SBATCH: &str = "sbatch";
const SQUEUE: &str = "squeue";
const SCONTROL: &str = "scontrol";
const SCANCEL: &str = "scancel";

/// Characters of an answer that are shown in a message.
const SHOWN: usize = 400;

/// What a program said.
struct Answer {
    success: bool,
    stdout: String,
    stderr: String,
}

fn ask(program: &'static str, arguments: &[String]) -> Result<Answer, SlurmError> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    // A user's own choice of what squeue shows must not hide tasks.
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("SQUEUE_") {
            command.env_remove(name);
        }
    }
    let output = command.output().map_err(|source| match source.kind() {
        ErrorKind::NotFound => SlurmError::NoProgram { program },
        _ => SlurmError::Start { program, source },
    })?;
    Ok(Answer {
        success: output.status.success(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).trim().to_string(),
    })
}

/// Refuses a machine that cannot submit.
pub(super) fn check_installed() -> Result<(), SlurmError> {
    for program in [SBATCH, SQUEUE, SCONTROL, SCANCEL] {
        let answer = ask(program, &["--version".into()])?;
        if !answer.success {
            return Err(refused(program, answer.stderr));
        }
    }
    Ok(())
}

/// The index that no task of an array may reach.
pub(super) fn max_array_size() -> Result<usize, SlurmError> {
    let answer = ask(SCONTROL, &["show".into(), "config".into()])?;
    if !answer.success {
        return Err(refused(SCONTROL, answer.stderr));
    }
    let size = answer
        .stdout
        .lines()
        .filter_map(|line| line.split_once('='))
        .find(|(key, _)| key.trim() == "MaxArraySize")
        .and_then(|(_, value)| value.trim().parse().ok());
    match size {
        None => Err(SlurmError::Answer {
            program: SCONTROL,
            answer: shortened(&answer.stdout),
            wanted: "MaxArraySize",
            remedy: "see that `scontrol show config | grep MaxArraySize` prints it",
        }),
        Some(size) if size < 2 => Err(SlurmError::NoArrays { size }),
        Some(size) => Ok(size),
    }
}

/// What became of a submission.
pub(super) enum Submitted {
    /// SLURM gave the job an id.
    Accepted(u64),
    /// It was refused, or no answer came, which does not say that it was refused.
    NotKnown {
        /// What sbatch wrote.
        words: String,
        /// Whether the same may work in a moment.
        is_passing: bool,
    },
}

/// One try of sbatch.
pub(super) fn try_submit(arguments: &[String]) -> Result<Submitted, SlurmError> {
    let answer = ask(SBATCH, arguments)?;
    if !answer.success {
        return Ok(Submitted::NotKnown {
            is_passing: is_passing(&answer.stderr),
            words: answer.stderr,
        });
    }
    // `12`, or `12;cluster`; what a site prints beside stands before it.
    let last = answer.stdout.lines().last().unwrap_or_default();
    let id = last.split(';').next().unwrap_or_default().trim();
    match id.parse() {
        Ok(id) => Ok(Submitted::Accepted(id)),
        Err(_) => Ok(Submitted::NotKnown {
            words: format!("no job id, but `{}`", shortened(&answer.stdout)),
            is_passing: false,
        }),
    }
}

/// Whether SLURM said nothing about the job itself.
fn is_passing(words: &str) -> bool {
    let words = words.to_lowercase();
    let signs = [
        "timed out",
        "timeout",
        "unable to contact",
        "connection refused",
        "connection reset",
        "temporarily",
        "zero bytes were transmitted",
        "standby mode",
        "try again",
    ];
    // Ended by a signal, sbatch says nothing.
    words.is_empty() || signs.iter().any(|sign| words.contains(sign))
}

/// What squeue prints of all tasks of jobs with these names, a line each: id, name, state, reason,
/// nodes.
pub(super) fn queue_lines(names: &[String]) -> Result<String, SlurmError> {
    let arguments = [
        "--noheader".to_string(),
        "--array".into(),
        format!("--name={}", names.join(",")),
        "--format=%i|%j|%T|%r|%N".into(),
    ];
    let answer = ask(SQUEUE, &arguments)?;
    if !answer.success {
        return Err(refused(SQUEUE, answer.stderr));
    }
    Ok(answer.stdout)
}

/// Cancels jobs; those that have ended are no error.
pub(super) fn cancel_jobs(ids: &[u64]) -> Result<(), SlurmError> {
    let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
    let answer = ask(SCANCEL, &ids)?;
    if answer.success || is_over(&answer.stderr) {
        return Ok(());
    }
    Err(refused(SCANCEL, answer.stderr))
}

/// Whether scancel only says that there was nothing to cancel.
fn is_over(words: &str) -> bool {
    !words.is_empty()
        && words.lines().all(|line| {
            line.contains("already completing or completed") || line.contains("Invalid job id")
        })
}

/// A failure of a program, with what to do about it.
pub(super) fn refused(program: &'static str, words: String) -> SlurmError {
    SlurmError::Refused {
        program,
        remedy: remedy(&words),
        is_passing: is_passing(&words),
        words: if words.is_empty() {
            "nothing, and failed".into()
        } else {
            shortened(&words)
        },
    }
}

/// A refusal by sbatch.
pub(super) fn sbatch_refused(words: String) -> SlurmError {
    refused(SBATCH, words)
}

fn remedy(words: &str) -> String {
    let lower = words.to_lowercase();
    let known = [
        (
            "partition",
            "`sinfo --summarize` lists the partitions; name one: `--partition NAME`",
        ),
        (
            "limit",
            "wait until jobs have ended, then give the same command again: it submits what is not \
             in the queue",
        ),
        (
            "account",
            "`sacctmgr show associations user=$USER` lists your accounts; name one: `--sbatch \
             account=NAME`",
        ),
        (
            "qos",
            "`sacctmgr show qos` lists what there is; name one: `--sbatch qos=NAME`",
        ),
        (
            "node configuration",
            "ask for what a node has, for example `--sbatch mem=8G`; `sinfo --Node --long` lists \
             the nodes",
        ),
        (
            "memory",
            "ask for less, for example `--sbatch mem=8G`; `sinfo --Node --long` lists the nodes",
        ),
        (
            "unrecognized option",
            "`sbatch --help` lists the options that `--sbatch KEY=VALUE` can name",
        ),
    ];
    match known.iter().find(|(sign, _)| lower.contains(sign)) {
        Some((_, remedy)) => remedy.to_string(),
        None if is_passing(words) => {
            "see that `sinfo` answers, then give the same command again: what was submitted \
             already is found in the queue"
                .into()
        }
        None => "change the options (`--partition`, `--time`, `--sbatch KEY=VALUE`) and give the \
                 command again"
            .into(),
    }
}

fn shortened(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() > SHOWN {
        return text.chars().take(SHOWN).collect::<String>() + " …";
    }
    text.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_timeout_is_passing_and_a_refusal_is_not() {
        for words in [
            "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
            "sbatch: error: Batch job submission failed: Unable to contact slurm controller \
             (connect failure)",
            "",
        ] {
            assert!(is_passing(words), "{words}");
        }
        for words in [
            "sbatch: error: Batch job submission failed: Invalid partition name specified",
            "sbatch: error: Batch job submission failed: Invalid account or account/partition \
             combination specified",
        ] {
            assert!(!is_passing(words), "{words}");
        }
    }

    #[test]
    fn each_refusal_has_a_remedy_of_its_own() {
        for (words, wanted) in [
            (
                "error: invalid partition specified: nope",
                "--partition NAME",
            ),
            (
                "Invalid account or account/partition combination",
                "--partition NAME",
            ),
            (
                "Job violates accounting/QOS policy (job submit limit)",
                "wait until jobs have ended",
            ),
            ("Requested node configuration is not available", "mem=8G"),
            ("sbatch: unrecognized option '--zzz=1'", "sbatch --help"),
            ("something else", "change the options"),
        ] {
            assert!(remedy(words).contains(wanted), "{words}: {}", remedy(words));
        }
    }
}
