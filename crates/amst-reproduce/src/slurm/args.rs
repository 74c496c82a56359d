//! The options.

use super::{SbatchOption, TimeLimit};
use crate::ReproduceError;

/// What carries a table out, where this machine does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Launcher {
    /// SLURM: job arrays, submitted with sbatch
    Slurm,
}

/// How a table is submitted, and what became of it.
#[derive(clap::Args, Clone, Debug, Default)]
#[command(next_help_heading = "On a SLURM cluster")]
pub struct SlurmArgs {
    /// Submit what is missing and not in the queue, and return.
    #[arg(long, value_enum, value_name = "NAME")]
    pub launcher: Option<Launcher>,
    /// --launcher: how long a task may take until its run is saved and the task requeued, for
    /// example 4h; the partition's own limit if left out.
    #[arg(long, value_name = "TIME")]
    pub time: Option<TimeLimit>,
    /// --launcher: where to run; the cluster's default partition if left out.
    #[arg(long, value_name = "NAME")]
    pub partition: Option<String>,
    /// --launcher: tasks at the same time; as many as the scheduler starts if left out.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub throttle: Option<u32>,
    /// --launcher: any other option of sbatch, for example account=NAME; may be given several
    /// times.
    #[arg(long, value_name = "KEY=VALUE")]
    pub sbatch: Vec<SbatchOption>,
    /// Say of each run whether it is done, running, in the queue, failed or missing.
    #[arg(long)]
    pub status: bool,
    /// Print the table from what is done, with the reason of each hole; train nothing.
    #[arg(long)]
    pub collect: bool,
    /// Cancel what was submitted of this table and has not ended.
    #[arg(long)]
    pub cancel: bool,
}

/// What is to be done with the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SlurmTask {
    Launch,
    Status,
    Collect,
    Cancel,
}

impl SlurmTask {
    fn option(self) -> &'static str {
        match self {
            Self::Launch => "--launcher",
            Self::Status => "--status",
            Self::Collect => "--collect",
            Self::Cancel => "--cancel",
        }
    }

    /// Refuses options that would be without effect.
    pub fn refuse_useless(self, jobs: Option<usize>, json: bool) -> Result<(), ReproduceError> {
        if self == Self::Launch && jobs.is_some() {
            return Err(ReproduceError::Usage(
                "--jobs is about this machine: on a cluster `--throttle N` limits the runs at a \
                 time"
                    .into(),
            ));
        }
        if matches!(self, Self::Launch | Self::Cancel) && json {
            return Err(ReproduceError::Usage(format!(
                "--json says nothing with {}: leave it out, or use it with --status or --collect",
                self.option()
            )));
        }
        Ok(())
    }
}

impl SlurmArgs {
    /// What is asked for, if anything.
    ///
    /// # Errors
    ///
    /// Two things at once, or options that would be without effect.
    pub(crate) fn task(&self) -> Result<Option<SlurmTask>, ReproduceError> {
        let asked = [
            (SlurmTask::Status, self.status),
            (SlurmTask::Collect, self.collect),
            (SlurmTask::Cancel, self.cancel),
        ];
        let mut tasks = asked
            .iter()
            .filter(|(_, asked)| *asked)
            .map(|(task, _)| *task);
        let (task, second) = (tasks.next(), tasks.next());
        if let (Some(first), Some(second)) = (task, second) {
            return Err(ReproduceError::Usage(format!(
                "{} and {} are two things: leave one of them out",
                first.option(),
                second.option()
            )));
        }
        // `--launcher slurm --status` asks for the status: the first may stand in both commands.
        let task = task.or(self.launcher.map(|_| SlurmTask::Launch));
        let submits = task == Some(SlurmTask::Launch);
        let given = [
            ("--time", self.time.is_some()),
            ("--partition", self.partition.is_some()),
            ("--throttle", self.throttle.is_some()),
            ("--sbatch", !self.sbatch.is_empty()),
        ];
        match given
            .into_iter()
            .find(|(_, given)| *given && self.launcher.is_none())
        {
            Some((option, _)) if !submits => Err(ReproduceError::Usage(format!(
                "{option} says nothing without `--launcher slurm`: add that, or leave {option} out"
            ))),
            _ => Ok(task),
        }
    }
}
