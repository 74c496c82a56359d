//! The `csv` layout: one row a sample, naming its files.
//!
//! A video may stand for the recording, for the frames, or for both. A byte-order mark and CRLF
//! line ends, as spreadsheets write them, are accepted. Only the columns of the modalities in use
//! need to be there; others are passed over.

use std::collections::BTreeMap;

use ::csv::{Reader, StringRecord};
use amst_recipe::{Columns, DatasetSpec, Modality, ResolvedDataset, nearest};

use super::check::{Draft, Findings};
use super::{Clip, Raw, Row, SplitName};
use crate::{DataError, Fault};

/// Reads and checks a manifest.
///
/// # Errors
///
/// [`DataError::Table`] when it is no table, [`DataError::Manifest`] with everything that is
/// wrong in it, [`DataError::Setting`] when the descriptor lists no classes.
pub fn read(dataset: &ResolvedDataset, modalities: &[Modality]) -> Result<Vec<Row>, DataError> {
    let spec = &dataset.spec;
    if spec.classes.is_empty() {
        return Err(DataError::setting(
            "classes",
            "list the labels in dataset.toml, in the order of their index",
        ));
    }
    let file = dataset.root.join(&spec.manifest);
    let bytes = std::fs::read(&file).map_err(|source| DataError::Read {
        path: file.clone(),
        source,
    })?;
    let table = |why| DataError::Table {
        file: file.clone(),
        why,
    };
    let mut reader = Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let header = reader.headers().map_err(|e| table(explain(&e)))?.clone();
    let mut findings = Findings::default();
    let Some(places) = Places::find(&header, &spec.columns, modalities, &mut findings) else {
        return Err(findings.into_error(file));
    };
    let mut drafts = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|e| table(explain(&e)))?;
        drafts.push(draft(&record, &places, spec, &mut findings));
    }
    findings.check_rows(&drafts, spec);
    findings.check_files(&drafts, &dataset.root);
    if findings.is_empty() {
        Ok(drafts.into_iter().filter_map(Draft::finish).collect())
    } else {
        Err(findings.into_error(file))
    }
}

/// Where each column stands.
struct Places {
    id: usize,
    label: usize,
    split: usize,
    raw: BTreeMap<Modality, usize>,
}

impl Places {
    fn find(
        header: &StringRecord,
        columns: &Columns,
        modalities: &[Modality],
        findings: &mut Findings,
    ) -> Option<Self> {
        let mut place = |name: &str| {
            let found = header.iter().position(|h| h.trim() == name);
            if found.is_none() {
                let there: Vec<&str> = header.iter().map(str::trim).collect();
                findings.add(
                    Fault::MissingColumn,
                    format!("`{name}` (there is: {})", there.join(", ")),
                );
            }
            found
        };
        // All are looked up before the first miss ends it, so that one message names them all.
        let [id, label, split] =
            [&columns.id, &columns.label, &columns.split].map(|name| place(name));
        let raw: Vec<_> = modalities
            .iter()
            .map(|&m| place(columns.of(m)).map(|at| (m, at)))
            .collect();
        Some(Self {
            id: id?,
            label: label?,
            split: split?,
            raw: raw.into_iter().collect::<Option<_>>()?,
        })
    }
}

/// One row; what is wrong with it goes to the findings.
fn draft(
    record: &StringRecord,
    places: &Places,
    spec: &DatasetSpec,
    findings: &mut Findings,
) -> Draft {
    let line = record.position().map_or(0, ::csv::Position::line);
    let cell = |at: usize| record.get(at).unwrap_or_default().trim();
    let id = cell(places.id).to_string();
    if id.is_empty() {
        findings.add(
            Fault::EmptyCell,
            format!("line {line}: no {}", spec.columns.id),
        );
    }
    let label = label(cell(places.label), &id, &spec.classes, findings);
    let split = SplitName::parse(cell(places.split));
    if split.is_none() {
        findings.add(
            Fault::UnknownSplit,
            format!("`{}` of `{id}`, line {line}", cell(places.split)),
        );
    }
    let mut raw = BTreeMap::new();
    for (&modality, &at) in &places.raw {
        let part = match modality {
            Modality::Text => Raw::Text(cell(at).to_string()),
            Modality::Audio => sound(cell(at)),
            Modality::Visual => pictures(cell(at), spec.frames_per_second),
        };
        if matches!(&part, Raw::Files(paths) if paths.is_empty()) || cell(at).is_empty() {
            findings.add(
                Fault::EmptyCell,
                format!("line {line}: no {} of `{id}`", spec.columns.of(modality)),
            );
        } else {
            part.files()
                .into_iter()
                .for_each(|path| findings.check_inside(path, &id));
        }
        raw.insert(modality, part);
    }
    Draft {
        id,
        label,
        split,
        raw,
    }
}

/// What a video's name ends in. Anything else is taken for a recording or a picture.
const VIDEOS: [&str; 8] = ["avi", "flv", "m4v", "mkv", "mov", "mp4", "mpg", "webm"];

fn is_video(path: &str) -> bool {
    let ending = path
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_ascii_lowercase());
    ending.is_some_and(|ending| VIDEOS.contains(&ending.as_str()))
}

fn sound(cell: &str) -> Raw {
    if is_video(cell) {
        return Raw::Sound(Clip {
            video: cell.into(),
            span: None,
        });
    }
    Raw::Files(vec![cell.into()])
}

fn pictures(cell: &str, per_second: u32) -> Raw {
    let paths = frames(cell);
    match &paths[..] {
        [only] if is_video(only) => Raw::Frames {
            clip: Clip {
                video: only.clone(),
                span: None,
            },
            per_second,
        },
        _ => Raw::Files(paths),
    }
}

/// The pictures of one cell; a stray `;` names none.
fn frames(cell: &str) -> Vec<String> {
    cell.split(';')
        .map(str::trim)
        .filter(|path| !path.is_empty())
        .map(String::from)
        .collect()
}

fn label(word: &str, id: &str, classes: &[String], findings: &mut Findings) -> Option<usize> {
    let found = classes.iter().position(|c| c == word);
    if found.is_none() {
        let hint = nearest(word, classes.iter().map(String::as_str));
        let hint = hint
            .map(|c| format!("; did you mean `{c}`?"))
            .unwrap_or_default();
        findings.add(Fault::UnknownLabel, format!("`{word}` of `{id}`{hint}"));
    }
    found
}

/// The parser's words and what to do.
fn explain(error: &::csv::Error) -> String {
    let remedy = match error.kind() {
        ::csv::ErrorKind::Utf8 { .. } => "save the table as UTF-8",
        ::csv::ErrorKind::UnequalLengths { .. } => {
            "give every row as many cells as the header; a cell that holds a comma is quoted: \"a, b\""
        }
        _ => "save it again as comma-separated values",
    };
    format!("{error}; {remedy}")
}
