//! `reproduce table1`: what is missing is trained, then the table is printed.

use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use amst_recipe::TIMES;
use amst_report::{Entry, Exporter, Json, Table, Terminal};

use crate::process_args::Pool;
use crate::run_jobs::run_jobs;
use crate::slurm::{self, SlurmTask};
use crate::{
    Args, Caller, Devices, Failure, Folders, Job, Plan, ReproduceError, Request, concurrent_runs,
    export_plan, figure, interrupt, report, summary, times,
};

/// How the command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// The table is complete, or was not asked for.
    Complete,
    /// The table has holes.
    Holes,
    /// Ctrl-C was pressed while runs went on; they are saved.
    Interrupted,
}

impl Finished {
    /// 0, 1, or 130 after Ctrl-C.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Complete => 0,
            Self::Holes => 1,
            Self::Interrupted => interrupt::EXIT_CODE,
        }
    }
}

/// Does what the arguments say. The table or plan goes to standard output, everything else to
/// standard error.
///
/// # Errors
///
/// Nothing was trained or printed: [`ReproduceError`]. Runs that fail are no error, but
/// [`Finished::Holes`].
pub fn reproduce(args: &Args, caller: &Caller) -> Result<Finished, ReproduceError> {
    args.format.check(args.plan, args.json)?;
    let slurm = args.slurm.task()?;
    if args.table == TIMES {
        if slurm.is_some() {
            return Err(ReproduceError::Usage(format!(
                "`{TIMES}` measures this machine: leave --launcher, --status, --collect and \
                 --cancel out"
            )));
        }
        return times::run(args, caller);
    }
    args.times.refuse_for(&args.table, caller.command)?;
    let devices: Devices = args.device.parse()?;
    let request = Request::resolve(args, caller)?;
    let kind = request.grid.figure;
    args.figure.refuse_for(&args.table, kind, caller.command)?;
    let out = args.out.as_deref().unwrap_or(&caller.out);
    let folders = Folders::under(out, &request.grid.name)?;
    let entries = request.entries(&folders.runs);
    if let Some(task) = slurm.filter(|_| !args.plan) {
        return through_slurm(task, args, caller, &request, &folders, entries);
    }
    let missing = request.missing(&entries)?;
    // Before `concurrent_runs`, which looks at this machine's memory alone.
    if let Some(format) = args.format.format {
        let export = export_plan(args, caller, &folders, &missing)?;
        show(&export.text(&args.format, format)?)?;
        eprint!("{}", export.notes()?);
        return Ok(Finished::Complete);
    }
    let jobs = concurrent_runs(args.jobs, &missing, &devices)?;
    let plan = Plan::new(&request, &entries, &missing, &folders.runs, jobs, &devices);
    if args.plan {
        show(&if args.json { plan.json() } else { plan.text() })?;
        return Ok(Finished::Complete);
    }
    folders.check_writable()?;
    let interrupted = interrupt::listen()?;
    let mut table = TableRun {
        args,
        caller,
        request: &request,
        folders: &folders,
        entries,
        failures: Vec::new(),
        stop: &interrupted,
    };
    if !missing.is_empty() {
        eprintln!("{}", plan.total());
        table.train(&devices, &missing, jobs)?;
    }
    table.print()
}

/// Submits a table, or says what has become of it.
fn through_slurm(
    task: SlurmTask,
    args: &Args,
    caller: &Caller,
    request: &Request,
    folders: &Folders,
    mut entries: Vec<Entry>,
) -> Result<Finished, ReproduceError> {
    task.refuse_useless(args.jobs, args.json)?;
    match task {
        SlurmTask::Launch => slurm::launch(args, caller, request, folders, &entries)?,
        SlurmTask::Cancel => slurm::cancel(request, folders)?,
        SlurmTask::Status => {
            let report = slurm::status(request, folders, &entries)?;
            show(&if args.json {
                report.json()
            } else {
                report.text()
            })?;
        }
        SlurmTask::Collect => {
            folders.check_writable()?;
            let report = slurm::status(request, folders, &entries)?;
            slurm::explain_holes(&mut entries, &report);
            let table = TableRun {
                args,
                caller,
                request,
                folders,
                entries,
                failures: Vec::new(),
                stop: &AtomicBool::new(false),
            };
            return table.print();
        }
    }
    Ok(Finished::Complete)
}

/// A table while it is made.
struct TableRun<'a> {
    args: &'a Args,
    caller: &'a Caller<'a>,
    request: &'a Request<'a>,
    folders: &'a Folders,
    entries: Vec<Entry>,
    failures: Vec<Failure>,
    stop: &'a AtomicBool,
}

impl TableRun<'_> {
    /// Trains what is missing and looks again for results.
    fn train(
        &mut self,
        devices: &Devices,
        missing: &[Job],
        jobs: usize,
    ) -> Result<(), ReproduceError> {
        let given = self.args.amst.as_deref();
        let pool = Pool {
            program: self.caller.program(given, devices.backend)?,
            devices: devices.clone(),
            jobs,
        };
        let context = pool.context(self.caller, self.folders, self.stop);
        self.failures = run_jobs(&context, missing);
        self.entries = self.request.entries(&self.folders.runs);
        let interrupted = self.stop.load(Ordering::SeqCst);
        summary::explain(&mut self.entries, &self.failures, interrupted);
        Ok(())
    }

    /// Prints the table and writes its files.
    fn print(&self) -> Result<Finished, ReproduceError> {
        let table = self.request.table(&self.entries);
        let mut written = self.folders.write_table(&table)?;
        show(&if self.args.json {
            Json.export(&table)
        } else {
            Terminal::detect().export(&table)
        })?;
        // After the table, which a log that cannot be drawn must not take away.
        let (request, entries, folders) = (self.request, &self.entries, self.folders);
        if let Some(kind) = request.grid.figure {
            let drawn = figure::draw(kind, request, entries, folders, &self.args.figure)?;
            written.extend(drawn);
        }
        if self.args.report {
            let command_line = &self.caller.command_line;
            let page = report::write(request, &table, entries, folders, command_line)?;
            written.push(page);
        }
        summary::print(&self.failures, &written);
        Ok(self.finished(&table))
    }

    fn finished(&self, table: &Table) -> Finished {
        if self.stop.load(Ordering::SeqCst) {
            eprintln!("\ninterrupted; what is done is kept, and the same command goes on");
            Finished::Interrupted
        } else if table.is_complete() {
            Finished::Complete
        } else {
            Finished::Holes
        }
    }
}

/// Prints to standard output, whose reader may have seen enough.
fn show(text: &str) -> Result<(), ReproduceError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        Err(source) => Err(ReproduceError::Io {
            action: "write",
            path: "standard output".into(),
            source,
        }),
        Ok(()) => Ok(()),
    }
}
