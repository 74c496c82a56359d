//! The options of `cargo xtask fetch`.

use std::path::PathBuf;

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
