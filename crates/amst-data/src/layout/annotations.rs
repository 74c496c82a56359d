//! A `csv` data set as the audit looks at it.

use std::collections::BTreeMap;

use ::csv::Reader;
use amst_annotations::Annotation;
use amst_recipe::ResolvedDataset;

use super::csv;
use crate::DataError;

/// The samples of a `csv` data set in one of its folds, with what each shares with others where
/// `columns.group` names a column of that. Their texts and the lengths of their files are left out.
///
/// # Errors
///
/// As [`csv::read`]; [`DataError::Setting`] where the manifest has no such column.
pub fn annotations(dataset: &ResolvedDataset, fold: usize) -> Result<Vec<Annotation>, DataError> {
    let rows = csv::read(dataset, &[], fold)?;
    let mut groups = groups(dataset)?;
    let classes = &dataset.spec.classes;
    let samples = rows.into_iter().map(|row| {
        let (line, group) = groups.remove(&row.id).unwrap_or_default();
        Annotation {
            label: classes[row.label].clone(),
            split: row.split,
            span: None,
            text: None,
            group,
            line,
            id: row.id,
        }
    });
    Ok(samples.collect())
}

/// Of each id its line and its group.
fn groups(
    dataset: &ResolvedDataset,
) -> Result<BTreeMap<String, (usize, Option<String>)>, DataError> {
    let columns = &dataset.spec.columns;
    let file = dataset.root.join(&dataset.spec.manifest);
    let bytes = std::fs::read(&file).map_err(DataError::reading(&file))?;
    let mut reader = Reader::from_reader(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes));
    let not_a_table = |error: ::csv::Error| csv::not_a_table(&file, &error);
    let header = reader.headers().map_err(not_a_table)?.clone();
    let position = |name: &str| header.iter().position(|h| h.trim() == name);
    let group = match &columns.group {
        None => None,
        Some(name) => Some(position(name).ok_or_else(|| {
            DataError::setting(
                "columns.group",
                format!("the manifest has no column `{name}`"),
            )
        })?),
    };
    let mut groups = BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(not_a_table)?;
        let cell = |at: usize| record.get(at).unwrap_or_default().trim().to_string();
        let line = record.position().map_or(0, ::csv::Position::line) as usize;
        let id = position(&columns.id).map(cell).unwrap_or_default();
        let own = group.map(cell).filter(|group| !group.is_empty());
        groups.insert(id, (line, own));
    }
    Ok(groups)
}
