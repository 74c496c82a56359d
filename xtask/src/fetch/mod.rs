//! `cargo xtask fetch roberta-base`, `cargo xtask fetch crema-d`: what is not here is brought, what
//! is here is checked, and where it lies is said.

mod bar;
mod child;
mod dataset;
mod list;
mod model;
mod pointers;

use std::path::PathBuf;
use std::process::ExitCode;

use amst_fetch::datasets::recipes;
use amst_fetch::hub::models;

use crate::exit::Usage;

/// What to fetch.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A model's or a data set's name (--list shows them), or a recipe of downloads (a path that
    /// ends in .toml).
    #[arg(required_unless_present = "list")]
    pub name: Option<String>,
    /// Say what is known, what is here and what is missing; open no socket.
    #[arg(long, conflicts_with = "name")]
    pub list: bool,
    /// The folder of a data set's raw files; if left out, the one that `amst prepare --raw` noted,
    /// or else datasets/NAME/raw in this workspace.
    #[arg(long, value_name = "DIR", conflicts_with = "list")]
    pub raw: Option<PathBuf>,
    /// Print what came of it as JSON.
    #[arg(long)]
    pub json: bool,
    /// Run this `amst-fetch` instead of building the workspace's own.
    #[arg(long, value_name = "PROGRAM")]
    pub downloader: Option<PathBuf>,
}

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
