//! One process of `amst`, from its start to its exit.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use super::pool::Setting;
use super::protocol::Message;
use super::request::Job;
use crate::workspace::root;

/// Lines of a child's standard error that are kept for the summary.
const LAST_LINES: usize = 12;

/// Why a process did not do what it was started for.
#[derive(Clone, Debug)]
pub struct Fault {
    /// In a few words, for the line below the table.
    pub reason: String,
    /// The end of what it wrote to standard error.
    pub last_lines: Vec<String>,
    /// Whether it was asked to stop, saved its run and can go on: no failure.
    pub stopped: bool,
}

/// Makes the features of a data set ready, so that runs that start together do not all try.
pub fn prepare(setting: &Setting, job: &Job) -> Result<(), Fault> {
    let mut command = amst(setting, "prepare", job);
    run(&mut command, |_| (), |line| eprintln!("{line}"))
}

/// Trains one cell; `tell` hears of every epoch.
pub fn train(
    setting: &Setting,
    device: &str,
    job: &Job,
    tell: impl FnMut(Message),
) -> Result<(), Fault> {
    let mut command = amst(setting, "train", job);
    command.args([
        "--seed",
        &job.cell.recipe.seed.to_string(),
        "--device",
        device,
        "--progress",
        "json",
    ]);
    run(&mut command, tell, |_| ())
}

fn amst(setting: &Setting, task: &str, job: &Job) -> Command {
    let mut command = Command::new(setting.program);
    command.args([
        task,
        "--recipe",
        setting.table,
        "--experiment",
        &job.experiment,
        "--dataset",
        &job.dataset,
    ]);
    command.args(["--preset", setting.preset]);
    if let Some(modalities) = &job.modalities {
        command.args(["--modalities", modalities]);
    }
    for assignment in setting.assignments {
        command.args(["--set", assignment]);
    }
    command.arg("--out").arg(setting.runs);
    command.current_dir(root());
    // Preparing has the machine to itself.
    if task == "train" {
        command.env("RAYON_NUM_THREADS", setting.threads.to_string());
        // LibTorch's own; runs beside each other are not to take the cores by spinning.
        command
            .env("OMP_NUM_THREADS", setting.threads.to_string())
            .env("OMP_WAIT_POLICY", "passive");
    }
    command
}

/// Both outputs are read to their end, in threads of their own, so that neither can block the
/// child.
fn run(
    command: &mut Command,
    mut tell: impl FnMut(Message),
    mut echo: impl FnMut(&str) + Send,
) -> Result<(), Fault> {
    let fail = |reason: String, last_lines| Fault {
        reason,
        last_lines,
        stopped: false,
    };
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|e| {
        fail(
            format!("{} does not start: {e}", program(command)),
            Vec::new(),
        )
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let last_lines = std::thread::scope(|scope| {
        let errors = scope.spawn(move || last_of(stderr, &mut echo));
        for line in lines(stdout) {
            if let Some(message) = Message::parse(&line) {
                tell(message);
            }
        }
        errors.join().unwrap_or_default()
    });
    let status = wait(&mut child).map_err(|e| fail(e, last_lines.clone()))?;
    if status.success() {
        return Ok(());
    }
    if matches!(status.code(), Some(75 | 130 | 143)) {
        return Err(Fault {
            reason: meaning(status),
            last_lines,
            stopped: true,
        });
    }
    let said = last_lines
        .iter()
        .rev()
        .find(|l| !l.trim().is_empty())
        .map(|l| format!(": {}", l.trim()));
    Err(fail(
        format!("{}{}", meaning(status), said.unwrap_or_default()),
        last_lines,
    ))
}

fn program(command: &Command) -> String {
    Path::new(command.get_program()).display().to_string()
}

fn wait(child: &mut Child) -> Result<ExitStatus, String> {
    child
        .wait()
        .map_err(|e| format!("its end cannot be waited for: {e}"))
}

/// Lines, broken bytes included: what a dying process says must not be lost.
fn lines(stream: Option<impl Read>) -> impl Iterator<Item = String> {
    let split = stream
        .into_iter()
        .flat_map(|s| BufReader::new(s).split(b'\n'));
    split
        .map_while(Result::ok)
        .map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn last_of(stream: Option<impl Read>, echo: &mut impl FnMut(&str)) -> Vec<String> {
    let mut last = VecDeque::new();
    for line in lines(stream) {
        echo(&line);
        if last.len() == LAST_LINES {
            last.pop_front();
        }
        last.push_back(line);
    }
    last.into()
}

/// What the exit codes of `amst` mean.
fn meaning(status: ExitStatus) -> String {
    match status.code() {
        None => format!("ended by a {status}"),
        Some(2) => "exit code 2 (usage or recipe)".into(),
        Some(3) => "exit code 3 (data)".into(),
        Some(4) => "exit code 4 (diverged)".into(),
        Some(5) => "exit code 5 (foreign or damaged state)".into(),
        Some(code @ (75 | 130 | 143)) => {
            format!("exit code {code} (stopped; the same command goes on)")
        }
        Some(code) => format!("exit code {code}"),
    }
}
