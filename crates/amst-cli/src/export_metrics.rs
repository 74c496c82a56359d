//! `amst export-metrics`.

use std::path::Path;

use amst_figures::{
    EventImage, RunLog, TENSORBOARD_FILE, metric_rows, metrics_csv, metrics_jsonl,
    tensorboard_events_with,
};
use amst_files::write_file;
use amst_train::TrainError;
use anyhow::Result;

use crate::args::{ExportMetrics, MetricsFormat};
use crate::failure::Usage;

/// Reads the runs and writes their metrics; exporting again replaces what was exported.
pub fn run(args: &ExportMetrics) -> Result<()> {
    refuse_images(args)?;
    let mut runs = Vec::new();
    for folder in &args.runs {
        runs.extend(RunLog::read_below(folder)?);
    }
    match args.to {
        MetricsFormat::Tensorboard => {
            for run in &runs {
                write_events(run, args)?;
            }
            println!("{} runs in {}", runs.len(), args.out.display());
        }
        MetricsFormat::Csv => write(&args.out, &metrics_csv(&metric_rows(&runs)))?,
        MetricsFormat::Jsonl => write(&args.out, &metrics_jsonl(&metric_rows(&runs)))?,
    }
    Ok(())
}

/// `DIR/DATASET/METHOD/SEED-CELL/`: the run's name in TensorBoard.
fn write_events(run: &RunLog, args: &ExportMetrics) -> Result<()> {
    let images = if args.images {
        images(run)?
    } else {
        Vec::new()
    };
    let name = run.folder.file_name().unwrap_or_default();
    let folder = args
        .out
        .join(run.dataset())
        .join(run.method().name())
        .join(name);
    std::fs::create_dir_all(&folder).map_err(TrainError::io("write", &folder, "--out"))?;
    write_file(
        &folder.join(TENSORBOARD_FILE),
        tensorboard_events_with(run, &images),
    )?;
    Ok(())
}

fn refuse_images(args: &ExportMetrics) -> Result<(), Usage> {
    if args.images && args.to != MetricsFormat::Tensorboard {
        let why = "--images is for `--to tensorboard`; leave it out";
        return Err(Usage(why.into()));
    }
    if args.images && !cfg!(feature = "png") {
        return Err(without_png());
    }
    Ok(())
}

/// Training and validation accuracy over epochs.
#[cfg(feature = "png")]
fn images(run: &RunLog) -> Result<Vec<EventImage>> {
    use amst_figures::{CurveOptions, Panel, Split, draw_curves};

    /// Wide enough for letters that can be read.
    const WIDTH_PX: u32 = 800;
    let mut images = Vec::new();
    if run.epochs.is_empty() {
        return Ok(images);
    }
    let panel = Panel::new(run.method().name(), vec![run.clone()])?;
    for split in [Split::Train, Split::Validation] {
        let options = CurveOptions {
            split,
            ..CurveOptions::default()
        };
        let png = draw_curves(std::slice::from_ref(&panel), &options)?.png(WIDTH_PX)?;
        let tag = format!("figures/{}", split.name());
        images.push(EventImage::of_png(tag, png)?);
    }
    Ok(images)
}

#[cfg(not(feature = "png"))]
fn images(_: &RunLog) -> Result<Vec<EventImage>> {
    Err(without_png().into())
}

fn without_png() -> Usage {
    Usage(
        "this amst was built without PNG: `cargo build --release -p amst-cli --features png` builds \
         one with it"
            .into(),
    )
}

fn write(file: &Path, text: &str) -> Result<()> {
    write_file(file, text)?;
    println!("{}", file.display());
    Ok(())
}
