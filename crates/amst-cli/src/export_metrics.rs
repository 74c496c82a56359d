//! `amst export-metrics`.

use std::path::Path;

use amst_figures::{
    RunLog, TENSORBOARD_FILE, metric_rows, metrics_csv, metrics_jsonl, tensorboard_events,
};
use amst_files::write_file;
use amst_train::TrainError;
use anyhow::Result;

use crate::args::{ExportMetrics, MetricsFormat};

/// Reads the runs and writes their metrics; exporting again replaces what was exported.
pub fn run(args: &ExportMetrics) -> Result<()> {
    let mut runs = Vec::new();
    for folder in &args.runs {
        runs.extend(RunLog::read_below(folder)?);
    }
    match args.to {
        MetricsFormat::Tensorboard => {
            for run in &runs {
                write_events(run, &args.out)?;
            }
            println!("{} runs in {}", runs.len(), args.out.display());
        }
        MetricsFormat::Csv => write(&args.out, &metrics_csv(&metric_rows(&runs)))?,
        MetricsFormat::Jsonl => write(&args.out, &metrics_jsonl(&metric_rows(&runs)))?,
    }
    Ok(())
}

/// `DIR/DATASET/METHOD/SEED-CELL/`: the run's name in TensorBoard.
fn write_events(run: &RunLog, out: &Path) -> Result<()> {
    let name = run.folder.file_name().unwrap_or_default();
    let folder = out.join(run.dataset()).join(run.method().name()).join(name);
    std::fs::create_dir_all(&folder).map_err(TrainError::io("write", &folder, "--out"))?;
    write_file(&folder.join(TENSORBOARD_FILE), tensorboard_events(run))?;
    Ok(())
}

fn write(file: &Path, text: &str) -> Result<()> {
    write_file(file, text)?;
    println!("{}", file.display());
    Ok(())
}
