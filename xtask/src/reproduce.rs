//! `cargo xtask reproduce`, with the release build of `amst`.

use std::path::PathBuf;
use std::process::ExitCode;

use amst::methods::built_in;
pub use amst_reproduce::Args;
use amst_reproduce::{AmstPrograms, Backend, Caller, ReproduceError, reproduce};

use crate::build::program;
use crate::workspace::root;

/// Runs the command; the exit code is 1 if the table has holes at the end, 130 after Ctrl-C.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let caller = Caller {
        methods: built_in(),
        programs: &ReleaseBuild,
        datasets: root().join("datasets"),
        working_dir: root(),
        out: root().join("target/reproduce"),
        command: "cargo xtask reproduce",
        command_line: format!("cargo xtask {}", words.join(" ")),
    };
    Ok(ExitCode::from(reproduce(args, &caller)?.exit_code()))
}

/// The `amst` of this workspace.
struct ReleaseBuild;

impl AmstPrograms for ReleaseBuild {
    /// Builds it, showing cargo's progress.
    fn ready(&self, backend: Backend) -> Result<PathBuf, ReproduceError> {
        let built = match backend {
            Backend::Flex => program("amst-cli", "amst", &["--release"]),
            other => program(
                "amst-cli",
                "amst",
                &[
                    "--release",
                    "--no-default-features",
                    "--features",
                    other.feature(),
                ],
            ),
        };
        built.map_err(|error| ReproduceError::NoProgram(format!("{error:#}")))
    }

    fn planned(&self, _: Backend) -> Result<PathBuf, ReproduceError> {
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let name = format!("amst{}", std::env::consts::EXE_SUFFIX);
        // A relative target folder is meant from the top of the workspace, as the default is.
        let target = root().join(target.unwrap_or_else(|| "target".into()));
        Ok(target.join("release").join(name))
    }
}
