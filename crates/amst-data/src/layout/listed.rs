//! Layouts whose samples are named by the published lists: what they have in common.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use amst_annotations::{Annotation, AnnotationError, Dataset, Split, later_label_wins, read_files};
use amst_recipe::{DatasetSpec, Lists, Modality, ResolvedDataset, nearest};

use super::check::{Draft, Findings, place};
use super::{Clip, Raw, Row};
use crate::{DataError, Fault};

/// A layout: where the files of a sample lie.
pub(super) trait Places {
    /// Whose lists name the samples.
    fn lists(&self) -> Dataset;

    /// Folders of which at least one lies in the folder of the raw files, or in one inside it, as
    /// archives and clones bring one of their own.
    fn folders(&self) -> Vec<&str>;

    /// Where a modality of a sample comes from, relative to `base`; `None` where the data set has
    /// no such modality.
    fn raw(
        &self,
        sample: &Annotation,
        modality: Modality,
        base: &Base,
        spec: &DatasetSpec,
    ) -> Option<Raw>;
}

/// The folder that everything but the lists lies in.
pub(super) struct Base {
    root: PathBuf,
    /// From the data set's folder; empty or with a `/` at its end.
    prefix: String,
}

impl Base {
    /// The data set's folder, or the first one in it, by name, that has one of `folders`.
    pub(super) fn find(root: &Path, folders: &[&str]) -> Result<Self, DataError> {
        let has = |folder: &Path| folders.iter().any(|name| folder.join(name).is_dir());
        if has(root) {
            return Ok(Self {
                root: root.into(),
                prefix: String::new(),
            });
        }
        let entries = std::fs::read_dir(root).map_err(|source| DataError::Read {
            path: root.into(),
            source,
        })?;
        let mut names: Vec<String> = entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        let found = names
            .into_iter()
            .find(|name| !name.starts_with('.') && has(&root.join(name)));
        let prefix = found.map(|name| format!("{name}/")).ok_or_else(|| {
            let why = format!(
                "no folder {} is here or one level below; give the folder that holds the raw files (`--raw DIR`), or \
                 fetch and unpack them first",
                folders.join(" or ")
            );
            DataError::Layout { folder: root.into(), why }
        })?;
        Ok(Self {
            root: root.into(),
            prefix,
        })
    }

    /// A file below the base, from the data set's folder.
    pub(super) fn file(&self, below: String) -> String {
        self.prefix.clone() + &below
    }

    /// The path of such a file.
    pub(super) fn path(&self, below: &str) -> PathBuf {
        self.root.join(&self.prefix).join(below)
    }

    /// The whole of a video below the base.
    pub(super) fn video(&self, below: String) -> Clip {
        Clip {
            video: self.file(below),
            span: None,
        }
    }
}

/// Reads the lists and finds every sample's files.
///
/// A sample that a list names again is there again, as in the published code: the later line's
/// label counts for both, and its second row is called `<id>#2`. A file that is not there makes its
/// sample a lost one.
pub(super) fn read(
    dataset: &ResolvedDataset,
    modalities: &[Modality],
    places: &dyn Places,
) -> Result<Vec<Row>, DataError> {
    let spec = &dataset.spec;
    let Some(lists) = &spec.lists else {
        return Err(DataError::setting(
            "lists",
            "name the lists of train, val and test in dataset.toml",
        ));
    };
    if spec.classes.is_empty() {
        return Err(DataError::setting(
            "classes",
            "list the labels in dataset.toml, in the order of their index",
        ));
    }
    let mut samples = samples(places.lists(), lists, &dataset.root)?;
    later_label_wins(&mut samples);
    let base = Base::find(&dataset.root, &places.folders())?;
    let mut findings = Findings::default();
    let mut seen = HashMap::<(Split, String), usize>::new();
    let mut drafts = Vec::with_capacity(samples.len());
    for sample in &samples {
        let times = seen.entry((sample.split, sample.id.clone())).or_default();
        *times += 1;
        let id = if *times == 1 {
            sample.id.clone()
        } else {
            format!("{}#{times}", sample.id)
        };
        let mut raw = BTreeMap::new();
        for &modality in modalities {
            let part = places
                .raw(sample, modality, &base, spec)
                .ok_or_else(|| without(modality, places.lists()))?;
            raw.insert(modality, there(part, &dataset.root));
        }
        let label = label(sample, &spec.classes, lists, &mut findings);
        drafts.push(Draft {
            id,
            label,
            split: Some(sample.split),
            raw,
        });
    }
    findings.check_presence(drafts.iter().map(|draft| (draft.split, draft.label)), spec);
    if findings.is_empty() {
        Ok(drafts.into_iter().filter_map(Draft::finish).collect())
    } else {
        Err(findings.into_error(place(dataset)))
    }
}

/// Everything that is wrong in any of the three lists is told at once.
fn samples(format: Dataset, lists: &Lists, root: &Path) -> Result<Vec<Annotation>, DataError> {
    let files = Split::ALL
        .into_iter()
        .zip(lists.all().map(|list| root.join(list)));
    read_files(format, files).map_err(|error| match error {
        AnnotationError::Io { path, source } => DataError::List {
            path,
            root: root.into(),
            dataset: format.name(),
            source,
        },
        wrong => DataError::Lists(wrong),
    })
}

fn label(
    sample: &Annotation,
    classes: &[String],
    lists: &Lists,
    findings: &mut Findings,
) -> Option<usize> {
    let found = classes.iter().position(|class| *class == sample.label);
    if found.is_none() {
        let hint = nearest(&sample.label, classes.iter().map(String::as_str));
        let hint = hint
            .map(|c| format!("; did you mean `{c}`?"))
            .unwrap_or_default();
        let list = lists.all()[sample.split as usize].display();
        let Annotation {
            label, id, line, ..
        } = sample;
        findings.add(
            Fault::UnknownLabel,
            format!("`{label}` of `{id}`, {list}:{line}{hint}"),
        );
    }
    found
}

fn without(modality: Modality, dataset: Dataset) -> DataError {
    DataError::setting(
        "modalities",
        format!("{dataset} has no {modality}; take it out of `modalities`"),
    )
}

/// A part whose files are not there is a lost one.
fn there(raw: Raw, root: &Path) -> Raw {
    let missing: Vec<&str> = raw
        .files()
        .into_iter()
        .filter(|file| !root.join(file).is_file())
        .collect();
    match missing[..] {
        [] => raw,
        [file, ..] => Raw::Lost(format!(
            "{file} is not there; copy it there or fetch the data set again"
        )),
    }
}
