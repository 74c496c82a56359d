//! One process of `amst`, from its start to its exit.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::process::{Command, ExitStatus, Stdio};

use amst_recipe::Cell;

use crate::{Fault, Job, Message, RunContext};

/// Lines of a child's standard error that are kept for the summary.
const LAST_LINES: usize = 12;

/// Makes the features of a data set ready, so that runs that start together do not all try.
pub fn prepare(context: &RunContext, job: &Job) -> Result<(), Fault> {
    let mut command = amst(context, "prepare", job)?;
    run(&mut command, |_| Ok(()), |line| eprintln!("{line}"))
}

/// Trains one cell; `report` gets every message. A child that begins another cell than the planned
/// one is killed at once, not found out after all its epochs.
pub fn train(
    context: &RunContext,
    device: &str,
    job: &Job,
    mut report: impl FnMut(Message),
) -> Result<(), Fault> {
    let mut command = amst(context, "train", job)?;
    command.args(["--device", device, "--progress", "json"]);
    let threads = context.threads.to_string();
    command
        .env("RAYON_NUM_THREADS", &threads)
        // LibTorch's own; runs beside each other are not to take the cores by spinning.
        .env("OMP_NUM_THREADS", &threads)
        .env("OMP_WAIT_POLICY", "passive");
    run(
        &mut command,
        |message| {
            refuse_other_cell(&message, &job.cell)?;
            report(message);
            Ok(())
        },
        |_| (),
    )
}

/// `amst TASK` on the resolved recipe of a job.
fn amst(context: &RunContext, task: &str, job: &Job) -> Result<Command, Fault> {
    let recipe = context
        .folders
        .write_recipe(job)
        .map_err(|error| Fault::new(error.to_string(), Vec::new()))?;
    let mut command = Command::new(context.program);
    command
        .arg(task)
        .arg("--resolved")
        .arg(recipe)
        .args(["--dataset", &job.dataset])
        .arg("--out")
        .arg(&context.folders.runs)
        .current_dir(context.working_dir)
        .env("AMST_DATASETS", context.datasets);
    Ok(command)
}

fn refuse_other_cell(message: &Message, planned: &Cell) -> Result<(), String> {
    match message.cell() {
        Some(cell) if cell != planned.id.as_str() => {
            let begun: String = cell.chars().take(8).collect();
            Err(format!(
                "killed, because it began cell {begun}, not the planned {}: was `amst` built from \
                 another version, or did the data set change meanwhile?",
                planned.id.short()
            ))
        }
        _ => Ok(()),
    }
}

/// Both outputs are read to their end, in threads of their own, so that neither can block the
/// child. Where `on_message` returns a reason, the child is killed for it.
fn run(
    command: &mut Command,
    mut on_message: impl FnMut(Message) -> Result<(), String>,
    mut echo: impl FnMut(&str) + Send,
) -> Result<(), Fault> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| {
        let program = command.get_program().display();
        Fault::new(format!("{program} does not start: {error}"), Vec::new())
    })?;
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let mut refusal = None;
    let last_lines = std::thread::scope(|scope| {
        let errors = scope.spawn(move || read_last_lines(stderr, &mut echo));
        for message in lines(stdout).filter_map(|line| Message::parse(&line)) {
            if let Err(reason) = on_message(message) {
                // It fails only where the child has ended by itself.
                let _ = child.kill();
                refusal = Some(reason);
                break;
            }
        }
        errors.join().unwrap_or_default()
    });
    match (child.wait(), refusal) {
        (_, Some(reason)) => Err(Fault::new(reason, last_lines)),
        (Ok(status), None) if status.success() => Ok(()),
        (Ok(status), None) => Err(fault(status, last_lines)),
        (Err(error), None) => {
            let reason = format!("its end cannot be waited for: {error}");
            Err(Fault::new(reason, last_lines))
        }
    }
}

fn fault(status: ExitStatus, last_lines: Vec<String>) -> Fault {
    let stopped = matches!(status.code(), Some(75 | 130 | 143));
    let mut reason = meaning(status);
    let last = last_lines.iter().rfind(|line| !line.trim().is_empty());
    if let (false, Some(line)) = (stopped, last) {
        reason += &format!(": {}", line.trim());
    }
    Fault {
        reason,
        last_lines,
        stopped,
        exit_code: status.code(),
    }
}

/// Lines, broken bytes included: what a dying process says must not be lost.
fn lines(stream: Option<impl Read>) -> impl Iterator<Item = String> {
    stream
        .into_iter()
        .flat_map(|stream| BufReader::new(stream).split(b'\n'))
        .map_while(Result::ok)
        .map(|line| String::from_utf8_lossy(&line).into_owned())
}

fn read_last_lines(stream: Option<impl Read>, echo: &mut impl FnMut(&str)) -> Vec<String> {
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
        Some(code) => code_meaning(code),
    }
}

/// The same, of a process whose end was not seen here.
pub(crate) fn code_meaning(code: i32) -> String {
    match code {
        2 => "exit code 2 (usage or recipe)".into(),
        3 => "exit code 3 (data)".into(),
        4 => "exit code 4 (diverged)".into(),
        5 => "exit code 5 (foreign or damaged state)".into(),
        8 => "exit code 8 (device lost; the same command goes on)".into(),
        75 | 130 | 143 => {
            format!("exit code {code} (stopped; the same command goes on)")
        }
        code => format!("exit code {code}"),
    }
}
