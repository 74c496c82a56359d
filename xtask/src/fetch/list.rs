//! `--list`: what is known, what is here, what is missing.

use std::path::PathBuf;
use std::process::ExitCode;

use amst_fetch::FetchError;
use amst_fetch::hub::{Model, Settings, located_in, models};
use indicatif::HumanBytes;
use serde::Serialize;

/// Version of the layout of `--list --json`.
const LIST_SCHEMA: u32 = 1;

#[derive(Serialize)]
struct List {
    schema: u32,
    models: Vec<Row>,
}

#[derive(Serialize)]
struct Row {
    name: String,
    about: String,
    licence: String,
    access: String,
    bytes: Option<u64>,
    present: bool,
    folder: PathBuf,
    missing: Vec<PathBuf>,
}

/// Prints the list.
pub fn print(json: bool) -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env()?;
    let models: Vec<_> = models().iter().map(|model| row(model, &settings)).collect::<Result<_, _>>()?;
    let list = List { schema: LIST_SCHEMA, models };
    match json {
        true => println!("{}", serde_json::to_string_pretty(&list)?),
        false => print!("{}", text(&list)),
    }
    Ok(ExitCode::SUCCESS)
}

fn row(model: &Model, settings: &Settings) -> Result<Row, FetchError> {
    let (present, folder, missing) = match located_in(model, settings) {
        Ok(folder) => (true, folder.path, Vec::new()),
        Err(FetchError::Missing(missing)) => {
            (false, missing.folder, missing.files.into_iter().map(|file| file.path).collect())
        }
        Err(error) => return Err(error),
    };
    Ok(Row {
        name: model.name.clone(),
        about: model.about.clone(),
        licence: model.licence.clone(),
        access: format!("open: {}/{}", settings.endpoint, model.repo),
        bytes: model.size(),
        present,
        folder,
        missing,
    })
}

fn text(list: &List) -> String {
    let mut text = String::new();
    for row in &list.models {
        let size = row.bytes.map_or("size not known".into(), |bytes| HumanBytes(bytes).to_string());
        let state = match row.present {
            true => "present".into(),
            false => format!("missing: {}", names(&row.missing)),
        };
        text += &format!("{}: {}\n  {}, {size}, {}\n", row.name, row.about, row.licence, row.access);
        text += &format!("  {state}\n  {}\n", row.folder.display());
    }
    text
}

fn names(paths: &[PathBuf]) -> String {
    let names: Vec<_> = paths.iter().filter_map(|p| p.file_name()).map(|n| n.to_string_lossy()).collect();
    names.join(", ")
}
