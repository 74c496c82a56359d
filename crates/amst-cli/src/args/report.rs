//! `amst report`.

use std::path::PathBuf;

use clap::Args;

/// `amst report`.
#[derive(Debug, Args)]
pub struct Report {
    /// Run directories, or folders with some below them
    #[arg(required_unless_present = "print_template")]
    pub runs: Vec<PathBuf>,
    /// The file to write
    #[arg(long, short, value_name = "FILE", default_value = "report.html")]
    pub out: PathBuf,
    /// Heading of the page; names the data sets if left out
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// A template of your own, in Jinja's language; docs/report.md lists what it can name
    #[arg(long, value_name = "FILE")]
    pub template: Option<PathBuf>,
    /// Print the template that is used without `--template`, and write nothing
    #[arg(long, conflicts_with_all = ["runs", "template", "title", "force"])]
    pub print_template: bool,
    /// Replace a file that is there
    #[arg(long)]
    pub force: bool,
}
