//! One data set: what may be downloaded is brought, what lies there is unpacked and looked at, and
//! for the rest the steps to take by hand are printed.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use amst_fetch::archive::{Limits, unpack};
use amst_fetch::datasets::{Access, Item, Recipe, Report, archives, inspect};
use amst_fetch::offline;
use amst_recipe::{RecipeError, raw_place};
use indicatif::HumanBytes;
use serde::Serialize;

use super::args::Args;
use super::bar::Bar;
use super::{child, pointers};
use crate::exit::{Coded, number};
use crate::workspace::root;

/// Version of the layout of `--json`.
const DATASET_SCHEMA: u32 = 1;

/// Files named in one line; thousands would hide the rest.
const NAMED: usize = 5;

#[derive(Serialize)]
struct Outcome<'a> {
    schema: u32,
    name: &'a str,
    complete: bool,
    raw: &'a Path,
    received: u64,
    error: Option<String>,
    steps: Vec<String>,
    #[serde(flatten)]
    report: &'a Report,
}

/// Where raw files of a data set are kept if `--raw` does not say otherwise.
pub fn folder(name: &str) -> Result<PathBuf, RecipeError> {
    raw_place(name, &root().join("datasets"))
}

/// Brings, unpacks, looks, and says what is to be done; the exit code is 3 where something is
/// missing or wrong.
pub fn fetch(name: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let recipe = Recipe::find(name)?;
    let raw = match &args.raw {
        Some(raw) => std::path::absolute(raw)?,
        None => folder(&recipe.name)?,
    };
    for archive in archives(&recipe, &raw)? {
        eprintln!("unpacking {}", archive.display());
        let unpacked = unpack(&archive, &raw, &Limits::default())?;
        eprintln!(
            "{} files, {}; the archive can go",
            unpacked.files.len(),
            HumanBytes(unpacked.bytes)
        );
    }
    let brought = bring(name, &recipe, &raw, args);
    let report = inspect(&recipe, &raw)?;
    let (received, error) = match brought {
        Ok(received) => (received, None),
        Err(error) => (0, Some(error)),
    };
    let complete = report.is_complete() && error.is_none();
    let steps = if complete {
        Vec::new()
    } else {
        steps(&recipe, &raw)
    };
    if args.json {
        let outcome = Outcome {
            schema: DATASET_SCHEMA,
            name: &recipe.name,
            complete,
            raw: &raw,
            received,
            error: error.as_ref().map(|error| format!("{error:#}")),
            steps,
            report: &report,
        };
        println!("{}", serde_json::to_string_pretty(&outcome)?);
    } else {
        print!("{}", text(&recipe, &report, received));
    }
    match error {
        None if complete => Ok(ExitCode::SUCCESS),
        None => Err(Coded {
            code: 3,
            text: instruction(&recipe, &raw),
        }
        .into()),
        Some(error) => {
            // Where a person must act anyway, a broken line is the smaller trouble.
            let code = if recipe.access == Access::Open {
                number(&error)
            } else {
                3
            };
            Err(Coded {
                code,
                text: format!("{error:#}\n\n{}", instruction(&recipe, &raw)),
            }
            .into())
        }
    }
}

/// Downloads what may be downloaded; the bytes that came.
fn bring(name: &str, recipe: &Recipe, raw: &Path, args: &Args) -> anyhow::Result<u64> {
    if offline() || inspect(recipe, raw)?.is_complete() {
        return Ok(0);
    }
    let downloader = child::program(args.downloader.as_deref())?;
    let checkout = raw.join(".pointers");
    if let Some(repository) = &recipe.repository {
        pointers::check_out(repository, &checkout)?;
    }
    let (raw, checkout) = (raw.display().to_string(), checkout.display().to_string());
    let mut arguments = vec!["dataset", name, &raw];
    arguments.extend(recipe.repository.as_ref().map(|_| checkout.as_str()));
    let mut bar = Bar::new(recipe.bytes);
    let outcome = child::run(&downloader, &arguments, &mut |file, step| {
        bar.update(file, step)
    });
    bar.finish();
    Ok(outcome?.received)
}

fn steps(recipe: &Recipe, raw: &Path) -> Vec<String> {
    recipe
        .steps
        .iter()
        .map(|step| step.replace("{raw}", &raw.display().to_string()))
        .collect()
}

fn instruction(recipe: &Recipe, raw: &Path) -> String {
    let how = match recipe.access {
        Access::Open => "open",
        Access::ByHand => "open, by hand",
        Access::OnRequest => "on request",
    };
    let mut text = format!(
        "{} is not complete in {} ({how}):",
        recipe.title,
        raw.display()
    );
    for (number, step) in steps(recipe, raw).iter().enumerate() {
        text += &format!("\n  {}. {step}", number + 1);
    }
    text
}

fn text(recipe: &Recipe, report: &Report, received: u64) -> String {
    let came = if received > 0 {
        format!("; {} came", HumanBytes(received))
    } else {
        String::new()
    };
    let mut text = format!("{}: {}{came}\n", recipe.title, report.root.display());
    for item in &report.items {
        text += &line(item);
    }
    text
}

fn line(item: &Item) -> String {
    let state = if item.is_complete() {
        "ok     "
    } else {
        "MISSING"
    };
    let of = item
        .wanted
        .map(|wanted| format!(" of {wanted}"))
        .unwrap_or_default();
    let mut line = format!("  {state}  {}{of}  {}\n", item.found, item.what);
    for path in item.missing.iter().take(NAMED) {
        line += &format!("             not there: {}\n", path.display());
    }
    for (path, why) in item.wrong.iter().take(NAMED) {
        line += &format!("             {}: {why}\n", path.display());
    }
    let more = item.missing.len().saturating_sub(NAMED) + item.wrong.len().saturating_sub(NAMED);
    if more > 0 {
        line += &format!("             and {more} more (all of them with --json)\n");
    }
    line
}
