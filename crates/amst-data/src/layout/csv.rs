//! The `csv` layout: one row a sample, naming its files.
//!
//! A video may stand for the recording, for the frames, or for both. A byte-order mark and CRLF
//! line ends, as spreadsheets write them, are accepted. Only the columns of the modalities in use
//! need to be there; others are passed over.

use std::collections::BTreeMap;
use std::path::Path;

use ::csv::{Reader, StringRecord};
use amst_recipe::{Columns, DatasetSpec, Modality, ResolvedDataset};

use super::check::{DraftRow, Findings, require_classes};
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
    require_classes(spec)?;
    let file = dataset.root.join(&spec.manifest);
    let bytes = std::fs::read(&file).map_err(DataError::reading(&file))?;
    let mut reader = Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let mut findings = Findings::default();
    let mut drafts = Vec::new();
    let header = reader
        .headers()
        .map_err(|e| not_a_table(&file, &e))?
        .clone();
    let Some(columns) = ColumnIndices::find(&header, &spec.columns, modalities, &mut findings)
    else {
        return Err(findings.into_error(file));
    };
    for record in reader.records() {
        let record = record.map_err(|e| not_a_table(&file, &e))?;
        drafts.push(draft(&record, &columns, spec, &mut findings));
    }
    findings.check_rows(&drafts, spec);
    findings.check_files(&drafts, &dataset.root);
    findings.into_rows(drafts, file)
}

/// The index of each column in use.
struct ColumnIndices {
    id: usize,
    label: usize,
    split: usize,
    raw: BTreeMap<Modality, usize>,
}

impl ColumnIndices {
    /// `None` where one is missing: the findings have all that are.
    fn find(
        header: &StringRecord,
        names: &Columns,
        modalities: &[Modality],
        findings: &mut Findings,
    ) -> Option<Self> {
        // All are looked up before the first miss ends it, so that one message names them all.
        let [id, label, split] =
            [&names.id, &names.label, &names.split].map(|name| column(name, header, findings));
        let mut raw = Vec::new();
        for &modality in modalities {
            raw.push(column(names.of(modality), header, findings).map(|at| (modality, at)));
        }
        Some(Self {
            id: id?,
            label: label?,
            split: split?,
            raw: raw.into_iter().collect::<Option<_>>()?,
        })
    }
}

fn column(name: &str, header: &StringRecord, findings: &mut Findings) -> Option<usize> {
    let found = header.iter().position(|h| h.trim() == name);
    if found.is_none() {
        let there: Vec<&str> = header.iter().map(str::trim).collect();
        let there = there.join(", ");
        findings.add(
            Fault::MissingColumn,
            format!("`{name}` (there is: {there})"),
        );
    }
    found
}

/// One row; what is wrong with it goes to the findings.
fn draft(
    record: &StringRecord,
    columns: &ColumnIndices,
    spec: &DatasetSpec,
    findings: &mut Findings,
) -> DraftRow {
    let line = record.position().map_or(0, ::csv::Position::line);
    let id = cell(record, columns.id);
    if id.is_empty() {
        let column = &spec.columns.id;
        findings.add(Fault::EmptyCell, format!("line {line}: no {column}"));
    }
    let label = cell(record, columns.label);
    let label = findings.class_of(label, id, format_args!(""), &spec.classes);
    let name = cell(record, columns.split);
    let split = SplitName::parse(name);
    if split.is_none() {
        findings.add(
            Fault::UnknownSplit,
            format!("`{name}` of `{id}`, line {line}"),
        );
    }
    let mut raw = BTreeMap::new();
    for (&modality, &at) in &columns.raw {
        let cell = cell(record, at);
        let source = match modality {
            Modality::Text => Raw::Text(cell.into()),
            Modality::Audio => sound(cell),
            Modality::Visual => pictures(cell, spec.frames_per_second),
        };
        if matches!(&source, Raw::Files(paths) if paths.is_empty()) || cell.is_empty() {
            let column = spec.columns.of(modality);
            findings.add(
                Fault::EmptyCell,
                format!("line {line}: no {column} of `{id}`"),
            );
        } else {
            for path in source.files() {
                findings.check_inside(path, id);
            }
        }
        raw.insert(modality, source);
    }
    DraftRow {
        id: id.into(),
        label,
        split,
        raw,
    }
}

fn cell(record: &StringRecord, column: usize) -> &str {
    record.get(column).unwrap_or_default().trim()
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
        Raw::Sound(Clip::whole(cell))
    } else {
        Raw::Files(vec![cell.into()])
    }
}

/// The pictures of one cell, separated by `;`, or a video; a stray `;` names none.
fn pictures(cell: &str, per_second: u32) -> Raw {
    let paths = cell.split(';').map(str::trim);
    let paths: Vec<&str> = paths.filter(|path| !path.is_empty()).collect();
    match paths[..] {
        [only] if is_video(only) => Raw::Frames {
            clip: Clip::whole(only),
            per_second,
        },
        _ => Raw::Files(paths.into_iter().map(String::from).collect()),
    }
}

/// The parser's words and what to do.
fn not_a_table(file: &Path, error: &::csv::Error) -> DataError {
    let remedy = match error.kind() {
        ::csv::ErrorKind::Utf8 { .. } => "save the table as UTF-8",
        ::csv::ErrorKind::UnequalLengths { .. } => {
            "give every row as many cells as the header; a cell that holds a comma is quoted: \"a, b\""
        }
        _ => "save it again as comma-separated values",
    };
    DataError::Table {
        file: file.into(),
        why: format!("{error}; {remedy}"),
    }
}
