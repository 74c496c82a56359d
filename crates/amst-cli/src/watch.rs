//! `amst watch`.

use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use amst_figures::is_published;
use amst_train::{RunState, RunStatus};
use amst_watch::{WatchOptions, WatchedRun, WatchedState, once, watch};
use anyhow::Result;

use crate::args::Watch;
use crate::failure::Usage;

/// Shows the runs until the user leaves.
pub fn run(args: &Watch) -> Result<()> {
    if !args.runs.is_dir() {
        return Err(Usage(format!(
            "{} is not a folder: give the one that `--out` named",
            args.runs.display()
        ))
        .into());
    }
    if args.once {
        print!("{}", once(&watched(&args.runs)));
        return Ok(());
    }
    if !std::io::stdout().is_terminal() {
        let why = "there is no terminal to draw on; `--once` prints the runs as text";
        return Err(Usage(why.into()).into());
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [
        signal_hook::consts::SIGTERM,
        signal_hook::consts::SIGHUP,
        signal_hook::consts::SIGINT,
    ] {
        signal_hook::flag::register(signal, stop.clone())?;
    }
    let options = WatchOptions {
        interval: Duration::from_secs(args.every),
        stop,
    };
    watch(|| watched(&args.runs), &options)?;
    Ok(())
}

fn watched(folder: &Path) -> Vec<WatchedRun> {
    let mut runs = amst_train::status(folder);
    runs.retain(|run| !is_published(&run.dir));
    runs.into_iter().map(watched_run).collect()
}

fn watched_run(status: RunStatus) -> WatchedRun {
    let mut run = WatchedRun::in_folder(status.dir);
    run.epoch = status.epoch;
    run.epochs = status.epochs;
    run.best_val_accuracy = status.best_val_accuracy;
    run.seconds_left = status.seconds_left;
    run.state = match status.state {
        RunState::Running { .. } => WatchedState::Running,
        RunState::Stopped => WatchedState::Stopped,
        RunState::Finished { test_accuracy } => {
            run.test_accuracy = Some(test_accuracy);
            WatchedState::Finished
        }
        RunState::Diverged { why } => WatchedState::Diverged { why },
        RunState::Failed { why } => WatchedState::Failed { why },
        RunState::Damaged { why } => WatchedState::Damaged { why },
    };
    run
}
