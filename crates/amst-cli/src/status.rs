//! `amst status`.

use amst_figures::is_published;
use amst_train::{RunState, RunStatus};
use anyhow::Result;

use crate::args::Status;
use crate::failure::Usage;

/// Prints one line for each run.
pub fn run(args: &Status) -> Result<()> {
    if !args.runs.is_dir() {
        return Err(Usage(format!(
            "{} is not a folder: give the one that `--out` named",
            args.runs.display()
        ))
        .into());
    }
    let mut runs = amst_train::status(&args.runs);
    // An imported log is nothing that trains.
    runs.retain(|run| !is_published(&run.dir));
    if args.json {
        println!("{}", serde_json::to_string_pretty(&runs)?);
    } else if runs.is_empty() {
        println!("no runs in {}", args.runs.display());
    } else {
        print_table(&runs);
    }
    Ok(())
}

fn print_table(runs: &[RunStatus]) {
    let width = runs.iter().map(|run| run.name.len()).max().unwrap_or(0);
    println!(
        "{:<width$}  {:<9} {:>9}  {:>8}  {:>9}",
        "run", "state", "epoch", "best val", "left"
    );
    for run in runs {
        let epoch = run
            .epochs
            .map_or("-".into(), |all| format!("{}/{all}", run.epoch));
        let best = run
            .best_val_accuracy
            .map_or("-".into(), |best| format!("{:.1} %", 100.0 * best));
        let left = run.seconds_left.map_or("-".into(), in_words);
        let state = run.state.name();
        println!(
            "{:<width$}  {state:<9} {epoch:>9}  {best:>8}  {left:>9}{}",
            run.name,
            detail(&run.state)
        );
    }
}

fn detail(state: &RunState) -> String {
    match state {
        RunState::Running { by } => format!("  {by}"),
        RunState::Failed { why } | RunState::Diverged { why } | RunState::Damaged { why } => {
            format!("  {why}")
        }
        RunState::Finished { test_accuracy } => format!("  test {:.1} %", 100.0 * test_accuracy),
        RunState::Stopped => String::new(),
    }
}

fn in_words(seconds: f64) -> String {
    let minutes = (seconds / 60.0).ceil() as u64;
    match minutes {
        0..60 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}
