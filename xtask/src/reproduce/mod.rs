//! `cargo xtask reproduce table1`: what is missing is trained, then the table is printed.

mod amst;
mod budget;
mod child;
mod columns;
mod cost;
mod device;
mod estimate;
mod folders;
mod interrupt;
mod jobs;
mod plan;
mod pool;
mod progress;
mod protocol;
mod request;
mod summary;
mod times;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use amst::methods::built_in;
use amst_recipe::{Precision, Preset};
use amst_report::{Exporter, Json, Terminal, collect};

use self::budget::Budget;
use self::device::Devices;
use self::folders::Folders;
use self::pool::{Failure, Setting};
use self::request::{Job, Request};

/// What to reproduce, and how.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// The table: table1, table2, controls, or table3 for times.
    pub table: String,
    /// Say what is done and what would run, and how long it would take; run nothing.
    #[arg(long)]
    pub plan: bool,
    /// A data set's name, or the folder of one; may be given several times.
    #[arg(
        long = "dataset",
        value_name = "NAME|PATH",
        default_value = "world-digits"
    )]
    pub datasets: Vec<String>,
    /// Modalities, for example audio,text,visual; own is the data set's choice. Each one given is a
    /// column of its own.
    #[arg(long = "modalities", value_name = "LIST|own")]
    pub modalities: Vec<String>,
    /// Seeds to average over, for example 0,1,2; the table's own if left out.
    #[arg(long, value_delimiter = ',', value_name = "SEED,…")]
    pub seeds: Vec<u64>,
    /// Epochs of every run; the data set's own if left out.
    #[arg(long, value_name = "N")]
    pub epochs: Option<usize>,
    /// A reading of the methods: recommended, published-code, paper-text or original.
    #[arg(long, value_name = "NAME", value_parser = Preset::parse, default_value = "recommended")]
    pub preset: Preset,
    /// What every run may spend, instead of epochs; updates alone is what Naive spends in its
    /// epochs.
    #[arg(long, value_name = "updates[=N]|seconds=N")]
    pub budget: Option<Budget>,
    /// Where to compute; of several GPUs, with commas, each has a run of its own.
    #[arg(
        long,
        default_value = "flex",
        value_name = "flex|cuda[:i]|tch[:cpu|:cuda[:i]],…"
    )]
    pub device: String,
    /// How exactly to compute, f32, tf32 or bf16; short for --set precision=NAME.
    #[arg(long, value_name = "NAME", value_parser = Precision::parse)]
    pub precision: Option<Precision>,
    /// A setting of every run, for example optim.lr=0.01; may be given several times.
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub set: Vec<String>,
    /// Runs at the same time; as many as there are cores and as fit into memory, or one a GPU, if
    /// left out.
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub jobs: Option<usize>,
    /// Folder of runs and tables; target/reproduce in this workspace if left out.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Rows of the table, for example 1,6 or naive,amst-full; all if left out.
    #[arg(long, value_delimiter = ',', value_name = "ID,…")]
    pub experiments: Vec<String>,
    /// Print the table, or the plan, as JSON.
    #[arg(long)]
    pub json: bool,
    /// Run this `amst` instead of building the workspace's own.
    #[arg(long, value_name = "PROGRAM")]
    pub amst: Option<PathBuf>,
    /// Of times.
    #[command(flatten)]
    pub times: times::TimesArgs,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("nothing would ever run: use 1 or more".into()),
        Ok(n) => Ok(n),
        Err(_) => Err("is not a whole number".into()),
    }
}

/// Runs the command; the exit code is 1 if the table has holes at the end, 130 after Ctrl-C.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.table == amst_recipe::TIMES {
        return times::run(args);
    }
    args.times.refuse(&args.table)?;
    let devices: Devices = args.device.parse()?;
    let request = Request::resolve(args)?;
    let folders = Folders::of(args.out.as_deref(), &request.grid.name);
    let mut entries = collect(built_in(), &request.cells, &folders.runs);
    let missing = request.missing(&entries);
    let jobs = jobs::at_once(args.jobs, &missing, &devices)?;
    let plan = plan::Plan::of(
        &request,
        &entries,
        &missing,
        &folders.runs,
        jobs,
        devices.are_gpus(),
    );
    if args.plan {
        print!("{}", if args.json { plan.json() } else { plan.text() });
        return Ok(ExitCode::SUCCESS);
    }
    folders.check_writable()?;
    let mut failures = Vec::new();
    let interrupted = interrupt::listen()?;
    if !missing.is_empty() {
        eprintln!("{}", plan.total());
        failures = train(
            args,
            &request,
            &devices,
            &folders,
            &missing,
            jobs,
            &interrupted,
        )?;
        entries = collect(built_in(), &request.cells, &folders.runs);
        summary::explain(&mut entries, &failures, interrupted.load(Ordering::SeqCst));
    }
    let table = request.table(&entries);
    let written = folders.write_table(&table)?;
    print!(
        "{}",
        if args.json {
            Json.export(&table)
        } else {
            Terminal::detect().export(&table)
        }
    );
    summary::print(&failures, &written);
    if interrupted.load(Ordering::SeqCst) {
        eprintln!("\ninterrupted; what is done is kept, and the same command goes on");
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    Ok(if table.is_complete() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn train(
    args: &Args,
    request: &Request,
    devices: &Devices,
    folders: &Folders,
    missing: &[Job],
    jobs: usize,
    interrupted: &AtomicBool,
) -> anyhow::Result<Vec<Failure>> {
    let program = match &args.amst {
        Some(program) => std::path::absolute(program)?,
        None => amst::build(&devices.backend)?,
    };
    let cores = available_parallelism().map_or(1, usize::from);
    let setting = Setting {
        program: &program,
        table: &request.grid.name,
        preset: request.preset.name(),
        assignments: &request.assignments,
        devices: &devices.names,
        runs: &folders.runs,
        jobs,
        threads: (cores / jobs).max(1),
        interrupted,
    };
    Ok(pool::run(&setting, missing))
}
