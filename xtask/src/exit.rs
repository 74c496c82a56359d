//! Exit codes: 0 ok, 1 something failed, 2 usage or recipe, 3 data.

use std::fmt;
use std::process::ExitCode;

use amst_recipe::RecipeError;

/// Something on the command line cannot be done as asked.
#[derive(Debug)]
pub struct Usage(pub String);

impl fmt::Display for Usage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Usage {}

/// The exit code of an error, by who must act.
pub fn code(error: &anyhow::Error) -> ExitCode {
    match error.downcast_ref::<RecipeError>() {
        Some(
            RecipeError::Io { .. }
            | RecipeError::Descriptor { .. }
            | RecipeError::NotBrought { .. }
            | RecipeError::NoDescriptor(_),
        ) => ExitCode::from(3),
        Some(_) => ExitCode::from(2),
        None if error.is::<Usage>() => ExitCode::from(2),
        None => ExitCode::FAILURE,
    }
}
