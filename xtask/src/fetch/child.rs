//! One process of `amst-fetch`, from its start to its exit.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use amst_fetch::{Message, Step};
use anyhow::Context;

use crate::exit::Coded;

/// What the program brought.
pub struct Brought {
    /// Bytes over the network.
    pub received: u64,
    /// Files that could not be compared with anything.
    pub unchecked: Vec<PathBuf>,
}

/// The program that a person named, or the workspace's own. It is not built for release: what is
/// slow in it, hashing, is optimised in either profile, and its other libraries build three times
/// faster so.
pub fn program(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    match named {
        Some(program) => Ok(std::path::absolute(program)?),
        None => crate::build::program("amst-fetch", "amst-fetch", &[]),
    }
}

/// Runs the program to its end. What it fails with carries its exit code.
pub fn run(
    program: &Path,
    arguments: &[&str],
    tell: &mut dyn FnMut(&str, &Step),
) -> anyhow::Result<Brought> {
    let mut command = Command::new(program);
    command
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("{} does not start", program.display()))?;
    let output = child.stdout.take().context("the program has no output")?;
    let mut last = None;
    for line in BufReader::new(output).lines() {
        match serde_json::from_str(&line?) {
            Ok(Message::Step { file, step }) => tell(&file, &step),
            Ok(message) => last = Some(message),
            // Other words of a library are not ours.
            Err(_) => {}
        }
    }
    let status = child.wait()?;
    match last {
        Some(Message::Done {
            received,
            unchecked,
            ..
        }) if status.success() => Ok(Brought {
            received,
            unchecked,
        }),
        Some(Message::Failed { message, exit_code }) => Err(Coded {
            code: exit_code,
            text: message,
        }
        .into()),
        _ => anyhow::bail!(
            "{} stopped half-way ({status}); run the command again: it goes on",
            program.display()
        ),
    }
}
