//! The samples that a command line names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_data::{DataError, Source};
use amst_recipe::{Columns, Modality};
use anyhow::Result;

use crate::args::Predict;
use crate::failure::Usage;

/// A sample and where it comes from.
pub struct Sample {
    /// Its name in what is shown.
    pub id: String,
    /// What it has.
    pub sources: BTreeMap<Modality, Source>,
}

/// What can be told of the options before anything is read.
pub fn check(args: &Predict) -> Result<(), Usage> {
    if args.manifest.is_none() {
        files(args).map(|_| ())?;
    }
    Ok(())
}

/// The samples, for a network that reads these modalities.
pub fn of(args: &Predict, modalities: &[Modality]) -> Result<Vec<Sample>> {
    match &args.manifest {
        Some(file) => manifest(file, modalities),
        None => {
            let files = files(args)?;
            if let Some(other) = files.keys().find(|m| !modalities.contains(m)) {
                let own = modalities
                    .iter()
                    .map(|m| m.name())
                    .collect::<Vec<_>>()
                    .join(", ");
                return Err(Usage(format!(
                    "this network reads {own} and no {other}: leave {other} out"
                ))
                .into());
            }
            let names = files
                .values()
                .flatten()
                .map(|path| path.display().to_string());
            let id = names.collect::<Vec<_>>().join(", ");
            let sources = files
                .into_iter()
                .map(|(m, files)| (m, Source::Files(files)))
                .collect();
            Ok(vec![Sample { id, sources }])
        }
    }
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
    match files.is_empty() {
        true => Err(Usage(
            "nothing to predict: give --input FILES, or many samples in a --manifest FILE".into(),
        )),
        false => Ok(files),
    }
}

/// What a file is, by its name.
fn modality_of(path: &Path) -> Result<Modality, Usage> {
    let extension = path
        .extension()
        .unwrap_or_default()
        .to_string_lossy()
        .to_lowercase();
    match extension.as_str() {
        "wav" => Ok(Modality::Audio),
        "png" | "jpg" | "jpeg" => Ok(Modality::Visual),
        "txt" => Ok(Modality::Text),
        _ => Err(Usage(format!(
            "{}: no encoder reads this kind of file: .wav is sound, .png, .jpg and .jpeg are pictures, .txt is text; \
             a file with another name is given as --audio, --image or --text",
            path.display()
        ))),
    }
}

/// Many samples in a table; columns of modalities that the network does not read are passed over.
fn manifest(file: &Path, modalities: &[Modality]) -> Result<Vec<Sample>> {
    let bytes = std::fs::read(file).map_err(|source| DataError::Read {
        path: file.into(),
        source,
    })?;
    let table = |why: String| DataError::Table {
        file: file.into(),
        why,
    };
    let broken = |error: csv::Error| {
        table(format!(
            "{error}; give every row as many cells as the header, and save it as UTF-8 with commas between"
        ))
    };
    let mut reader =
        csv::Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let header = reader.headers().map_err(broken)?.clone();
    let columns = Columns::default();
    let place = |name: &str| header.iter().position(|column| column.trim() == name);
    let places: Vec<(Modality, usize)> = modalities
        .iter()
        .filter_map(|m| Some((*m, place(columns.of(*m))?)))
        .collect();
    if places.is_empty() {
        let wanted = modalities
            .iter()
            .map(|m| columns.of(*m))
            .collect::<Vec<_>>()
            .join("`, `");
        return Err(table(format!(
            "it has none of the columns `{wanted}`: add what the network reads"
        ))
        .into());
    }
    let folder = file.parent().unwrap_or(Path::new(""));
    let mut samples = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim();
        let source = |(modality, at): &(Modality, usize)| {
            Some((*modality, source(*modality, cell(*at), folder)?))
        };
        let id = place(&columns.id)
            .map(cell)
            .filter(|id| !id.is_empty())
            .map(String::from);
        samples.push(Sample {
            id: id.unwrap_or_else(|| format!("sample {}", samples.len() + 1)),
            sources: places.iter().filter_map(source).collect(),
        });
    }
    match samples.is_empty() {
        true => Err(table("it has a header and no sample: add a row for each".into()).into()),
        false => Ok(samples),
    }
}

/// What a cell names; an empty one names nothing.
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
