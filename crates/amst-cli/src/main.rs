//! `amst`: prepare data and train, one run at a time.
//!
//! Exit codes: 0 ok, 2 usage or recipe, 3 data or files, 4 diverged, 5 foreign state.
#![warn(missing_docs)]
#![recursion_limit = "256"]

mod args;
mod datasets;
mod device;
mod failure;
mod prepare;
mod progress;
mod train;

use std::process::ExitCode;

use args::{Cli, Command};
use clap::Parser;

fn main() -> ExitCode {
    let outcome = match Cli::parse().command {
        Command::Train(train) => train::run(&train),
        Command::Prepare(prepare) => prepare::run(&prepare),
        Command::Keys => keys(),
        Command::Datasets => datasets::list(),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The libraries' messages already hold their causes.
            eprintln!("error: {error}");
            ExitCode::from(failure::exit_code(&error))
        }
    }
}

/// Every key of a recipe with its default, as `--set` takes it.
fn keys() -> anyhow::Result<()> {
    let defaults = serde_json::to_value(amst_recipe::Recipe::default())?;
    for key in amst_recipe::keys() {
        let value = key.split('.').fold(&defaults, |value, part| &value[part]);
        println!("{key} = {value}");
    }
    Ok(())
}
