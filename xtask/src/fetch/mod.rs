//! `cargo xtask fetch roberta-base`: what is not here is brought, what is here is checked, and where it lies is said.

mod bar;
mod child;
mod list;
mod model;

use std::path::PathBuf;
use std::process::ExitCode;

use amst_fetch::hub::models;

use crate::exit::Usage;

/// What to fetch.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// A model's name; --list shows them.
    #[arg(required_unless_present = "list")]
    pub name: Option<String>,
    /// Say what is known, what is here and what is missing; open no socket.
    #[arg(long, conflicts_with = "name")]
    pub list: bool,
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
        Some(name) if models().iter().any(|model| model.name == *name) => model::fetch(name, args),
        Some(name) => {
            let known: Vec<_> = models().iter().map(|model| model.name.as_str()).collect();
            Err(Usage(format!("nothing is called `{name}`; known are {}", known.join(", "))).into())
        }
    }
}
