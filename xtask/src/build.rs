//! Programs of this workspace, built when they are needed.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::workspace::cargo;

/// Builds a program, showing cargo's progress, and says where it is. `how` are further arguments:
/// profile, features.
pub fn program(package: &str, name: &str, how: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command
        .args(["build", "--package", package, "--bin", name])
        .args(how);
    built(command, name)
}

/// Builds a bench as `cargo bench` does, and says where it is.
///
/// Of the whole workspace: asked for one package, cargo would choose other features of burn and
/// build it again. `how` are further arguments, such as features.
pub fn bench(name: &str, how: &[&str]) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command
        .args(["bench", "--workspace", "--bench", name, "--no-run"])
        .args(how);
    built(command, name)
}

fn built(mut command: Command, name: &str) -> anyhow::Result<PathBuf> {
    // cargo knows best where its target folder is.
    command
        .arg("--message-format=json-render-diagnostics")
        .stdout(Stdio::piped());
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {command:?}"))?;
    let mut program = None;
    for line in std::io::BufReader::new(child.stdout.take().context("cargo has no output")?).lines()
    {
        program = executable(&line?, name).or(program);
    }
    if !child.wait()?.success() {
        bail!("`{name}` does not build: cargo says why above ({command:?})");
    }
    program.with_context(|| format!("cargo built no program called `{name}`"))
}

fn executable(line: &str, name: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "compiler-artifact" || message["target"]["name"] != name {
        return None;
    }
    message["executable"].as_str().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_one_that_cargo_says_it_built() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"amst","kind":["bin"]},"executable":"/t/release/amst"}"#;
        assert_eq!(executable(line, "amst"), Some("/t/release/amst".into()));
        assert_eq!(executable(line, "amst-fetch"), None);
    }

    #[test]
    fn the_library_of_the_same_name_is_not_the_program() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"amst","kind":["lib"]},"executable":null}"#;
        assert_eq!(executable(line, "amst"), None);
        assert_eq!(
            executable(r#"{"reason":"build-finished","success":true}"#, "amst"),
            None
        );
        assert_eq!(executable("warning: not JSON", "amst"), None);
    }
}
