//! The checks: the same here as on the CI server.

use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

use crate::workspace::{cargo, root};

/// A finished table must be found and printed, not trained again.
const AT_ONCE: Duration = Duration::from_secs(10);

struct Step {
    name: &'static str,
    command: Command,
    limit: Option<Duration>,
}

impl Step {
    fn new(name: &'static str, command: Command) -> Self {
        Self {
            name,
            command,
            limit: None,
        }
    }
}

/// Runs every check in order and stops at the first that fails.
pub fn run() -> anyhow::Result<ExitCode> {
    let smoke = root().join("target/ci/reproduce");
    if smoke.exists() {
        std::fs::remove_dir_all(&smoke)
            .with_context(|| format!("cannot empty {}", smoke.display()))?;
    }
    let steps = steps()?;
    let count = steps.len();
    for (i, step) in steps.into_iter().enumerate() {
        eprintln!("\n[{}/{count}] {}: {:?}", i + 1, step.name, step.command);
        if let Err(error) = check(step) {
            println!("{error:#}\n{i} passed, 1 failed");
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("{count} passed, 0 failed");
    Ok(ExitCode::SUCCESS)
}

/// Checks the invariants that `docs/architecture.md` states.
pub fn tidy() -> anyhow::Result<ExitCode> {
    let command = cargo_with("test --quiet -p xtask --test architecture");
    check(Step::new("tidy", command))?;
    Ok(ExitCode::SUCCESS)
}

fn steps() -> anyhow::Result<Vec<Step>> {
    let readme =
        std::fs::read_to_string(root().join("README.md")).context("cannot read README.md")?;
    let tests = test_command(&readme).context(
        "README.md has no line `cargo test …` in a fenced block: the command that it shows is the \
         one that is checked",
    )?;
    let mut docs = cargo_with("doc --workspace --no-deps");
    docs.env("RUSTDOCFLAGS", "-D warnings");
    // The program that the tests were run with, which lies beside this one: another build, for
    // release, takes longer than all that it computes.
    let amst =
        std::env::current_exe()?.with_file_name(format!("amst{}", std::env::consts::EXE_SUFFIX));
    Ok(vec![
        Step::new("format", cargo_with("fmt --all --check")),
        Step::new(
            "lints",
            cargo_with("clippy --workspace --all-targets -- -D warnings"),
        ),
        Step::new("tests, as README runs them", cargo_with(&tests)),
        Step::new("documentation", docs),
        Step::new("smoke table 2", smoke("table2", &amst)),
        Step::new("smoke table 1", smoke("table1", &amst)),
        Step {
            limit: Some(AT_ONCE),
            ..Step::new("smoke table 1 again", smoke("table1", &amst))
        },
    ])
}

/// A whole table on generated data, with all three choices of modalities.
fn smoke(table: &str, amst: &Path) -> Command {
    let columns = "--dataset synthetic --modalities own --modalities audio,visual,text \
                   --modalities visual,text";
    let mut command = cargo_with(&format!(
        "xtask reproduce {table} {columns} --out target/ci/reproduce --amst"
    ));
    command.arg(amst);
    command
}

fn cargo_with(arguments: &str) -> Command {
    let mut command = cargo();
    command.args(arguments.split_whitespace());
    command
}

/// The arguments of the first `cargo test` in a fenced block.
fn test_command(readme: &str) -> Option<String> {
    let mut fenced = false;
    for line in readme.lines() {
        let line = line.trim();
        fenced ^= line.starts_with("```");
        let command = line.strip_prefix("$ ").unwrap_or(line);
        if fenced && command.starts_with("cargo test") {
            let command = command.split('#').next().unwrap_or(command);
            return Some(command.trim_start_matches("cargo ").trim().to_string());
        }
    }
    None
}

fn check(mut step: Step) -> anyhow::Result<()> {
    let start = Instant::now();
    let status = step
        .command
        .status()
        .with_context(|| format!("cannot start {:?}", step.command))?;
    let took = start.elapsed();
    if !status.success() {
        bail!(
            "{} failed ({status}) after {:.1} s",
            step.name,
            took.as_secs_f64()
        );
    }
    if let Some(limit) = step.limit {
        ensure!(
            took <= limit,
            "{} took {:.1} s, more than {} s",
            step.name,
            took.as_secs_f64(),
            limit.as_secs()
        );
    }
    println!("{}: ok in {:.1} s", step.name, took.as_secs_f64());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_is_the_one_in_a_fenced_block() {
        let readme =
            "Run cargo test.\n```sh\ncargo xtask ci\ncargo test --workspace   # 4 minutes\n```\n";
        assert_eq!(test_command(readme).as_deref(), Some("test --workspace"));
        assert_eq!(
            test_command("```\n$ cargo test -p amst\n```").as_deref(),
            Some("test -p amst")
        );
    }

    #[test]
    fn a_readme_that_only_mentions_the_tests_has_no_command() {
        assert_eq!(test_command("```\nls\n```\ncargo test --workspace\n"), None);
    }

    #[test]
    fn a_step_over_its_limit_fails_by_name() {
        let mut command = Command::new("sleep");
        command.arg("0.05");
        let error = check(Step {
            name: "again",
            command,
            limit: Some(Duration::ZERO),
        })
        .unwrap_err();
        assert!(error.to_string().starts_with("again took"), "{error}");
    }
}
