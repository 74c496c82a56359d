//! `cargo xtask test-slurm`: a real SLURM on this machine, and tables through it.

mod cluster;
mod scenarios;
mod table;
mod text_file;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, ensure};

use self::cluster::Cluster;

/// Which `amst`, and whether to keep the files.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The program that trains; if left out, the one beside this program, as the tests build it.
    #[arg(long, value_name = "PROGRAM")]
    amst: Option<PathBuf>,
    /// Keep configuration, logs and runs, and say where.
    #[arg(long)]
    keep: bool,
}

/// Starts slurmctld, slurmd and munged in a folder of their own, runs every scenario, and stops
/// them.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let amst = program(args)?;
    let mut folder = tempfile::Builder::new().prefix("amst-slurm-").tempdir()?;
    folder.disable_cleanup(args.keep);
    if args.keep {
        eprintln!("files: {}", folder.path().display());
    }
    let cluster = Cluster::start(folder.path())?;
    let begin = Instant::now();
    for scenario in scenarios::ALL {
        let begin = Instant::now();
        (scenario.run)(&cluster, &amst).with_context(|| format!("{} failed", scenario.name))?;
        println!(
            "{}: ok in {:.0} s",
            scenario.name,
            begin.elapsed().as_secs_f64()
        );
    }
    println!(
        "{} passed, 0 failed, {:.0} s",
        scenarios::ALL.len(),
        begin.elapsed().as_secs_f64()
    );
    Ok(ExitCode::SUCCESS)
}

fn program(args: &Args) -> anyhow::Result<PathBuf> {
    let program = match &args.amst {
        Some(program) => std::path::absolute(program)?,
        None => {
            let name = format!("amst{}", std::env::consts::EXE_SUFFIX);
            std::env::current_exe()?.with_file_name(name)
        }
    };
    ensure!(
        program.is_file(),
        "there is no program {}: build it, `cargo build -p amst-cli`, or name another one, `--amst \
         PROGRAM`",
        program.display()
    );
    Ok(program)
}
