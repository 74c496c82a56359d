//! Exit codes: 0 ok, 1 something failed, 2 usage or recipe, 3 data.

use std::fmt;
use std::process::ExitCode;

use amst_fetch::FetchError;
use amst_recipe::RecipeError;
use amst_reproduce::ReproduceError;

/// Something on the command line cannot be done as asked.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// An error with an exit code of its own, such as that of a child process.
#[derive(Debug)]
pub struct Coded {
    /// The exit code.
    pub code: u8,
    /// What went wrong, and what to do.
    pub text: String,
}

impl fmt::Display for Coded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for Coded {}

/// The exit code of an error: 2 for what was typed, 3 for files, 1 for anything else.
pub fn code(error: &anyhow::Error) -> ExitCode {
    ExitCode::from(number(error))
}

/// The same as a number.
pub fn number(error: &anyhow::Error) -> u8 {
    if let Some(coded) = error.downcast_ref::<Coded>() {
        return coded.code;
    }
    if let Some(error) = error.downcast_ref::<FetchError>() {
        return error.exit_code();
    }
    if let Some(error) = error.downcast_ref::<ReproduceError>() {
        return error.exit_code();
    }
    match error.downcast_ref::<RecipeError>() {
        Some(
            RecipeError::Io { .. }
            | RecipeError::Descriptor { .. }
            | RecipeError::NotBrought { .. }
            | RecipeError::NoDescriptor(_),
        ) => 3,
        Some(_) => 2,
        None if error.is::<Usage>() => 2,
        None => 1,
    }
}
