//! The samples that a command line names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_data::{DataError, Source};
use amst_recipe::{Columns, Modality};
use anyhow::Result;

use crate::args::Predict;
use crate::failure::Usage;

/// A sample and its sources.
pub struct Sample {
    /// Its name in the output.
    pub id: String,
    /// What it has.
    pub sources: BTreeMap<Modality, Source>,
}

/// Checks the options before anything is read.
pub fn check(args: &Predict) -> Result<(), Usage> {
    if args.manifest.is_none() {
        files(args)?;
    }
    Ok(())
}

/// The samples, for a network that reads these modalities.
pub fn read(args: &Predict, modalities: &[Modality]) -> Result<Vec<Sample>> {
    if let Some(file) = &args.manifest {
        return manifest(file, modalities);
    }
    let files = files(args)?;
    if let Some(other) = files.keys().find(|m| !modalities.contains(m)) {
        let own: Vec<&str> = modalities.iter().map(|m| m.name()).collect();
        return Err(Usage(format!(
            "this network reads {} and no {other}: leave {other} out",
            own.join(", ")
        ))
        .into());
    }
    let names = files.values().flatten();
    let names: Vec<String> = names.map(|path| path.display().to_string()).collect();
    let sources = files.into_iter();
    Ok(vec![Sample {
        id: names.join(", "),
        sources: sources
            .map(|(m, files)| (m, Source::Files(files)))
            .collect(),
    }])
}

/// The files of the one sample, by modality.
fn files(args: &Predict) -> Result<BTreeMap<Modality, Vec<PathBuf>>, Usage> {
    let mut files = BTreeMap::<Modality, Vec<PathBuf>>::new();
    for path in &args.input {
        files
            .entry(modality_of(path)?)
            .or_default()
            .push(path.clone());
    }
    let explicit = [
        (Modality::Audio, args.audio.as_slice()),
        (Modality::Visual, &args.image),
        (Modality::Text, args.text.as_slice()),
    ];
    for (modality, paths) in explicit {
        files
            .entry(modality)
            .or_default()
            .extend(paths.iter().cloned());
    }
    files.retain(|_, paths| !paths.is_empty());
    for modality in [Modality::Audio, Modality::Text] {
        if files.get(&modality).is_some_and(|paths| paths.len() > 1) {
            let why = "a sample has one: give one sample a call, or many in a --manifest FILE";
            return Err(Usage(format!("several files of {modality}: {why}")));
        }
    }
    if files.is_empty() {
        return Err(Usage(
            "nothing to predict: give --input FILES, or many samples in a --manifest FILE".into(),
        ));
    }
    Ok(files)
}

/// The modality of a file, by its extension.
fn modality_of(path: &Path) -> Result<Modality, Usage> {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "wav" | "flac" => Ok(Modality::Audio),
        "png" | "jpg" | "jpeg" => Ok(Modality::Visual),
        "txt" => Ok(Modality::Text),
        _ => Err(Usage(format!(
            "{}: no encoder reads this kind of file: .wav and .flac are sound, .png, .jpg and \
             .jpeg are pictures, .txt is text; a file with another name is given as --audio, \
             --image or --text",
            path.display()
        ))),
    }
}

/// Many samples in a table; columns of modalities that the network does not read are ignored.
fn manifest(file: &Path, modalities: &[Modality]) -> Result<Vec<Sample>> {
    let bytes = std::fs::read(file).map_err(|source| DataError::Read {
        path: file.into(),
        source,
    })?;
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::Reader::from_reader(text);
    let header = reader.headers().map_err(|e| broken(file, &e))?.clone();
    let names = Columns::default();
    let mut columns = Vec::new();
    for modality in modalities {
        if let Some(column) = position(&header, names.of(*modality)) {
            columns.push((*modality, column));
        }
    }
    if columns.is_empty() {
        let wanted: Vec<&str> = modalities.iter().map(|m| names.of(*m)).collect();
        let wanted = wanted.join("`, `");
        let why = format!("it has none of the columns `{wanted}`: add what the network reads");
        return Err(table_error(file, why).into());
    }
    let id_column = position(&header, &names.id);
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut samples = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| broken(file, &e))?;
        let id = id_column.map(|column| cell(&record, column));
        let mut sources = BTreeMap::new();
        for (modality, column) in &columns {
            if let Some(source) = source(*modality, cell(&record, *column), folder) {
                sources.insert(*modality, source);
            }
        }
        samples.push(Sample {
            id: match id {
                None | Some("") => format!("sample {}", samples.len() + 1),
                Some(id) => id.into(),
            },
            sources,
        });
    }
    if samples.is_empty() {
        let why = "it has a header and no sample: add a row for each".into();
        return Err(table_error(file, why).into());
    }
    Ok(samples)
}

fn table_error(file: &Path, why: String) -> DataError {
    DataError::Table {
        file: file.into(),
        why,
    }
}

fn broken(file: &Path, error: &csv::Error) -> DataError {
    let why = format!(
        "{error}; give every row as many cells as the header, and save it as UTF-8 with commas \
         between"
    );
    table_error(file, why)
}

fn position(header: &csv::StringRecord, name: &str) -> Option<usize> {
    header.iter().position(|column| column.trim() == name)
}

fn cell(record: &csv::StringRecord, column: usize) -> &str {
    record.get(column).unwrap_or_default().trim()
}

/// The source that a cell names; `None` for an empty cell.
fn source(modality: Modality, cell: &str, folder: &Path) -> Option<Source> {
    if cell.is_empty() {
        return None;
    }
    Some(match modality {
        Modality::Text => Source::Text(cell.into()),
        Modality::Audio => Source::Files(vec![folder.join(cell)]),
        Modality::Visual => {
            let frames = cell
                .split(';')
                .map(str::trim)
                .filter(|path| !path.is_empty());
            Source::Files(frames.map(|path| folder.join(path)).collect())
        }
    })
}
