//! The `csv` layout: one row a sample, naming its files.
//!
//! A video may stand for the recording, for the frames, or for both. A byte-order mark and CRLF
//! line ends, as spreadsheets write them, are accepted. Only the columns of the modalities in use
//! need to be there; others are passed over. Several samples may be parts of one file, where the
//! descriptor names the columns that say which part: `columns.span` of a recording or video,
//! `columns.region` of a picture.

use std::collections::BTreeMap;
use std::path::Path;
use std::str::FromStr;

use ::csv::{Reader, StringRecord};
use amst_frames::CropBox;
use amst_recipe::{Columns, DatasetSpec, Modality, ResolvedDataset};

use super::check::{DraftRow, Findings, no_such_fold, require_classes};
use super::{Clip, Raw, Row, SplitName};
use crate::{DataError, Fault};

/// What the split column says of a row that this split leaves out on purpose.
const UNUSED: &str = "unused";

/// Reads and checks a manifest. Rows whose split is `unused` are passed over.
///
/// # Errors
///
/// [`DataError::Table`] when it is no table, [`DataError::Manifest`] with everything that is
/// wrong in it, [`DataError::Setting`] when the descriptor lists no classes or has no such fold.
pub fn read(
    dataset: &ResolvedDataset,
    modalities: &[Modality],
    fold: usize,
) -> Result<Vec<Row>, DataError> {
    let spec = &dataset.spec;
    require_classes(spec)?;
    let split_column = spec
        .split_column(fold)
        .ok_or_else(|| no_such_fold(dataset, fold))?;
    let file = dataset.root.join(&spec.manifest);
    let bytes = std::fs::read(&file).map_err(DataError::reading(&file))?;
    let mut reader = Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let mut findings = Findings::of_dataset(spec);
    let mut drafts = Vec::new();
    let header = reader
        .headers()
        .map_err(|e| not_a_table(&file, &e))?
        .clone();
    let Some(columns) = ColumnIndices::find(
        &header,
        &spec.columns,
        split_column,
        modalities,
        &mut findings,
    ) else {
        return Err(findings.into_error(file));
    };
    for record in reader.records() {
        let record = record.map_err(|e| not_a_table(&file, &e))?;
        if cell(&record, columns.split) != UNUSED {
            drafts.push(draft(&record, &columns, spec, &mut findings));
        }
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
    span: Option<[usize; 2]>,
    region: Option<[usize; 4]>,
}

impl ColumnIndices {
    /// `None` where one is missing: the findings have all that are.
    fn find(
        header: &StringRecord,
        names: &Columns,
        split: &str,
        modalities: &[Modality],
        findings: &mut Findings,
    ) -> Option<Self> {
        // All are looked up before the first miss ends it, so that one message names them all.
        let [id, label, split] =
            [&names.id, &names.label, split].map(|name| column(name, header, findings));
        let mut raw = Vec::new();
        for &modality in modalities {
            raw.push(column(names.of(modality), header, findings).map(|at| (modality, at)));
        }
        let span = several(names.span.as_ref(), header, findings);
        let region = several(names.region.as_ref(), header, findings);
        Some(Self {
            span: span?,
            region: region?,
            id: id?,
            label: label?,
            split: split?,
            raw: raw.into_iter().collect::<Option<_>>()?,
        })
    }
}

/// The columns that say which part of a file is the sample's: `Some(None)` where the descriptor
/// names none, `None` where one that it names is missing.
fn several<const N: usize>(
    names: Option<&[String; N]>,
    header: &StringRecord,
    findings: &mut Findings,
) -> Option<Option<[usize; N]>> {
    let Some(names) = names else {
        return Some(None);
    };
    let found = names.each_ref().map(|name| column(name, header, findings));
    let indices: Option<Vec<usize>> = found.into_iter().collect();
    indices.map(|indices| indices.try_into().ok())
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
    let place = format!("line {line}, `{id}`");
    let part = Part::read(record, columns, &place, findings);
    let mut raw = BTreeMap::new();
    for (&modality, &at) in &columns.raw {
        let cell = cell(record, at);
        let source = match modality {
            Modality::Text => Raw::Text(cell.into()),
            Modality::Audio => sound(cell, part.span),
            Modality::Visual => pictures(cell, spec.frames_per_second, part),
        };
        if matches!(&source, Raw::Files(paths) if paths.is_empty()) || cell.is_empty() {
            let column = spec.columns.of(modality);
            findings.add(
                Fault::EmptyCell,
                format!("line {line}: no {column} of `{id}`"),
            );
        } else {
            let is_of_one_picture = matches!(source, Raw::Region { .. });
            if modality == Modality::Visual && part.region.is_some() && !is_of_one_picture {
                findings.add(Fault::RegionOfMany, format!("`{cell}` in {place}"));
            }
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

/// Which part of its files a sample is; `None` is the whole.
#[derive(Clone, Copy)]
struct Part {
    /// Of its recording or video, in seconds.
    span: Option<[f64; 2]>,
    /// Of its picture, in pixels.
    region: Option<CropBox>,
}

impl Part {
    /// What the cells of a row say; `place` names the row in findings.
    fn read(
        record: &StringRecord,
        columns: &ColumnIndices,
        place: &str,
        findings: &mut Findings,
    ) -> Self {
        let span = columns.span;
        let span = span.and_then(|columns| numbers(record, columns, place, findings));
        let region = columns.region;
        let region = region.and_then(|columns| numbers(record, columns, place, findings));
        let region = region.map(|[left, top, width, height]| CropBox {
            left,
            top,
            width,
            height,
        });
        Self { span, region }
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

/// The numbers of some cells; `None` where all are empty. Some that are empty and some that are
/// not, or what is no number, is a finding.
fn numbers<T: FromStr + Default + Copy, const N: usize>(
    record: &StringRecord,
    columns: [usize; N],
    place: &str,
    findings: &mut Findings,
) -> Option<[T; N]> {
    let cells = columns.map(|column| cell(record, column));
    if cells.iter().all(|cell| cell.is_empty()) {
        return None;
    }
    let mut numbers = [T::default(); N];
    for (number, cell) in numbers.iter_mut().zip(cells) {
        match cell.parse() {
            Ok(parsed) => *number = parsed,
            Err(_) => {
                findings.add(Fault::NotANumber, format!("`{cell}` in {place}"));
                return None;
            }
        }
    }
    Some(numbers)
}

fn sound(cell: &str, span: Option<[f64; 2]>) -> Raw {
    let file = cell.to_string();
    match span {
        _ if is_video(cell) => Raw::Sound(Clip { video: file, span }),
        Some(span) => Raw::Stretch { file, span },
        None => Raw::Files(vec![file]),
    }
}

/// The pictures of one cell, separated by `;`, or a video; a stray `;` names none.
fn pictures(cell: &str, per_second: u32, part: Part) -> Raw {
    let paths = cell.split(';').map(str::trim);
    let paths: Vec<&str> = paths.filter(|path| !path.is_empty()).collect();
    match paths[..] {
        [only] if is_video(only) => Raw::Frames {
            clip: Clip {
                video: only.into(),
                span: part.span,
            },
            per_second,
        },
        _ => match (&paths[..], part.region) {
            ([only], Some(area)) => Raw::Region {
                file: (*only).into(),
                area,
            },
            _ => Raw::Files(paths.into_iter().map(String::from).collect()),
        },
    }
}

/// The parser's words and what to do.
pub(crate) fn not_a_table(file: &Path, error: &::csv::Error) -> DataError {
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
