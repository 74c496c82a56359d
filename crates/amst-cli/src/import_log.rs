//! `amst import-log`.

use std::path::{Path, PathBuf};

use amst::methods::built_in;
use amst_figures::{
    ComparedNumber, LogArguments, PublishedDifferences, PublishedLog, RunLog, compare_with_runs,
};
use amst_recipe::check_folder_name;
use amst_train::TrainError;
use anyhow::Result;

use crate::args::ImportLog;
use crate::failure::Usage;

/// Writes each log as a run that is drawn as published, and prints its best epoch; then, where runs
/// are given, how far they are from it.
pub fn run(args: &ImportLog) -> Result<()> {
    let known: Vec<&str> = built_in().names().collect();
    // All are read before any is written.
    let mut logs = Vec::new();
    for file in &args.files {
        let log = read(args, file)?;
        // They become folders, and are read again from the recipe.
        let run = log.run_log(Path::new(""), &known);
        for (what, name) in [("method", run.method().name()), ("dataset", run.dataset())] {
            check_folder_name(&format!("{}: the {what}", file.display()), name)?;
        }
        logs.push(log);
    }
    let mut runs = Vec::new();
    for folder in &args.compare {
        runs.extend(RunLog::read_below(folder)?);
    }
    println!("log                        epochs  best epoch  validation   test  folder");
    for log in &logs {
        let folder = folder(&args.out, log, &known);
        log.write_run(&folder, &known)?;
        println!("{}", line(log, &folder));
    }
    for log in logs.iter().filter(|_| !args.compare.is_empty()) {
        let own = log.run_log(Path::new(""), &known);
        let same: Vec<RunLog> = runs
            .iter()
            .filter(|run| run.dataset() == own.dataset() && run.method() == own.method())
            .cloned()
            .collect();
        print_differences(&compare_with_runs(log, &same));
    }
    Ok(())
}

fn read(args: &ImportLog, file: &Path) -> Result<PublishedLog> {
    let bytes = std::fs::read(file).map_err(TrainError::io("read", file, "FILE"))?;
    let text = String::from_utf8_lossy(&bytes);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let is_csv = file
        .extension()
        .is_some_and(|ending| ending.eq_ignore_ascii_case("csv"));
    if !is_csv {
        return Ok(PublishedLog::parse(&name, &text)?);
    }
    let (Some(method), Some(dataset)) = (&args.method, &args.dataset) else {
        return Err(Usage(format!(
            "{}: a CSV file does not say what it is of: add `--method NAME --dataset NAME`",
            file.display()
        ))
        .into());
    };
    let arguments = LogArguments {
        method: method.clone(),
        dataset: dataset.clone(),
        seed: args.seed,
        ..LogArguments::default()
    };
    Ok(PublishedLog::from_csv(&name, &text, arguments)?)
}

/// `DIR/DATASET/METHOD/SEED-FILE`.
fn folder(out: &Path, log: &PublishedLog, known: &[&str]) -> PathBuf {
    let run = log.run_log(Path::new(""), known);
    let stem = Path::new(&log.name).file_stem().unwrap_or_default();
    let name = format!("{}-{}", run.seed(), stem.to_string_lossy());
    out.join(run.dataset()).join(run.method().name()).join(name)
}

fn line(log: &PublishedLog, folder: &Path) -> String {
    let best = log.best();
    let cut = if log.was_cut { ", breaks off" } else { "" };
    format!(
        "{:<26} {:>6}  {:>10}  {:>10}  {:>5}  {}{cut}",
        log.name,
        log.epochs.len(),
        best.map_or("-".into(), |best| best.epoch.to_string()),
        share(best.map(|best| best.validation)),
        share(best.and_then(|best| best.test)),
        folder.display()
    )
}

/// In per cent with one decimal.
fn share(value: Option<f64>) -> String {
    value.map_or("-".into(), |value| format!("{:.1}", 100.0 * value))
}

fn print_differences(found: &PublishedDifferences) {
    println!(
        "\n{} and {} runs of the same method and data set",
        found.title, found.runs
    );
    if found.runs == 0 {
        return;
    }
    println!("                         ours  published  difference");
    let percent = |number: &ComparedNumber| {
        let scaled = |value: Option<f64>| value.map(|value| 100.0 * value);
        [
            scaled(number.ours.map(|ours| ours.mean)),
            scaled(number.published),
            scaled(number.difference()),
        ]
    };
    let epoch = &found.best_epoch;
    let rows = [
        (
            "best epoch",
            [
                epoch.ours.map(|ours| ours.mean),
                epoch.published,
                epoch.difference(),
            ],
        ),
        ("validation there (%)", percent(&found.validation_accuracy)),
        ("test there (%)", percent(&found.test_accuracy)),
    ];
    for (what, [ours, published, difference]) in rows {
        let text = |value: Option<f64>| value.map_or("-".into(), |value| format!("{value:.1}"));
        let difference = difference.map_or("-".into(), |value| format!("{value:+.1}"));
        println!(
            "{what:<22} {:>6}  {:>9}  {difference:>10}",
            text(ours),
            text(published)
        );
    }
    for curve in &found.curves {
        println!(
            "{:<22} validation curves are {:.1} points apart in the mean of {} epochs, {:.1} at most",
            curve.output,
            100.0 * curve.mean,
            curve.epochs,
            100.0 * curve.largest
        );
    }
}
