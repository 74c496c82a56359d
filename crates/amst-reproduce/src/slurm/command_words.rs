//! The command that prints the same table elsewhere.

use std::path::Path;

use crate::caller::absolute;
use crate::{Args, Folders, ReproduceError, Request};

/// The arguments of `amst` that collect the table of a request, valid in any working folder.
pub(super) fn collect_words(
    args: &Args,
    request: &Request,
    folders: &Folders,
) -> Result<Vec<String>, ReproduceError> {
    // All by name, so that a new option must be decided about here.
    let Args {
        table,
        datasets,
        modalities,
        seeds: _,
        folds,
        preset,
        tuned,
        experiments,
        report,
        // These are among the request's assignments.
        set: _,
        epochs: _,
        budget: _,
        precision: _,
        // Given below.
        out: _,
        // Of the runs, not of the table.
        device: _,
        jobs: _,
        amst: _,
        // Of a plan, of times or of how the table is shown.
        plan: _,
        json: _,
        format: _,
        figure: _,
        times: _,
        slurm: _,
    } = args;
    let mut words = vec!["reproduce".to_string(), table.clone()];
    let mut add = |option: &str, value: String| words.extend([option.to_string(), value]);
    for dataset in datasets {
        // A name, or the folder of a descriptor.
        let path = Path::new(dataset);
        let is_folder = path.components().count() > 1 && path.exists();
        let found = if is_folder {
            absolute(path)?.display().to_string()
        } else {
            dataset.clone()
        };
        add("--dataset", found);
    }
    for choice in modalities {
        add("--modalities", choice.clone());
    }
    let seeds: Vec<String> = request.seeds.iter().map(u64::to_string).collect();
    add("--seeds", seeds.join(","));
    add("--preset", preset.to_string());
    for assignment in &request.assignments {
        add("--set", assignment.clone());
    }
    if let Some(sweep) = tuned {
        add("--tuned", sweep.clone());
    }
    if !experiments.is_empty() {
        add("--experiments", experiments.join(","));
    }
    let out = folders.runs.parent().unwrap_or(&folders.runs);
    add("--out", out.display().to_string());
    if *folds {
        words.push("--folds".into());
    }
    if *report {
        words.push("--report".into());
    }
    words.push("--collect".into());
    Ok(words)
}
