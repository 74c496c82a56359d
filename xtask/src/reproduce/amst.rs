//! The release build of `amst`.

use std::io::BufRead;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, bail};
use serde_json::Value;

use super::device::Device;
use crate::workspace::cargo;

/// Builds `amst` for a device, showing cargo's progress, and says where it is.
pub fn build(device: &Device) -> anyhow::Result<PathBuf> {
    let mut command = cargo();
    command.args(["build", "--release", "--package", "amst-cli", "--bin", "amst"]);
    if *device != Device::Flex {
        command.args(["--no-default-features", "--features", device.feature()]);
    }
    // cargo knows best where its target folder is.
    command.arg("--message-format=json-render-diagnostics").stdout(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("cannot start {command:?}"))?;
    let mut program = None;
    for line in std::io::BufReader::new(child.stdout.take().context("cargo has no output")?).lines() {
        program = executable(&line?).or(program);
    }
    if !child.wait()?.success() {
        bail!("`amst` does not build for `{}`: cargo says why above", device.feature());
    }
    program.context("cargo built no program called `amst`")
}

fn executable(line: &str) -> Option<PathBuf> {
    let message: Value = serde_json::from_str(line).ok()?;
    let is_amst = message["reason"] == "compiler-artifact" && message["target"]["name"] == "amst";
    is_amst.then(|| message["executable"].as_str().map(PathBuf::from)).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_is_the_one_that_cargo_says_it_built() {
        let line =
            r#"{"reason":"compiler-artifact","target":{"name":"amst","kind":["bin"]},"executable":"/t/release/amst"}"#;
        assert_eq!(executable(line), Some("/t/release/amst".into()));
    }

    #[test]
    fn the_library_of_the_same_name_is_not_the_program() {
        let line = r#"{"reason":"compiler-artifact","target":{"name":"amst","kind":["lib"]},"executable":null}"#;
        assert_eq!(executable(line), None);
        assert_eq!(executable(r#"{"reason":"build-finished","success":true}"#), None);
        assert_eq!(executable("warning: not JSON"), None);
    }
}
