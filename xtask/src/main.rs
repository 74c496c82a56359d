//! Automation of this workspace: `cargo xtask reproduce`, `fetch`, `setup`, `bench`, `dist`, `ci`,
//! `tidy` and `test-slurm`.
//!
//! It links no tensor library, so that a plan is printed in milliseconds; whatever trains
//! is a process of the release build of `amst`, and whatever downloads one of `amst-fetch`.

mod bench;
mod build;
mod ci;
mod dist;
mod exit;
mod fetch;
mod reproduce;
mod setup;
mod test_slurm;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    about = "Automation of this workspace",
    disable_version_flag = true
)]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Train what a table of the paper needs and print it.
    Reproduce(Box<reproduce::Args>),
    /// Bring a pretrained model or a data set, or say what is here.
    Fetch(fetch::Args),
    /// Find or bring what a device needs.
    Setup(setup::Args),
    /// Measure how fast something is, alone or beside PyTorch.
    Bench(bench::Args),
    /// Pack the program for machines without Rust: an archive and a Python wheel.
    Dist(dist::Args),
    /// Run every check, in order, until one fails.
    Ci(ci::Args),
    /// Start a SLURM on this machine and run tables through it.
    TestSlurm(test_slurm::Args),
    /// Check that the architecture's invariants hold.
    Tidy,
}

fn main() -> ExitCode {
    let outcome = match Cli::parse().task {
        Task::Reproduce(args) => reproduce::run(&args),
        Task::Fetch(args) => fetch::run(&args),
        Task::Setup(args) => setup::run(&args),
        Task::Bench(args) => bench::run(&args),
        Task::Dist(args) => dist::run(&args),
        Task::Ci(args) => ci::run(&args),
        Task::TestSlurm(args) => test_slurm::run(&args),
        Task::Tidy => ci::tidy(),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        exit::code(&error)
    })
}
