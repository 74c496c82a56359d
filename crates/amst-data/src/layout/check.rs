//! The checks of a manifest. All of them run before any is reported, so that one message
//! has everything there is to repair.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;
use std::path::{Component, Path, PathBuf};

use amst_recipe::{DatasetSpec, Modality, ResolvedDataset, nearest};

use super::{Raw, Row, SplitName};
use crate::error::Listing;
use crate::{DataError, Fault, Problem};

/// A row whose label or split may not have been understood.
pub(crate) struct DraftRow {
    pub(crate) id: String,
    pub(crate) label: Option<usize>,
    pub(crate) split: Option<SplitName>,
    pub(crate) raw: BTreeMap<Modality, Raw>,
}

impl DraftRow {
    /// The row, if all of it was understood.
    fn finish(self) -> Option<Row> {
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
pub(crate) fn named_in_messages(dataset: &ResolvedDataset) -> PathBuf {
    match dataset.spec.lists {
        Some(_) => dataset.root.clone(),
        None => dataset.root.join(&dataset.spec.manifest),
    }
}

/// What is said where the recipe's `fold` is none of the data set's.
pub(crate) fn no_such_fold(dataset: &ResolvedDataset, fold: usize) -> DataError {
    let why = match dataset.spec.folds.len() {
        0 => format!(
            "is {fold}, and `{}` has one split: use fold=0, or list the columns of its splits as \
             `folds` in dataset.toml",
            dataset.spec.name
        ),
        n => format!(
            "is {fold}, and `{}` has {n}: use 0 to {}",
            dataset.spec.name,
            n - 1
        ),
    };
    DataError::setting("fold", why)
}

/// Refuses a descriptor that lists no classes.
pub(crate) fn require_classes(spec: &DatasetSpec) -> Result<(), DataError> {
    if spec.classes.is_empty() {
        let why = "list the labels in dataset.toml, in the order of their index";
        return Err(DataError::setting("classes", why));
    }
    Ok(())
}

/// Refuses rows that are no data set any more, after some were left out.
pub(crate) fn refuse_emptiness(rows: &[Row], dataset: &ResolvedDataset) -> Result<(), DataError> {
    let mut findings = Findings::default();
    findings.check_presence(
        rows.iter().map(|row| (Some(row.split), Some(row.label))),
        &dataset.spec,
    );
    findings
        .into_rows(Vec::new(), named_in_messages(dataset))
        .map(|_| ())
}

/// ` in` and the list of a split, where splits are lists.
fn in_list(split: SplitName, spec: &DatasetSpec) -> String {
    let list = spec.lists.as_ref().map(|lists| lists.all()[split as usize]);
    list.map(|list| format!(" in {}", list.display()))
        .unwrap_or_default()
}

/// What was found wrong so far.
#[derive(Default)]
pub(crate) struct Findings {
    faults: BTreeMap<Fault, Vec<String>>,
    /// Where missing files can be had.
    access: Option<String>,
}

impl Findings {
    /// None yet, of a data set whose descriptor may say where its files can be had.
    pub(crate) fn of_dataset(spec: &DatasetSpec) -> Self {
        Self {
            access: (!spec.access.is_empty()).then(|| spec.access.clone()),
            ..Self::default()
        }
    }

    pub(crate) fn add(&mut self, fault: Fault, offender: String) {
        self.faults.entry(fault).or_default().push(offender);
    }

    pub(crate) fn into_error(self, file: PathBuf) -> DataError {
        let mut problems = Vec::new();
        for (fault, offenders) in self.faults {
            problems.push(Problem {
                access: self.access.clone().filter(|_| fault == Fault::MissingFile),
                fault,
                offenders: Listing(offenders),
            });
        }
        DataError::Manifest { file, problems }
    }

    /// The rows, if nothing was found wrong.
    pub(crate) fn into_rows(
        self,
        drafts: Vec<DraftRow>,
        file: PathBuf,
    ) -> Result<Vec<Row>, DataError> {
        if self.faults.is_empty() {
            Ok(drafts.into_iter().filter_map(DraftRow::finish).collect())
        } else {
            Err(self.into_error(file))
        }
    }

    /// The index of a sample's class; `line` says where the label was read.
    pub(crate) fn class_of(
        &mut self,
        label: &str,
        id: &str,
        line: Arguments,
        classes: &[String],
    ) -> Option<usize> {
        let found = classes.iter().position(|class| class == label);
        if found.is_none() {
            let hint = nearest(label, classes.iter().map(String::as_str));
            let hint = hint
                .map(|c| format!("; did you mean `{c}`?"))
                .unwrap_or_default();
            self.add(
                Fault::UnknownLabel,
                format!("`{label}` of `{id}`{line}{hint}"),
            );
        }
        found
    }

    /// Ids, splits and classes.
    pub(crate) fn check_rows(&mut self, rows: &[DraftRow], spec: &DatasetSpec) {
        let mut seen = BTreeMap::<&str, usize>::new();
        for row in rows {
            *seen.entry(&row.id).or_default() += 1;
        }
        for (id, times) in seen {
            if times > 1 && !id.is_empty() {
                self.add(Fault::DuplicateId, format!("`{id}` in {times} rows"));
            }
        }
        // A row that could not be read may well be the one that is missed below.
        if self.faults.contains_key(&Fault::UnknownLabel)
            || self.faults.contains_key(&Fault::UnknownSplit)
        {
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
        for split in SplitName::ALL {
            if rows.clone().all(|(other, _)| other != Some(split)) {
                let list = in_list(split, spec);
                self.add(Fault::EmptySplit, format!("`{split}`{list}"));
            }
        }
        let trained: BTreeSet<_> = rows
            .filter(|(split, _)| *split == Some(SplitName::Train))
            .filter_map(|(_, label)| label)
            .collect();
        for (index, class) in spec.classes.iter().enumerate() {
            if !trained.contains(&index) {
                let list = in_list(SplitName::Train, spec);
                self.add(Fault::EmptyClass, format!("`{class}`{list}"));
            }
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
    pub(crate) fn check_files(&mut self, rows: &[DraftRow], root: &Path) {
        if self.faults.contains_key(&Fault::OutsideFolder) {
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
