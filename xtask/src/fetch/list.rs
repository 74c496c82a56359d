//! `--list`: what is known, what is here, what is missing.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use amst_fetch::FetchError;
use amst_fetch::datasets::{Access, Recipe, inspect, recipes};
use amst_fetch::hub::{Model, Settings, located_in, models};
use indicatif::HumanBytes;
use serde::Serialize;

use super::dataset::folder;

/// Version of the layout of `--list --json`.
const LIST_SCHEMA: u32 = 1;

#[derive(Serialize)]
struct List {
    schema: u32,
    models: Vec<Row>,
    datasets: Vec<Row>,
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
    missing: Vec<String>,
}

/// Prints the list.
pub fn print(json: bool) -> anyhow::Result<ExitCode> {
    let settings = Settings::from_env()?;
    let models: Vec<_> = models()
        .iter()
        .map(|model| row(model, &settings))
        .collect::<Result<_, _>>()?;
    let datasets: Vec<_> = recipes()
        .iter()
        .map(dataset)
        .collect::<anyhow::Result<_>>()?;
    let list = List {
        schema: LIST_SCHEMA,
        models,
        datasets,
    };
    if json {
        println!("{}", serde_json::to_string_pretty(&list)?);
    } else {
        print!("{}", text(&list));
    }
    Ok(ExitCode::SUCCESS)
}

fn row(model: &Model, settings: &Settings) -> Result<Row, FetchError> {
    let (present, folder, missing) = match located_in(model, settings) {
        Ok(folder) => (true, folder.path, Vec::new()),
        Err(FetchError::Missing(missing)) => {
            let names = missing.files.iter().map(|file| file_name(&file.path));
            (false, missing.folder, names.collect())
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

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// Looks at names and lengths alone.
fn dataset(recipe: &Recipe) -> anyhow::Result<Row> {
    let report = inspect(recipe, &folder(&recipe.name)?)?;
    let access = match recipe.access {
        Access::Open => format!("open: {}", recipe.home),
        Access::ByHand => format!("open, by hand: {}", recipe.home),
        Access::OnRequest => format!("on request: {}", recipe.home),
    };
    let incomplete = report.items.iter().filter(|item| !item.is_complete());
    let missing = incomplete.map(|item| match item.wanted {
        Some(wanted) if wanted > 1 => format!("{} ({} of {wanted})", item.what, item.found),
        _ => item.what.clone(),
    });
    Ok(Row {
        name: recipe.name.clone(),
        about: recipe.title.clone(),
        licence: recipe.licence.clone(),
        access,
        bytes: recipe.bytes,
        present: report.is_complete(),
        folder: report.root,
        missing: missing.collect(),
    })
}

fn text(list: &List) -> String {
    let mut text = String::new();
    for row in list.models.iter().chain(&list.datasets) {
        let size = row.bytes.map_or("size not known".into(), |bytes| {
            HumanBytes(bytes).to_string()
        });
        let state = if row.present {
            "present".into()
        } else {
            format!("missing: {}", row.missing.join(", "))
        };
        text += &format!(
            "{}: {}\n  {}, {size}, {}\n",
            row.name, row.about, row.licence, row.access
        );
        text += &format!("  {state}\n  {}\n", row.folder.display());
    }
    text
}
