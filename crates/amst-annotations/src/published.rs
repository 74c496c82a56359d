//! The published split files: CXianRen/AMST, `code/data`.

use std::path::{Path, PathBuf};

use crate::encoding::other_format;
use crate::error::{is_not, shown};
use crate::lines::{all, each, id, span};
use crate::{Annotation, AnnotationError, BadLine, Dataset, Split, crema_d, iemocap};

/// The folder under a data set's raw files that `cargo xtask fetch` puts the published lists into.
pub const LISTS_FOLDER: &str = "splits";

/// What stands between the fields of a line and its text.
const BEFORE_TEXT: &str = " ### ";

/// Stands for a transcript of IEMOCAP that its licence does not allow to pass on: there is no text
/// then.
const OMITTED: &str = "[transcript omitted: licensed corpus]";

/// Reads one published list; `file` stands in the errors.
///
/// | data set | line |
/// |---|---|
/// | CREMA-D, AVE, MVSA-Single | `1086_ITS_SAD_XX.flv Sad` |
/// | IEMOCAP | `Ses05F_impro07_F013, exc, 60.2400, 64.5700 ### text` |
/// | UR-FUNNY | `10397, NOTFUNNY, ### text` |
///
/// The lines come back as they stand: a sample that is listed twice is there twice, with the label
/// of each line ([`later_label_wins`](crate::later_label_wins) does what the published code does
/// with them).
///
/// # Errors
/// [`AnnotationError::Lines`] with every line that is wrong; [`AnnotationError::Empty`] where there
/// is none.
pub fn parse_list(
    dataset: Dataset,
    split: Split,
    text: &str,
    file: &str,
) -> Result<Vec<Annotation>, AnnotationError> {
    all(text, file, |line, content| {
        annotation(dataset, split, line, content).map(Some)
    })
}

/// Reads the three published lists of a data set, in `folder` or in its folder `splits`: train,
/// val, test, each in the order of its lines.
///
/// # Errors
/// [`AnnotationError::MissingLists`] with all that are not there, [`AnnotationError::Io`], and
/// those of [`parse_list`] for the three files together.
pub fn read_lists(dataset: Dataset, folder: &Path) -> Result<Vec<Annotation>, AnnotationError> {
    read_files(dataset, located(dataset, folder)?)
}

/// Reads a list for each split from the files given.
///
/// # Errors
/// [`AnnotationError::Io`], [`AnnotationError::OtherFormat`], and those of [`parse_list`] for all
/// files together.
pub fn read_files(
    dataset: Dataset,
    files: impl IntoIterator<Item = (Split, PathBuf)>,
) -> Result<Vec<Annotation>, AnnotationError> {
    let (mut samples, mut bad) = (Vec::new(), Vec::new());
    for (split, path) in files {
        let file = path.display().to_string();
        let text = std::fs::read(&path).map_err(|source| AnnotationError::Io {
            path: path.clone(),
            source,
        })?;
        if let Some(why) = other_format(&text, &path) {
            return Err(AnnotationError::OtherFormat { file, why });
        }
        let (good, wrong) = read_list(dataset, split, &text, &file);
        if good.is_empty() && wrong.is_empty() {
            return Err(AnnotationError::Empty { file });
        }
        samples.extend(good);
        bad.extend(wrong);
    }
    if bad.is_empty() {
        Ok(samples)
    } else {
        Err(AnnotationError::Lines { bad })
    }
}

/// Reads bytes that should be a list; a line that is not UTF-8 is a bad line.
fn read_list(
    dataset: Dataset,
    split: Split,
    bytes: &[u8],
    file: &str,
) -> (Vec<Annotation>, Vec<BadLine>) {
    let text = String::from_utf8_lossy(bytes);
    each(&text, file, |line, content| {
        if content.contains(char::REPLACEMENT_CHARACTER) {
            return Err(format!("{} is not UTF-8", shown(content)));
        }
        annotation(dataset, split, line, content).map(Some)
    })
}

