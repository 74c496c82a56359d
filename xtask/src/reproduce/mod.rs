//! `cargo xtask reproduce table1`: what is missing is trained, then the table is printed.

mod amst;
mod args;
mod budget;
mod child;
mod columns;
mod context;
mod cost;
mod device;
mod estimate;
mod figure;
mod folders;
mod interrupt;
mod job;
mod jobs;
mod outcome;
mod plan;
mod pool;
mod progress;
mod protocol;
mod report;
mod request;
mod summary;
mod times;

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::available_parallelism;

use ::amst::methods::built_in;
use amst_report::{Exporter, Json, Terminal, collect};

pub use self::args::Args;
use self::context::RunContext;
use self::device::Devices;
use self::folders::Folders;
use self::job::Job;
use self::outcome::Failure;
use self::plan::Plan;
use self::request::Request;

/// Runs the command; the exit code is 1 if the table has holes at the end, 130 after Ctrl-C.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    if args.table == amst_recipe::TIMES {
        return times::run(args);
    }
    args.times.refuse_for(&args.table)?;
    let devices: Devices = args.device.parse()?;
    let request = Request::resolve(args)?;
    args.figure.refuse_for(&args.table, request.grid.figure)?;
    let folders = Folders::for_table(args.out.as_deref(), &request.grid.name);
    let mut entries = collect(built_in(), &request.cells, &folders.runs);
    let missing = request.missing(&entries);
    let jobs = jobs::concurrent_runs(args.jobs, &missing, &devices)?;
    let plan = Plan::new(
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
        failures = train(args, &devices, &folders, &missing, jobs, &interrupted)?;
        entries = collect(built_in(), &request.cells, &folders.runs);
        summary::explain(&mut entries, &failures, interrupted.load(Ordering::SeqCst));
    }
    let table = request.table(&entries);
    let mut written = folders.write_table(&table)?;
    let text = if args.json {
        Json.export(&table)
    } else {
        Terminal::detect().export(&table)
    };
    print!("{text}");
    // After the table, which a log that cannot be drawn must not take away.
    if let Some(kind) = request.grid.figure {
        let drawn = figure::draw(kind, &request, &entries, &folders, &args.figure)?;
        written.extend(drawn);
    }
    if args.report {
        written.push(report::write(&request, &table, &entries, &folders)?);
    }
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
    let context = RunContext {
        program: &program,
        devices: &devices.names,
        folders,
        jobs,
        threads: (cores / jobs).max(1),
        interrupted,
    };
    Ok(pool::run(&context, missing))
}
