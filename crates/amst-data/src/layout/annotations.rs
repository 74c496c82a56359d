//! A `csv` data set as the audit looks at it.

use std::collections::BTreeMap;

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
    let mut groups = groups(dataset, fold)?;
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
    fold: usize,
) -> Result<BTreeMap<String, (usize, Option<String>)>, DataError> {
    let spec = &dataset.spec;
    let table = csv::table(&dataset.root.join(&spec.manifest), spec)?;
    let column = |name: &str| table.columns(name).first().copied();
    let group = match &spec.columns.group {
        None => None,
        Some(name) => Some(column(name).ok_or_else(|| {
            DataError::setting(
                "columns.group",
                format!("the manifest has no column `{name}`"),
            )
        })?),
    };
    let (id, split) = (
        column(&spec.columns.id),
        spec.split_column(fold).and_then(column),
    );
    let mut groups = BTreeMap::new();
    for row in table.rows() {
        let cell = |at: usize| row.cell(at).to_owned();
        if split.map(cell).as_deref() != Some(csv::UNUSED) {
            let own = group.map(cell).filter(|group| !group.is_empty());
            groups.insert(id.map(cell).unwrap_or_default(), (row.line, own));
        }
    }
    Ok(groups)
}