/// Where each list lies.
fn located(dataset: Dataset, folder: &Path) -> Result<Vec<(Split, PathBuf)>, AnnotationError> {
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for split in Split::ALL {
        let name = dataset.list_name(split);
        let places = [folder.join(name), folder.join(LISTS_FOLDER).join(name)];
        match places.into_iter().find(|path| path.is_file()) {
            Some(path) => found.push((split, path)),
            None => missing.push(name),
        }
    }
    if missing.is_empty() {
        return Ok(found);
    }
    Err(AnnotationError::MissingLists {
        dataset: dataset.name(),
        folder: folder.into(),
        missing,
    })
}

fn annotation(
    dataset: Dataset,
    split: Split,
    line: usize,
    content: &str,
) -> Result<Annotation, String> {
    match dataset {
        Dataset::CremaD | Dataset::Ave | Dataset::MvsaSingle => {
            named_file(dataset, split, line, content)
        }
        Dataset::Iemocap => turn(split, line, content),
        Dataset::UrFunny => punchline(split, line, content),
    }
}

/// `1086_ITS_SAD_XX.flv Sad`.
fn named_file(
    dataset: Dataset,
    split: Split,
    line: usize,
    content: &str,
) -> Result<Annotation, String> {
    let form = || is_not(content, &format!("<name>{} <label>", dataset.ending()));
    let (file, label) = content.split_once(' ').ok_or_else(form)?;
    let id = id(file.strip_suffix(dataset.ending()).ok_or_else(form)?)?;
    let label = dataset.label(label.trim_end())?;
    let mut group = None;
    if dataset == Dataset::CremaD {
        let name = crema_d::ClipName::parse(&id)?;
        if name.label() != label {
            return Err(format!(
                "`{id}` says {} by its name and {label} by its label",
                name.label()
            ));
        }
        group = Some(name.speaker);
    }
    Ok(Annotation {
        id,
        label,
        split,
        span: None,
        text: None,
        group,
        line,
    })
}

/// `Ses05F_impro07_F013, exc, 60.2400, 64.5700 ### text`.
fn turn(split: Split, line: usize, content: &str) -> Result<Annotation, String> {
    let (fields, text) = content.split_once(BEFORE_TEXT).unwrap_or_default();
    let fields: Vec<_> = fields.split(", ").collect();
    let [turn, label, start, end] = fields[..] else {
        let form = "<turn>, <label>, <start>, <end> ### <text>";
        return Err(is_not(content, form));
    };
    let name = iemocap::TurnName::parse(turn)?;
    let text = (text != OMITTED).then(|| text.to_string());
    Ok(Annotation {
        id: turn.into(),
        label: Dataset::Iemocap.label(label)?,
        split,
        span: Some(span(start, end)?),
        text,
        group: Some(name.dialogue),
        line,
    })
}

/// `10397, NOTFUNNY, ### text`.
fn punchline(split: Split, line: usize, content: &str) -> Result<Annotation, String> {
    let (fields, text) = content.split_once(BEFORE_TEXT).unwrap_or_default();
    let (number, label) = fields
        .strip_suffix(',')
        .and_then(|fields| fields.split_once(", "))
        .unwrap_or_default();
    if number.is_empty() || !number.bytes().all(|b| b.is_ascii_digit()) {
        return Err(is_not(content, "<number>, <label>, ### <text>"));
    }
    let (id, label) = (id(number)?, Dataset::UrFunny.label(label)?);
    Ok(Annotation {
        id,
        label,
        split,
        span: None,
        text: Some(text.into()),
        group: None,
        line,
    })
}

/// The line of a published list that [`parse_list`] reads as this sample. A text that is `None` is
/// written as the mark that stands for an omitted one.
pub fn published_line(dataset: Dataset, sample: &Annotation) -> String {
    let Annotation { id, label, .. } = sample;
    let text = sample.text.as_deref();
    match dataset {
        Dataset::CremaD | Dataset::Ave | Dataset::MvsaSingle => {
            format!("{id}{} {label}", dataset.ending())
        }
        Dataset::Iemocap => {
            let (start, end) = sample
                .span
                .map_or((0.0, 0.0), |span| (span.start, span.end));
            format!(
                "{id}, {label}, {start:.4}, {end:.4}{BEFORE_TEXT}{}",
                text.unwrap_or(OMITTED)
            )
        }
        Dataset::UrFunny => format!("{id}, {label},{BEFORE_TEXT}{}", text.unwrap_or_default()),
    }
}
