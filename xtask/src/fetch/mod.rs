//! `cargo xtask fetch roberta-base`, `cargo xtask fetch crema-d`: what is not here is brought, what
//! is here is checked, and where it lies is said.

mod args;
mod bar;
mod child;
mod dataset;
mod list;
mod model;
mod pointers;

use std::process::ExitCode;

use amst_fetch::datasets::recipes;
use amst_fetch::hub::models;

pub use self::args::Args;
use crate::exit::Usage;

/// Runs the command; the exit code is 3 where something is missing or wrong.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.name {
        None => list::print(args.json),
        Some(name) if models().iter().any(|model| model.name == *name) => match args.raw {
            None => model::fetch(name, args),
            Some(_) => Err(Usage(format!(
                "`{name}` is a model: HF_HOME says where it goes, not --raw"
            ))
            .into()),
        },
        Some(name)
            if name.ends_with(".toml") || recipes().iter().any(|recipe| recipe.name == *name) =>
        {
            dataset::fetch(name, args)
        }
        Some(name) => {
            let models = models().iter().map(|model| model.name.as_str());
            let known: Vec<_> = models
                .chain(recipes().iter().map(|recipe| recipe.name.as_str()))
                .collect();
            Err(Usage(format!(
                "nothing is called `{name}`; known are {}",
                known.join(", ")
            ))
            .into())
        }
    }
}
