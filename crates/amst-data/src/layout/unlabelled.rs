//! A table of samples without classes or splits: what a trained network is to predict.

use std::collections::BTreeMap;
use std::path::Path;

use amst_recipe::{DatasetSpec, Modality};

use super::Raw;
use super::csv::{Part, pictures, sound, table};
use crate::DataError;

/// A sample of such a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlabelled {
    /// Its name, where the table has one.
    pub id: Option<String>,
    /// What it has: an empty cell is a modality that it lacks.
    pub raw: BTreeMap<Modality, Raw>,
}

/// Reads a table by the rules of a manifest: the same cells name the same files, videos included.
/// Columns have the names that `spec` gives them; columns of modalities that are not wanted are
/// passed over.
///
/// # Errors
///
/// [`DataError::Table`]: it is no table, has none of the columns or one twice, has no row, or a
/// cell of a span or region is no number.
pub fn read_unlabelled(
    file: &Path,
    spec: &DatasetSpec,
    modalities: &[Modality],
) -> Result<Vec<Unlabelled>, DataError> {
    let refused = |why: String| DataError::Table {
        file: file.into(),
        why,
    };
    let table = table(file, spec)?;
    let column = |name: &str| match table.columns(name)[..] {
        [] => Ok(None),
        [only] => Ok(Some(only)),
        _ => Err(refused(format!(
            "it has the column `{name}` more than once; rename or delete the others"
        ))),
    };
    let mut columns = Vec::new();
    for &modality in modalities {
        if let Some(at) = column(spec.columns.of(modality))? {
            columns.push((modality, at));
        }
    }
    if columns.is_empty() {
        let wanted: Vec<&str> = modalities.iter().map(|m| spec.columns.of(*m)).collect();
        return Err(refused(format!(
            "it has none of the columns `{}` (there is: {}): add what the network reads; other \
             names are those of `--dataset`'s dataset.toml",
            wanted.join("`, `"),
            table.header().join(", ")
        )));
    }
    let id = column(&spec.columns.id)?;
    let span = all(spec.columns.span.as_ref(), &column)?;
    let region = all(spec.columns.region.as_ref(), &column)?;
    let mut samples = Vec::new();
    for row in table.rows() {
        let part = Part::of_cells(row, span, region);
        let part = part.map_err(|why| refused(format!("line {}: {why}", row.line)))?;
        let mut raw = BTreeMap::new();
        for &(modality, at) in &columns {
            let cell = row.cell(at);
            if cell.is_empty() {
                continue;
            }
            let source = match modality {
                Modality::Text => Raw::Text(cell.into()),
                Modality::Audio => sound(cell, part.span),
                Modality::Visual => pictures(cell, spec.frames_per_second, part),
            };
            raw.insert(modality, source);
        }
        let name = id.map(|at| row.cell(at)).filter(|name| !name.is_empty());
        samples.push(Unlabelled {
            id: name.map(String::from),
            raw,
        });
    }
    if samples.is_empty() {
        let why = "it has a header and no sample: add a row for each";
        return Err(refused(why.into()));
    }
    Ok(samples)
}

/// The indices of several columns, where all are there.
fn all<const N: usize>(
    names: Option<&[String; N]>,
    column: &impl Fn(&str) -> Result<Option<usize>, DataError>,
) -> Result<Option<[usize; N]>, DataError> {
    let mut found = Vec::new();
    for name in names.into_iter().flatten() {
        found.extend(column(name)?);
    }
    Ok(found.try_into().ok())
}
