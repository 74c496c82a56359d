//! `amst reproduce`, `amst work`, `amst suggest-skip` and `amst sweep`: this program plans runs and starts itself
//! for each.

use std::path::PathBuf;

use amst::methods::trainable;
use amst_reproduce::{
    AmstPrograms, Args, Backend, Caller, Finished, ReproduceError, SuggestSkipArgs, SweepArgs,
    WorkArgs,
};
use anyhow::Result;

use crate::datasets::folder;
use crate::failure::{Ended, Usage};

/// Where runs and tables are kept, from where the program is called.
const OUT: &str = "reproduce";

/// `amst reproduce`.
pub fn table(args: &Args) -> Result<()> {
    ended(amst_reproduce::reproduce(args, &caller("amst reproduce")?)?)
}

/// `amst suggest-skip`.
pub fn suggest_skip(args: &SuggestSkipArgs) -> Result<()> {
    ended(amst_reproduce::suggest_skip(
        args,
        &caller("amst suggest-skip")?,
    )?)
}

/// `amst sweep`.
pub fn sweep(args: &SweepArgs) -> Result<()> {
    ended(amst_reproduce::sweep(args, &caller("amst sweep")?)?)
}

/// `amst work`.
pub fn work(args: &WorkArgs) -> Result<()> {
    ended(amst_reproduce::work(args, &caller("amst work")?)?)
}

fn caller(command: &'static str) -> Result<Caller<'static>> {
    let here = std::env::current_dir()
        .map_err(|error| Usage(format!("there is no telling the present folder: {error}")))?;
    let words: Vec<String> = std::env::args().skip(1).collect();
    Ok(Caller {
        methods: trainable(),
        programs: &ThisProgram,
        datasets: here.join(folder()),
        out: here.join(OUT),
        working_dir: here,
        command,
        command_line: format!("amst {}", words.join(" ")),
    })
}

fn ended(finished: Finished) -> Result<()> {
    match finished.exit_code() {
        0 => Ok(()),
        code => Err(Ended(code).into()),
    }
}

/// Starts itself.
struct ThisProgram;

impl AmstPrograms for ThisProgram {
    fn ready(&self, backend: Backend) -> Result<PathBuf, ReproduceError> {
        let is_compiled = match backend {
            Backend::Flex => cfg!(feature = "flex"),
            Backend::Cuda => cfg!(feature = "cuda"),
            Backend::Tch => cfg!(feature = "tch"),
            Backend::Wgpu => cfg!(feature = "wgpu"),
        };
        if is_compiled {
            return self.planned(backend);
        }
        let feature = backend.feature();
        Err(ReproduceError::Usage(format!(
            "`--device {feature}` is not in this program: build it with `cargo build --release -p \
             amst-cli --features {feature}`, or name a program that has it, `--amst PROGRAM`"
        )))
    }

    fn planned(&self, _: Backend) -> Result<PathBuf, ReproduceError> {
        std::env::current_exe().map_err(|error| {
            ReproduceError::NoProgram(format!(
                "there is no telling where this program is ({error}): name it, `--amst PROGRAM`"
            ))
        })
    }
}
