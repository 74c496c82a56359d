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

use amst_frames::{CropBox, is_video_path};
use amst_recipe::{Columns, DatasetSpec, Modality, ResolvedDataset, nearest};

use super::check::{DraftRow, Findings, no_such_fold, require_classes};
use super::table::{Table, TableForm, TableRow};
use super::{Clip, Raw, Row, SplitName};
use crate::{DataError, Fault};

/// What the split column says of a row that this split leaves out on purpose.
pub(super) const UNUSED: &str = "unused";

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
    let table = table(&file, spec)?;
    let mut findings = Findings::of_dataset(spec);
    let mut drafts = Vec::new();
    let Some(columns) = ColumnIndices::find(
        &table,
        &spec.columns,
        split_column,
        modalities,
        &mut findings,
    ) else {
        return Err(no_header(&table, &file, spec).unwrap_or_else(|| findings.into_error(file)));
    };
    for row in table.rows() {
        if row.cell(columns.split) != UNUSED {
            drafts.push(draft(row, &columns, dataset, &mut findings));
        }
    }
    findings.check_rows(&drafts, spec);
    findings.check_files(&drafts, &dataset.root);
    findings.into_rows(drafts, file)
}

/// The manifest as a table; a line with a class or a split in it is no line of a text.
pub(super) fn table(file: &Path, spec: &DatasetSpec) -> Result<Table, DataError> {
    let classes = spec.classes.iter().map(String::as_str);
    let mut words: Vec<&str> = split_words().collect();
    words.extend(classes);
    let form = TableForm {
        text: &spec.columns.text,
        words: &words,
    };
    Table::read(file, form)
}

/// What a cell of the split column may be.
fn split_words() -> impl Iterator<Item = &'static str> {
    SplitName::ALL
        .map(SplitName::name)
        .into_iter()
        .chain([UNUSED])
}

/// The error for a table whose first line is a sample.
fn no_header(table: &Table, file: &Path, spec: &DatasetSpec) -> Option<DataError> {
    let first = table.header();
    let names_split = first
        .iter()
        .any(|cell| split_words().any(|word| word == *cell));
    let names_class = first
        .iter()
        .any(|cell| spec.classes.iter().any(|class| class == cell));
    (names_split && names_class).then(|| DataError::Table {
        file: file.into(),
        why:
            "its first line is a sample, not a header; put a line above it that names the columns, \
              such as `id,label,split,audio,image`"
                .into(),
    })
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
        header: &Table,
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
    header: &Table,
    findings: &mut Findings,
) -> Option<Option<[usize; N]>> {
    let Some(names) = names else {
        return Some(None);
    };
    let found = names.each_ref().map(|name| column(name, header, findings));
    let indices: Option<Vec<usize>> = found.into_iter().collect();
    indices.map(|indices| indices.try_into().ok())
}

fn column(name: &str, table: &Table, findings: &mut Findings) -> Option<usize> {
    match table.columns(name)[..] {
        [only] => Some(only),
        [] => {
            let header = table.header();
            let other = header
                .iter()
                .find(|h| h.to_lowercase() == name.to_lowercase());
            let there = match other {
                Some(other) => format!("`{other}` is there: capitals count"),
                None => format!("there is: {}", named(&header)),
            };
            findings.add(Fault::MissingColumn, format!("`{name}` ({there})"));
            None
        }
        ref several => {
            let numbers: Vec<String> = several.iter().map(|at| (at + 1).to_string()).collect();
            let numbers = numbers.join(", ");
            findings.add(
                Fault::DuplicateColumn,
                format!("`{name}` as the columns {numbers} (from 1)"),
            );
            None
        }
    }
}

/// The first ten names, and how many more there are.
fn named(names: &[&str]) -> String {
    const SHOWN: usize = 10;
    let mut shown = names[..names.len().min(SHOWN)].join(", ");
    if names.len() > SHOWN {
        shown += &format!(" … and {} more", names.len() - SHOWN);
    }
    shown
}

