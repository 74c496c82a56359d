//! `reproduce table3`: lets `amst` time epochs.

use std::path::Path;
use std::process::Command;

use amst_recipe::{DatasetSpec, TIMES, TimesTable};

use crate::columns::columns;
use crate::{Args, Backend, Caller, Finished, Folders, ReproduceError};

/// Times every data set that was named, one after the other.
pub fn run(args: &Args, caller: &Caller) -> Result<Finished, ReproduceError> {
    refuse(args)?;
    TimesTable::read()?.rows(&args.experiments)?;
    let columns = timed_columns(args, caller)?;
    if args.json && columns.len() > 1 {
        return Err(ReproduceError::Usage(
            "--json prints one object: ask for one data set, in one choice of modalities, at a time"
                .into(),
        ));
    }
    let backend: Backend = args.device.parse()?;
    let program = caller.program(args.amst.as_deref(), backend)?;
    for column in columns {
        time(args, caller, &program, &column)?;
    }
    Ok(Finished::Complete)
}

/// What each call of `amst time` is given of its own: a data set, and modalities where they were
/// chosen.
fn timed_columns(args: &Args, caller: &Caller) -> Result<Vec<Vec<String>>, ReproduceError> {
    let mut timed = Vec::new();
    for name in &args.times.shapes {
        let name = DatasetSpec::shapes(name)?.name;
        if args.modalities.is_empty() {
            timed.push(column("--shapes", &name, None));
        }
        for choice in &args.modalities {
            let chosen = Some(choice.as_str()).filter(|choice| *choice != "own");
            timed.push(column("--shapes", &name, chosen));
        }
    }
    if timed.is_empty() {
        let (methods, folder) = (caller.methods, &caller.datasets);
        for it in columns(methods, folder, &args.datasets, &args.modalities)? {
            timed.push(column("--dataset", &it.argument, it.modalities.as_deref()));
        }
    }
    Ok(timed)
}

fn column(option: &str, name: &str, modalities: Option<&str>) -> Vec<String> {
    let mut arguments = vec![option.to_string(), name.to_string()];
    if let Some(list) = modalities {
        arguments.extend(["--modalities".to_string(), list.to_string()]);
    }
    arguments
}

fn refuse(args: &Args) -> Result<(), ReproduceError> {
    let given = [
        (
            "--plan",
            args.plan,
            "nothing is kept of it, so there is nothing to plan",
        ),
        (
            "--seeds",
            !args.seeds.is_empty(),
            "a seed does not change how long an epoch takes; use --rounds",
        ),
        (
            "--jobs",
            args.jobs.is_some(),
            "runs side by side would time each other",
        ),
        (
            "--budget",
            args.budget.is_some(),
            "epochs are timed, not runs",
        ),
        (
            "--report",
            args.report,
            "a report is of runs, and epochs are timed without any",
        ),
    ];
    match given.into_iter().find(|(_, given, _)| *given) {
        Some((option, _, why)) => Err(ReproduceError::Usage(format!(
            "{option} does not go with {TIMES}: {why}"
        ))),
        None => Ok(()),
    }
}

fn time(
    args: &Args,
    caller: &Caller,
    program: &Path,
    column: &[String],
) -> Result<(), ReproduceError> {
    let status = command(args, caller, program, column)?
        .status()
        .map_err(|source| ReproduceError::Start {
            program: program.into(),
            source,
        })?;
    let (code, text) = match status.code() {
        Some(0) => return Ok(()),
        // Its message, on standard error, has the reason.
        Some(code) => (
            u8::try_from(code).unwrap_or(1),
            format!("`amst time` returned {code}"),
        ),
        None => (1, format!("`amst time` was ended: {status}")),
    };
    Err(ReproduceError::Times { code, text })
}

fn command(
    args: &Args,
    caller: &Caller,
    program: &Path,
    column: &[String],
) -> Result<Command, ReproduceError> {
    let times = &args.times;
    let mut command = Command::new(program);
    command
        .current_dir(&caller.working_dir)
        .env("AMST_DATASETS", &caller.datasets)
        .arg("time")
        .args(column)
        .args(["--device", &args.device])
        .args(["--preset", args.preset.name()]);
    for (name, list) in [
        ("--methods", &args.experiments),
        ("--execution", &times.execution),
    ] {
        if !list.is_empty() {
            command.args([name, &list.join(",")]);
        }
    }
    for (name, value) in [
        ("--samples", times.samples.map(|n| n.to_string())),
        ("--rounds", times.rounds.map(|n| n.to_string())),
        ("--limit", times.limit.map(|n| n.to_string())),
        ("--epochs", args.epochs.map(|n| n.to_string())),
        ("--precision", args.precision.map(|p| p.name().to_string())),
    ] {
        if let Some(value) = value {
            command.args([name, &value]);
        }
    }
    for assignment in &args.set {
        command.args(["--set", assignment]);
    }
    let out = args.out.as_deref().unwrap_or(&caller.out);
    let folders = Folders::under(out, TIMES)?;
    command.arg("--out").arg(folders.runs);
    if args.json {
        command.arg("--json");
    }
    Ok(command)
}
