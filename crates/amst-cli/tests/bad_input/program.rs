//! The program under test, and what it may say when it refuses.

use std::path::{Path, PathBuf};
use std::process::Output;

use assert_cmd::Command;

/// Usage or recipe.
pub const USAGE: i32 = 2;
/// Data or files.
pub const DATA: i32 = 3;
/// The loss is not a number.
pub const DIVERGED: i32 = 4;
/// A result that is not what its folder says.
pub const FOREIGN: i32 = 5;

/// The data sets of this repository.
pub fn datasets() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets")
}

/// `amst` with these arguments and a folder for runs.
pub fn amst(arguments: &[&str], out: &Path) -> Output {
    amst_with(arguments, out, &[])
}

/// The same with variables of the environment.
pub fn amst_with(arguments: &[&str], out: &Path, variables: &[(&str, &str)]) -> Output {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command
        .env("AMST_DATASETS", datasets())
        .env("HF_HOME", out.join("no-hub"))
        .envs(variables.iter().copied())
        .args(arguments)
        .arg("--out")
        .arg(out);
    let output = command.output().unwrap();
    for text in [&output.stdout, &output.stderr] {
        let text = String::from_utf8_lossy(text);
        assert!(
            !text.contains("panicked at") && !text.contains("RUST_BACKTRACE"),
            "{text}"
        );
    }
    output
}

/// `amst train` on generated data, one epoch.
pub fn train(settings: &[&str], out: &Path) -> Output {
    let mut arguments = vec![
        "train",
        "--dataset",
        "synthetic",
        "--progress",
        "none",
        "--epochs",
        "1",
    ];
    settings
        .iter()
        .for_each(|setting| arguments.extend(["--set", setting]));
    amst(&arguments, out)
}

/// That it was refused with this code, in one message that holds all these parts.
pub fn assert_refused(output: &Output, code: i32, parts: &[&str]) {
    let message = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{message}");
    assert!(message.starts_with("error: "), "{message}");
    assert_eq!(
        message.matches("error:").count(),
        1,
        "one message: {message}"
    );
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert!(
        output.stdout.is_empty(),
        "{}",
        String::from_utf8_lossy(&output.stdout)
    );
}

pub fn assert_done(output: &Output) {
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
