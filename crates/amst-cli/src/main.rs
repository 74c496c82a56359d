//! `amst`, with the built-in methods.

use std::process::ExitCode;

fn main() -> ExitCode {
    amst_cli::main_with(&[])
}
