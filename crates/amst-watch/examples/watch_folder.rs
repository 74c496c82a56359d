//! Watches the runs below a folder, with what their logs alone say. `amst watch` also knows which
//! of them a process trains.
//!
//! `cargo run -p amst-watch --example watch_folder -- RUNS [--once]`

use std::path::Path;

use amst_figures::{RunLog, find_runs};
use amst_watch::{WatchOptions, WatchedRun, WatchedState, once, watch};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let folder = arguments.next().ok_or("name the folder of runs")?;
    let list = || runs(folder.as_ref());
    if arguments.next().as_deref() == Some("--once") {
        print!("{}", once(&list()));
    } else {
        watch(list, &WatchOptions::default())?;
    }
    Ok(())
}

fn runs(folder: &Path) -> Vec<WatchedRun> {
    let folders = find_runs(folder).unwrap_or_default();
    folders.into_iter().map(|run| described(&run)).collect()
}

fn described(folder: &Path) -> WatchedRun {
    let run = WatchedRun::in_folder(folder);
    let log = match RunLog::read(folder) {
        Ok(log) => log,
        Err(error) => {
            let state = WatchedState::Damaged {
                why: error.to_string(),
            };
            return WatchedRun { state, ..run };
        }
    };
    let fused = log.epochs.values().filter_map(|epoch| {
        let fused = epoch.validation.get("fused")?;
        fused.accuracy
    });
    WatchedRun {
        state: match &log.result {
            Some(_) => WatchedState::Finished,
            None => WatchedState::Stopped,
        },
        epoch: log.epochs.len(),
        epochs: Some(log.recipe.epochs),
        best_val_accuracy: fused.fold(None, |best: Option<f64>, accuracy| {
            Some(best.map_or(accuracy, |best| best.max(accuracy)))
        }),
        test_accuracy: log
            .result
            .as_ref()
            .and_then(|result| Some(result.test.outputs.get("fused")?.accuracy)),
        ..run
    }
}
