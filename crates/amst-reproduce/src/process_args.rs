//! How many processes of `amst` there are, and where they compute.

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::thread::available_parallelism;

use crate::run_jobs::run_jobs;
use crate::{Caller, Devices, Failure, Folders, Job, ReproduceError, RunContext, concurrent_runs};

/// Where and with how much at a time runs are trained.
#[derive(clap::Args, Debug)]
pub struct ProcessArgs {
    /// Where to compute; of several GPUs, with commas, each has a run of its own.
    #[arg(
        long,
        default_value = "flex",
        value_name = "flex|cuda[:i]|tch[:cpu|:cuda[:i]]|wgpu[:i],…"
    )]
    pub device: String,
    /// Runs at the same time; as many as there are cores and as fit into memory, or one a GPU, if
    /// left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub jobs: Option<u16>,
    /// Run this `amst`; if left out, the one of the checkout, which is built, or this program.
    #[arg(long, value_name = "PROGRAM")]
    pub amst: Option<PathBuf>,
}

/// The same, and where runs are kept.
#[derive(clap::Args, Debug)]
pub struct PoolArgs {
    /// How runs are started.
    #[command(flatten)]
    pub processes: ProcessArgs,
    /// Folder of runs and results, shared with `reproduce`.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
}

impl ProcessArgs {
    pub(crate) fn devices(&self) -> Result<Devices, ReproduceError> {
        self.device.parse()
    }

    /// Runs at the same time, of these jobs.
    pub(crate) fn at_once(&self, jobs: &[Job], devices: &Devices) -> Result<usize, ReproduceError> {
        concurrent_runs(self.jobs.map(usize::from), jobs, devices)
    }

    /// What starts these jobs, the program built if need be.
    pub(crate) fn pool(&self, caller: &Caller, jobs: &[Job]) -> Result<Pool, ReproduceError> {
        let devices = self.devices()?;
        Ok(Pool {
            jobs: self.at_once(jobs, &devices)?,
            program: caller.program(self.amst.as_deref(), devices.backend)?,
            devices,
        })
    }
}

impl PoolArgs {
    /// Folders of runs, and of what is made of them under a name.
    pub(crate) fn folders(&self, caller: &Caller, name: &str) -> Result<Folders, ReproduceError> {
        Folders::under(self.out.as_deref().unwrap_or(&caller.out), name)
    }

    /// Trains jobs, with bars or lines on standard error.
    pub(crate) fn train(
        &self,
        caller: &Caller,
        folders: &Folders,
        jobs: &[Job],
        stop: &AtomicBool,
    ) -> Result<Vec<Failure>, ReproduceError> {
        if jobs.is_empty() {
            return Ok(Vec::new());
        }
        let pool = self.processes.pool(caller, jobs)?;
        Ok(run_jobs(&pool.context(caller, folders, stop), jobs))
    }
}

/// A program, and how many processes of it there are at a time.
pub(crate) struct Pool {
    pub program: PathBuf,
    pub devices: Devices,
    pub jobs: usize,
}

impl Pool {
    /// The cores are shared out among the processes.
    pub fn context<'a>(
        &'a self,
        caller: &'a Caller,
        folders: &'a Folders,
        stop: &'a AtomicBool,
    ) -> RunContext<'a> {
        let cores = available_parallelism().map_or(1, usize::from);
        RunContext {
            program: &self.program,
            working_dir: &caller.working_dir,
            datasets: &caller.datasets,
            devices: &self.devices.names,
            folders,
            jobs: self.jobs,
            threads: (cores / self.jobs).max(1),
            stop,
        }
    }
}

/// The seeds that were named, each once: a run that counted twice would narrow an interval.
pub(crate) fn distinct(seeds: &[u64]) -> Vec<u64> {
    let mut once = Vec::new();
    for seed in seeds {
        if !once.contains(seed) {
            once.push(*seed);
        }
    }
    once
}
