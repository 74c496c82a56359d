//! `amst report`.

use std::collections::BTreeMap;

use amst_annotations::shell_word;
use amst_figures::RunLog;
use amst_files::write_file;
use amst_html_report::{Audit, Report, ReportOptions, TEMPLATE, render};
use amst_train::TrainError;
use anyhow::Result;

use crate::args;
use crate::audit::audit_manifest;
use crate::failure::Usage;

/// Reads the runs and writes the page.
pub fn run(args: &args::Report) -> Result<()> {
    if args.print_template {
        print!("{TEMPLATE}");
        return Ok(());
    }
    if args.out.exists() && !args.force {
        return Err(Usage(format!(
            "{} is there already: give another name, `--out FILE`, or `--force` to replace it",
            args.out.display()
        ))
        .into());
    }
    let template = args.template.as_ref().map(|path| {
        std::fs::read_to_string(path).map_err(TrainError::io("read", path, "--template"))
    });
    let template = template.transpose()?;
    let mut runs = Vec::new();
    for folder in &args.runs {
        runs.extend(RunLog::read_below(folder)?);
    }
    let options = ReportOptions {
        title: args.title.clone(),
        command: command(args),
        audits: audits(&runs),
    };
    let page = render(&Report::of_runs(runs, &options)?, template.as_deref())?;
    write_file(&args.out, &page)?;
    println!("{}", args.out.display());
    Ok(())
}

/// The command line that was given, as a shell takes it.
fn command(args: &args::Report) -> String {
    let mut words = vec!["amst".to_string(), "report".into()];
    words.extend(args.runs.iter().map(|folder| folder.display().to_string()));
    words.extend(["--out".into(), args.out.display().to_string()]);
    if let Some(title) = &args.title {
        words.extend(["--title".into(), title.clone()]);
    }
    if let Some(template) = &args.template {
        words.extend(["--template".into(), template.display().to_string()]);
    }
    let quoted: Vec<String> = words.iter().map(|word| shell_word(word)).collect();
    quoted.join(" ")
}

/// What the audit of each data set says, of the split that its first run used.
fn audits(runs: &[RunLog]) -> BTreeMap<String, Audit> {
    let mut audits = BTreeMap::new();
    for run in runs {
        let name = run.dataset();
        if audits.contains_key(name) {
            continue;
        }
        let audit = match audit_manifest(name, run.recipe.fold) {
            Ok(Some(report)) => Audit {
                text: report.to_string(),
                done: true,
            },
            Ok(None) => Audit {
                text: format!(
                    "No manifest of a data set of this name is at hand here: \
                     `amst audit {name}` says what there is to know of its lists."
                ),
                done: false,
            },
            Err(error) => Audit {
                text: format!("The data could not be audited: {error}"),
                done: false,
            },
        };
        audits.insert(name.to_string(), audit);
    }
    audits
}
