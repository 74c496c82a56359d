//! What differs between the programs that have the command.

use std::path::{Path, PathBuf};

use amst_recipe::Methods;

use crate::{Backend, ReproduceError};

/// What a program that has the command says of itself. `cargo xtask reproduce` and `amst reproduce`
/// differ in nothing else.
pub struct Caller<'a> {
    /// The methods that the tables can name.
    pub methods: &'a Methods,
    /// Where the program comes from that trains.
    pub programs: &'a dyn AmstPrograms,
    /// The folder of data sets by name, an absolute path; `amst` is given it as `AMST_DATASETS`.
    pub datasets: PathBuf,
    /// The folder in which `amst` is started.
    pub working_dir: PathBuf,
    /// The folder of runs and tables where `--out` names none, an absolute path.
    pub out: PathBuf,
    /// The command in messages, such as `cargo xtask reproduce`.
    pub command: &'a str,
    /// The whole command as it was typed, for the report.
    pub command_line: String,
}

/// Finds the program `amst`.
pub trait AmstPrograms {
    /// A program that trains on a backend, built first where that is the caller's way.
    ///
    /// # Errors
    ///
    /// [`ReproduceError::NoProgram`], with what to do.
    fn ready(&self, backend: Backend) -> Result<PathBuf, ReproduceError>;

    /// Where that program is, or will be, without building anything.
    ///
    /// # Errors
    ///
    /// [`ReproduceError::NoProgram`], with what to do.
    fn planned(&self, backend: Backend) -> Result<PathBuf, ReproduceError>;
}

impl Caller<'_> {
    /// The program that `--amst` names, or the caller's own, built if need be.
    pub(crate) fn program(
        &self,
        given: Option<&Path>,
        backend: Backend,
    ) -> Result<PathBuf, ReproduceError> {
        match given {
            Some(program) => absolute(program),
            None => self.programs.ready(backend),
        }
    }
}

/// A path that holds in any working folder.
pub(crate) fn absolute(path: &Path) -> Result<PathBuf, ReproduceError> {
    std::path::absolute(path).map_err(|source| ReproduceError::Io {
        action: "find",
        path: path.into(),
        source,
    })
}