/// One row; what is wrong with it goes to the findings.
fn draft(
    row: &TableRow,
    columns: &ColumnIndices,
    dataset: &ResolvedDataset,
    findings: &mut Findings,
) -> DraftRow {
    let spec = &dataset.spec;
    let line = row.line;
    let id = row.cell(columns.id);
    if id.is_empty() {
        let column = &spec.columns.id;
        findings.add(Fault::EmptyCell, format!("line {line}: no {column}"));
    }
    let label = row.cell(columns.label);
    let label = findings.class_of(label, id, format_args!(""), &spec.classes);
    let name = row.cell(columns.split);
    let split = SplitName::parse(name);
    if split.is_none() {
        let hint = meant_split(name).map(|split| format!("; did you mean `{split}`?"));
        let hint = hint.unwrap_or_default();
        findings.add(
            Fault::UnknownSplit,
            format!("`{name}` of `{id}`, line {line}{hint}"),
        );
    }
    let place = format!("line {line}, `{id}`");
    let part = Part::read(row, columns, &place, findings);
    let mut raw = BTreeMap::new();
    for (&modality, &at) in &columns.raw {
        let cell = row.cell(at);
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
            let files = source.files();
            if modality == Modality::Visual && files.len() > 1 && files.iter().any(is_video_path) {
                findings.add(Fault::VideoAmongPictures, format!("`{cell}` in {place}"));
            }
            for path in files {
                findings.check_inside(path, id, &dataset.root);
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
pub(super) struct Part {
    /// Of its recording or video, in seconds.
    pub(super) span: Option<[f64; 2]>,
    /// Of its picture, in pixels.
    region: Option<CropBox>,
}

impl Part {
    /// What the cells of a row say; `place` names the row in findings.
    fn read(row: &TableRow, columns: &ColumnIndices, place: &str, findings: &mut Findings) -> Self {
        let mut noted = |number: Result<Self, String>| {
            number.unwrap_or_else(|why| {
                findings.add(Fault::NotANumber, format!("{why} in {place}"));
                Self {
                    span: None,
                    region: None,
                }
            })
        };
        // Each by itself, so that one message names both.
        let span = noted(Self::of_cells(row, columns.span, None)).span;
        let region = noted(Self::of_cells(row, None, columns.region)).region;
        Self { span, region }
    }

    /// The same of the columns' indices. An error is the cell that is no number.
    pub(super) fn of_cells(
        row: &TableRow,
        span: Option<[usize; 2]>,
        region: Option<[usize; 4]>,
    ) -> Result<Self, String> {
        let span = span.map(|columns| numbers(row, columns)).transpose()?;
        let region = region.map(|columns| numbers(row, columns)).transpose()?;
        Ok(Self {
            span: span.flatten(),
            region: region.flatten().map(|[left, top, width, height]| CropBox {
                left,
                top,
                width,
                height,
            }),
        })
    }
}

/// The split that a word probably means.
fn meant_split(word: &str) -> Option<&'static str> {
    match word.to_lowercase().as_str() {
        "" => None,
        "training" => Some("train"),
        "valid" | "validation" | "dev" => Some("val"),
        word => nearest(word, split_words()),
    }
}

/// The numbers of some cells; `None` where all are empty. Some that are empty and some that are
/// not, or what is no number, is an error with the cell.
fn numbers<T: FromStr + Default + Copy, const N: usize>(
    row: &TableRow,
    columns: [usize; N],
) -> Result<Option<[T; N]>, String> {
    let cells = columns.map(|column| row.cell(column));
    if cells.iter().all(|cell| cell.is_empty()) {
        return Ok(None);
    }
    let mut numbers = [T::default(); N];
    for (number, cell) in numbers.iter_mut().zip(cells) {
        *number = cell.parse().map_err(|_| format!("`{cell}`"))?;
    }
    Ok(Some(numbers))
}

pub(super) fn sound(cell: &str, span: Option<[f64; 2]>) -> Raw {
    let file = cell.to_string();
    match span {
        _ if is_video_path(cell) => Raw::Sound(Clip { video: file, span }),
        Some(span) => Raw::Stretch { file, span },
        None => Raw::Files(vec![file]),
    }
}

/// The pictures of one cell, separated by `;`, or a video; a stray `;` names none.
pub(super) fn pictures(cell: &str, per_second: u32, part: Part) -> Raw {
    let paths = cell.split(';').map(str::trim);
    let paths: Vec<&str> = paths.filter(|path| !path.is_empty()).collect();
    match paths[..] {
        [only] if is_video_path(only) => Raw::Frames {
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
