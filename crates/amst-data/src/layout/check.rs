//! The checks of a manifest. All of them run before any is reported, so that one message
//! tells everything there is to repair.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use amst_recipe::{DatasetSpec, Modality, ResolvedDataset};

use super::{Raw, Row, SplitName};
use crate::error::Listing;
use crate::{DataError, Fault, Problem};

/// A row whose label or split may not have been understood.
pub(crate) struct Draft {
    pub(crate) id: String,
    pub(crate) label: Option<usize>,
    pub(crate) split: Option<SplitName>,
    pub(crate) raw: BTreeMap<Modality, Raw>,
}

impl Draft {
    /// The row, if all of it was understood.
    pub(crate) fn finish(self) -> Option<Row> {
        Some(Row {
            id: self.id,
            label: self.label?,
            split: self.split?,
            raw: self.raw,
        })
    }
}

/// What a message on the samples begins with: the manifest, or the folder whose lists the offenders
/// name.
pub(crate) fn place(dataset: &ResolvedDataset) -> PathBuf {
    match dataset.spec.lists {
        Some(_) => dataset.root.clone(),
        None => dataset.root.join(&dataset.spec.manifest),
    }
}

/// ` in` and the list of a split, where splits are lists.
fn in_list(split: SplitName, spec: &DatasetSpec) -> String {
    let list = spec.lists.as_ref().map(|lists| lists.all()[split as usize]);
    list.map(|list| format!(" in {}", list.display()))
        .unwrap_or_default()
}

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Findings(BTreeMap<Fault, Vec<String>>);

impl Findings {
    pub(crate) fn add(&mut self, fault: Fault, offender: String) {
        self.0.entry(fault).or_default().push(offender);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_error(self, file: PathBuf) -> DataError {
        let problem = |(fault, offenders)| Problem {
            fault,
            offenders: Listing(offenders),
        };
        DataError::Manifest {
            file,
            problems: self.0.into_iter().map(problem).collect(),
        }
    }

    /// Ids, splits and classes.
    pub(crate) fn check_rows(&mut self, rows: &[Draft], spec: &DatasetSpec) {
        let mut seen = BTreeMap::<&str, usize>::new();
        rows.iter()
            .for_each(|row| *seen.entry(&row.id).or_default() += 1);
        for (id, times) in seen
            .into_iter()
            .filter(|&(id, times)| times > 1 && !id.is_empty())
        {
            self.add(Fault::DuplicateId, format!("`{id}` in {times} rows"));
        }
        // A row that could not be read may well be the one that is missed below.
        if self.0.contains_key(&Fault::UnknownLabel) || self.0.contains_key(&Fault::UnknownSplit) {
            return;
        }
        self.check_presence(rows.iter().map(|row| (row.split, row.label)), spec);
    }

    /// Every split has samples, and every class has some in training.
    pub(crate) fn check_presence(
        &mut self,
        rows: impl Iterator<Item = (Option<SplitName>, Option<usize>)> + Clone,
        spec: &DatasetSpec,
    ) {
        for split in SplitName::ALL
            .into_iter()
            .filter(|s| rows.clone().all(|(split, _)| split != Some(*s)))
        {
            self.add(
                Fault::EmptySplit,
                format!("`{split}`{}", in_list(split, spec)),
            );
        }
        let taught: BTreeSet<_> = rows
            .filter(|(split, _)| *split == Some(SplitName::Train))
            .filter_map(|(_, label)| label)
            .collect();
        for (_, class) in spec
            .classes
            .iter()
            .enumerate()
            .filter(|(index, _)| !taught.contains(index))
        {
            self.add(
                Fault::EmptyClass,
                format!("`{class}`{}", in_list(SplitName::Train, spec)),
            );
        }
    }

    /// Refuses a path that is not below the data set's folder, as it is written.
    pub(crate) fn check_inside(&mut self, path: &str, id: &str) {
        let mut depth = 0i64;
        for part in Path::new(path).components() {
            match part {
                Component::Normal(_) => depth += 1,
                Component::CurDir => {}
                Component::ParentDir => depth -= 1,
                Component::RootDir | Component::Prefix(_) => depth = i64::MIN / 2,
            }
            if depth < 0 {
                return self.add(Fault::OutsideFolder, format!("`{path}` of `{id}`"));
            }
        }
    }

    /// Looks for every file once; a path that leaves the folder is not followed.
    pub(crate) fn check_files(&mut self, rows: &[Draft], root: &Path) {
        if self.0.contains_key(&Fault::OutsideFolder) {
            return;
        }
        let mut seen = BTreeSet::new();
        for row in rows {
            for (modality, raw) in &row.raw {
                for path in raw.files().into_iter().filter(|p| !p.is_empty()) {
                    if seen.insert(path) && !root.join(path).is_file() {
                        self.add(
                            Fault::MissingFile,
                            format!("{path} ({modality} of `{}`)", row.id),
                        );
                    }
                }
            }
        }
    }
}
