//! The checks of a manifest. All of them run before any is reported, so that one message
//! has everything there is to repair.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Arguments;
use std::path::{Component, Path, PathBuf};

use amst_recipe::{DatasetSpec, Modality, ResolvedDataset, nearest};

use super::found_instead::FoundInstead;
use super::{Raw, Row, SplitName};
use crate::error::Listing;
use crate::spelling::{by_numbers, composed};
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

/// Refuses a descriptor that does not list classes which can be told apart.
pub(crate) fn require_classes(spec: &DatasetSpec) -> Result<(), DataError> {
    let refused = |why: String| Err(DataError::setting("classes", why));
    match &spec.classes[..] {
        [] => refused("list the labels in dataset.toml, in the order of their index".into()),
        [only] => refused(format!(
            "`{only}` is the only one, and there is nothing to learn from one class, whatever the \
             method: add samples of another one and list both in dataset.toml"
        )),
        classes => {
            for (index, class) in classes.iter().enumerate() {
                let earlier = &classes[..index];
                if let Some(first) = earlier.iter().position(|one| one == class) {
                    return refused(format!(
                        "`{class}` is listed twice, as the classes {first} and {index} (from 0): \
                         take one out in dataset.toml"
                    ));
                }
                if let Some(other) = earlier.iter().find(|one| composed(one) == composed(class)) {
                    return refused(format!(
                        "`{class}` is listed twice, in two spellings that look the same: `{}` and \
                         `{}`; take one out in dataset.toml",
                        by_numbers(other),
                        by_numbers(class)
                    ));
                }
            }
            Ok(())
        }
    }
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
        let other = classes
            .iter()
            .find(|class| composed(class) == composed(label));
        if let (None, Some(class)) = (found, other) {
            self.add(
                Fault::OtherSpelling,
                format!(
                    "the label of `{id}`{line}: `{}` here, `{}` in `classes`",
                    by_numbers(label),
                    by_numbers(class)
                ),
            );
        } else if found.is_none() {
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
        let mut spellings = BTreeMap::<String, &str>::new();
        for (id, times) in seen {
            if times > 1 && !id.is_empty() {
                self.add(Fault::DuplicateId, format!("`{id}` in {times} rows"));
            }
            if let Some(other) = spellings.insert(composed(id), id) {
                let [one, two] = [other, id].map(by_numbers);
                self.add(
                    Fault::OtherSpelling,
                    format!("two ids: `{one}` and `{two}`"),
                );
            }
        }
        // A row that could not be read may well be the one that is missed below.
        let unread = [
            Fault::UnknownLabel,
            Fault::UnknownSplit,
            Fault::OtherSpelling,
        ];
        if unread.iter().any(|fault| self.faults.contains_key(fault)) {
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
    pub(crate) fn check_inside(&mut self, path: &str, id: &str, root: &Path) {
        if is_absolute(path) {
            let inside = below(path, root).map(|inside| format!("; write `{inside}`"));
            let inside = inside.unwrap_or_default();
            return self.add(Fault::AbsolutePath, format!("`{path}` of `{id}`{inside}"));
        }
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
        let not_followed = [Fault::OutsideFolder, Fault::AbsolutePath];
        if not_followed
            .iter()
            .any(|fault| self.faults.contains_key(fault))
        {
            return;
        }
        let mut instead = FoundInstead::default();
        let mut seen = BTreeSet::new();
        for row in rows {
            for (modality, raw) in &row.raw {
                for path in raw.files().into_iter().filter(|p| !p.is_empty()) {
                    if seen.insert(path) && !root.join(path).is_file() {
                        let (fault, more) = instead.of(path, root);
                        self.add(fault, format!("{path} ({modality} of `{}`){more}", row.id));
                    }
                }
            }
        }
    }
}

/// Whether a path begins at the root of this system's files or of Windows'.
fn is_absolute(path: &str) -> bool {
    let drive = |path: &str| {
        let mut characters = path.chars();
        let letter = characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic());
        letter
            && characters.next() == Some(':')
            && characters.next().is_some_and(|c| "/\\".contains(c))
    };
    Path::new(path).is_absolute() || path.starts_with("\\\\") || drive(path)
}

/// The same path from the data set's folder, if it is in there.
fn below(path: &str, root: &Path) -> Option<String> {
    let path = Path::new(path).canonicalize().ok()?;
    let inside = path.strip_prefix(root.canonicalize().ok()?).ok()?;
    Some(inside.to_str()?.to_owned())
}
