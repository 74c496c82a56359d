//! `cargo xtask reproduce table3`: builds `amst` and lets it time epochs.

use std::path::PathBuf;
use std::process::{Command, ExitCode};

use amst_recipe::{DatasetSpec, TIMES, TimesTable};
use anyhow::Context;

use super::columns::columns;
use super::device::Device;
use super::folders::Folders;
use super::{Args, amst};
use crate::exit::{Coded, Usage};
use crate::workspace::root;

/// What only this table takes.
#[derive(clap::Args, Debug)]
pub struct TimesArgs {
    /// table3: a data set of the paper in its shapes alone, with drawn contents; may be given
    /// several times.
    #[arg(long, value_name = "NAME")]
    pub shapes: Vec<String>,
    /// table3: training samples of the shapes, the other splits in proportion.
    #[arg(long, value_name = "N", value_parser = super::at_least_one)]
    pub samples: Option<usize>,
    /// table3: rounds, each with an epoch of every kind of every system; three if left out.
    #[arg(long, value_name = "N", value_parser = super::at_least_one)]
    pub rounds: Option<usize>,
    /// table3: begin no round that would end later than so many seconds after the start.
    #[arg(long, value_name = "SECONDS")]
    pub limit: Option<f64>,
    /// table3: how skipping is carried out, fast, official or both.
    #[arg(long, value_name = "KIND,…", value_delimiter = ',', value_parser = ["fast", "official"])]
    pub execution: Vec<String>,
}

impl TimesArgs {
    /// Refuses what another table could not heed.
    pub fn refuse(&self, table: &str) -> Result<(), Usage> {
        let given = [
            ("--shapes", !self.shapes.is_empty()),
            ("--samples", self.samples.is_some()),
            ("--rounds", self.rounds.is_some()),
            ("--limit", self.limit.is_some()),
            ("--execution", !self.execution.is_empty()),
        ];
        match given.into_iter().find(|(_, given)| *given) {
            Some((option, _)) => Err(Usage(format!(
                "{option} is about times: `{table}` shows accuracies; use `reproduce {TIMES}`"
            ))),
            None => Ok(()),
        }
    }
}

/// Times every data set that was named, one after the other.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    refuse(args)?;
    TimesTable::read()?.rows(&args.experiments)?;
    let columns = timed_columns(args)?;
    if args.json && columns.len() > 1 {
        return Err(Usage(
            "--json prints one object: ask for one data set, in one choice of modalities, at a time".into(),
        )
        .into());
    }
    let device: Device = args.device.parse()?;
    let program = match &args.amst {
        Some(program) => std::path::absolute(program)?,
        None => amst::build(&device)?,
    };
    for column in columns {
        time(args, program.clone(), &column)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// What each call of `amst time` is given of its own: a data set, and modalities where they were
/// chosen.
fn timed_columns(args: &Args) -> anyhow::Result<Vec<Vec<String>>> {
    let mut all = Vec::new();
    for name in &args.times.shapes {
        let name = DatasetSpec::shapes(name)?.name;
        let choices = if args.modalities.is_empty() {
            vec!["own".to_string()]
        } else {
            args.modalities.clone()
        };
        all.extend(
            choices
                .into_iter()
                .map(|chosen| column("--shapes", &name, Some(chosen).filter(|c| c != "own"))),
        );
    }
    if all.is_empty() {
        let columns = columns(&args.datasets, &args.modalities)?;
        all.extend(
            columns
                .into_iter()
                .map(|c| column("--dataset", &c.argument, c.modalities)),
        );
    }
    Ok(all)
}

fn column(option: &str, name: &str, modalities: Option<String>) -> Vec<String> {
    let modalities = modalities.map(|list| ["--modalities".to_string(), list]);
    [option.to_string(), name.to_string()]
        .into_iter()
        .chain(modalities.into_iter().flatten())
        .collect()
}

fn refuse(args: &Args) -> Result<(), Usage> {
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
    ];
    match given.into_iter().find(|(_, given, _)| *given) {
        Some((option, _, why)) => Err(Usage(format!("{option} does not go with {TIMES}: {why}"))),
        None => Ok(()),
    }
}

fn time(args: &Args, program: PathBuf, column: &[String]) -> anyhow::Result<()> {
    let mut command = Command::new(&program);
    command
        .current_dir(root())
        .arg("time")
        .args(column)
        .args(["--device", &args.device]);
    command.args(["--preset", args.preset.name()]);
    let mut option = |name: &str, value: Option<String>| {
        if let Some(value) = value {
            command.args([name, &value]);
        }
    };
    option(
        "--methods",
        (!args.experiments.is_empty()).then(|| args.experiments.join(",")),
    );
    option("--samples", args.times.samples.map(|n| n.to_string()));
    option("--rounds", args.times.rounds.map(|n| n.to_string()));
    option("--limit", args.times.limit.map(|n| n.to_string()));
    option(
        "--execution",
        (!args.times.execution.is_empty()).then(|| args.times.execution.join(",")),
    );
    option("--epochs", args.epochs.map(|n| n.to_string()));
    option("--precision", args.precision.map(|p| p.name().to_string()));
    option(
        "--out",
        Some(
            Folders::of(args.out.as_deref(), TIMES)
                .runs
                .display()
                .to_string(),
        ),
    );
    args.set
        .iter()
        .for_each(|set| option("--set", Some(set.clone())));
    if args.json {
        command.arg("--json");
    }
    let status = command
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    match status.code() {
        Some(0) => Ok(()),
        // It has said why.
        Some(code) => Err(Coded {
            code: code as u8,
            text: format!("`amst time` returned {code}"),
        }
        .into()),
        None => Err(Coded {
            code: 1,
            text: format!("`amst time` was ended: {status}"),
        }
        .into()),
    }
}
