//! One model: found and checked here, or brought by `amst-fetch`.

use std::path::PathBuf;
use std::process::ExitCode;

use amst_fetch::FetchError;
use amst_fetch::hub::{Folder, Missing, Model, Settings, State, check, located_in, model};
use indicatif::HumanBytes;
use serde::Serialize;

use super::args::Args;
use super::bar::Bar;
use super::child;
use crate::exit::Coded;

/// Version of the layout of `--json`.
const FETCH_SCHEMA: u32 = 1;

#[derive(Serialize)]
struct Outcome<'a> {
    schema: u32,
    name: &'a str,
    present: bool,
    folder: Option<PathBuf>,
    files: Vec<PathBuf>,
    received: u64,
    unchecked: Vec<PathBuf>,
    missing: Option<Missing>,
    error: Option<String>,
}

/// Checks what is here, brings the rest, and says where everything lies.
pub fn fetch(name: &str, args: &Args) -> anyhow::Result<ExitCode> {
    let (model, settings) = (model(name)?, Settings::from_env()?);
    match bring(model, &settings, args) {
        Ok((folder, brought)) => {
            if args.json {
                print(&present(name, folder, brought))?;
            } else {
                show(name, &folder, &brought);
            }
            Ok(ExitCode::SUCCESS)
        }
        Err(error) => {
            let missing = located_in(model, &settings).err();
            let instruction = missing.as_ref().map(|missing| missing.to_string());
            if args.json {
                print(&absent(name, missing, &error))?;
            }
            Err(with_instruction(error, instruction))
        }
    }
}

fn bring(
    model: &Model,
    settings: &Settings,
    args: &Args,
) -> anyhow::Result<(Folder, child::Brought)> {
    let here = located_in(model, settings);
    if let Ok(folder) = &here {
        let states = check(model, folder)?;
        let unchecked: Vec<_> = states
            .iter()
            .filter(|(_, state)| *state == State::Unknown)
            .map(|(path, _)| path.clone())
            .collect();
        let all_right = !states
            .iter()
            .any(|(_, state)| matches!(state, State::Wrong(_)));
        if all_right && (unchecked.is_empty() || settings.offline) {
            return Ok((
                folder.clone(),
                child::Brought {
                    received: 0,
                    unchecked,
                },
            ));
        }
        if settings.offline {
            return Err(Coded {
                code: 3,
                text: wrong(&states),
            }
            .into());
        }
    } else if settings.offline {
        // The instruction follows, with what belongs where.
        let text = "the network is switched off (AMST_OFFLINE or HF_HUB_OFFLINE is set)".into();
        return Err(Coded { code: 3, text }.into());
    }
    let downloader = child::program(args.downloader.as_deref())?;
    let mut bar = Bar::new(missing_bytes(here.as_ref().err()));
    let outcome = child::run(&downloader, &["model", &model.name], &mut |file, step| {
        bar.update(file, step)
    });
    bar.finish();
    let brought = outcome?;
    Ok((located_in(model, settings)?, brought))
}

/// Bytes to come, where every missing file's size is known.
fn missing_bytes(missing: Option<&FetchError>) -> Option<u64> {
    match missing {
        Some(FetchError::Missing(missing)) => {
            missing.files.iter().map(|file| file.expected.size).sum()
        }
        _ => None,
    }
}

fn wrong(states: &[(PathBuf, State)]) -> String {
    let lines = states.iter().filter_map(|(path, state)| match state {
        State::Wrong(difference) => Some(format!("\n  {}: {difference}", path.display())),
        _ => None,
    });
    format!(
        "files are not what they should be; replace them, or run this with a network:{}",
        lines.collect::<String>()
    )
}

fn with_instruction(error: anyhow::Error, instruction: Option<String>) -> anyhow::Error {
    let Some(instruction) = instruction else {
        return error;
    };
    let code = crate::exit::number(&error);
    Coded {
        code,
        text: format!("{error}\n\n{instruction}"),
    }
    .into()
}

fn present(name: &str, folder: Folder, brought: child::Brought) -> Outcome<'_> {
    Outcome {
        schema: FETCH_SCHEMA,
        name,
        present: true,
        folder: Some(folder.path),
        files: folder.files,
        received: brought.received,
        unchecked: brought.unchecked,
        missing: None,
        error: None,
    }
}

fn absent<'a>(name: &'a str, missing: Option<FetchError>, error: &anyhow::Error) -> Outcome<'a> {
    let missing = match missing {
        Some(FetchError::Missing(missing)) => Some(*missing),
        _ => None,
    };
    Outcome {
        schema: FETCH_SCHEMA,
        name,
        present: false,
        folder: missing.as_ref().map(|missing| missing.folder.clone()),
        files: Vec::new(),
        received: 0,
        unchecked: Vec::new(),
        missing,
        error: Some(error.to_string()),
    }
}

fn print(outcome: &Outcome) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(outcome)?);
    Ok(())
}

fn show(name: &str, folder: &Folder, brought: &child::Brought) {
    match brought.received {
        0 => println!("{name} was here and is what it should be:"),
        bytes => println!(
            "{name} is here; {} came, all of it was checked:",
            HumanBytes(bytes)
        ),
    }
    for file in &folder.files {
        println!("  {}", file.display());
    }
    for file in &brought.unchecked {
        println!(
            "{} could not be checked: nothing here tells its hash",
            file.display()
        );
    }
    println!("use it with `--set text.encoder={name}`");
}
