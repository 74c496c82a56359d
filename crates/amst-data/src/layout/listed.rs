//! Layouts whose samples are named by the published lists: what they have in common.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use amst_annotations::{Annotation, AnnotationError, Dataset, Split, later_label_wins, read_files};
use amst_recipe::{Lists, Modality, ResolvedDataset};

use super::check::{DraftRow, Findings, named_in_messages, require_classes};
use super::{Clip, Raw, Row};
use crate::DataError;

/// A layout whose samples are named by published lists: it knows where their files are.
pub(super) trait ListedLayout {
    /// Whose lists name the samples.
    fn lists(&self) -> Dataset;

    /// Folders of which at least one is in the folder of the raw files, or in one inside it, as
    /// archives and clones bring one of their own.
    fn folders(&self) -> Vec<&str>;

    /// Where a modality of a sample comes from; `None` where the data set has no such modality.
    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw>;
}

/// The folder that has everything but the lists.
pub(super) struct RawFolder {
    root: PathBuf,
    /// From the data set's folder; empty or with a `/` at its end.
    prefix: String,
    frames_per_second: u32,
}

impl RawFolder {
    /// The data set's folder, or the first one in it, by name, that has one of `folders`.
    pub(super) fn find(
        root: &Path,
        folders: &[&str],
        frames_per_second: u32,
    ) -> Result<Self, DataError> {
        let mut raw = Self {
            root: root.into(),
            prefix: String::new(),
            frames_per_second,
        };
        if has_any(root, folders) {
            return Ok(raw);
        }
        let mut names = Vec::new();
        for entry in std::fs::read_dir(root)
            .map_err(DataError::reading(root))?
            .flatten()
        {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        for name in names {
            if !name.starts_with('.') && has_any(&root.join(&name), folders) {
                raw.prefix = name + "/";
                return Ok(raw);
            }
        }
        let why = format!(
            "no folder {} is here or one level below; give the folder that holds the raw files \
             (`--raw DIR`), or fetch and unpack them first",
            folders.join(" or ")
        );
        Err(DataError::Layout {
            folder: root.into(),
            why,
        })
    }

    /// The name of a file in here, from the data set's folder.
    pub(super) fn below(&self, name: String) -> String {
        self.prefix.clone() + &name
    }

    /// The path of a file in here.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root.join(&self.prefix).join(name)
    }

    /// A modality that is one file.
    pub(super) fn file(&self, name: String) -> Raw {
        Raw::Files(vec![self.below(name)])
    }

    /// The whole of a video.
    pub(super) fn video(&self, name: String) -> Clip {
        Clip::whole(self.below(name))
    }

    /// The frames that are kept of a video.
    pub(super) fn frames_of(&self, clip: Clip) -> Raw {
        Raw::Frames {
            clip,
            per_second: self.frames_per_second,
        }
    }
}

fn has_any(folder: &Path, names: &[&str]) -> bool {
    names.iter().any(|name| folder.join(name).is_dir())
}

/// Reads the lists and finds every sample's files.
///
/// A sample that a list names again is there again, as in the published code: the later line's
/// label counts for both, and its second row is called `<id>#2`. A file that is missing makes its
/// sample a lost one.
pub(super) fn read(
    dataset: &ResolvedDataset,
    modalities: &[Modality],
    layout: &dyn ListedLayout,
) -> Result<Vec<Row>, DataError> {
    let spec = &dataset.spec;
    let Some(lists) = &spec.lists else {
        return Err(DataError::setting(
            "lists",
            "name the lists of train, val and test in dataset.toml",
        ));
    };
    require_classes(spec)?;
    let mut samples = read_lists(layout.lists(), lists, &dataset.root)?;
    later_label_wins(&mut samples);
    let folder = RawFolder::find(&dataset.root, &layout.folders(), spec.frames_per_second)?;
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
            let Some(source) = layout.raw(sample, modality, &folder) else {
                let dataset = layout.lists();
                return Err(DataError::setting(
                    "modalities",
                    format!("{dataset} has no {modality}; take it out of `modalities`"),
                ));
            };
            raw.insert(modality, lost_if_missing(source, &dataset.root));
        }
        let list = lists.all()[sample.split as usize].display();
        let label = findings.class_of(
            &sample.label,
            &sample.id,
            format_args!(", {list}:{}", sample.line),
            &spec.classes,
        );
        drafts.push(DraftRow {
            id,
            label,
            split: Some(sample.split),
            raw,
        });
    }
    findings.check_presence(drafts.iter().map(|draft| (draft.split, draft.label)), spec);
    findings.into_rows(drafts, named_in_messages(dataset))
}

/// Everything that is wrong in any of the three lists is reported at once.
fn read_lists(format: Dataset, lists: &Lists, root: &Path) -> Result<Vec<Annotation>, DataError> {
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

/// A modality one of whose files is missing is a lost one.
fn lost_if_missing(raw: Raw, root: &Path) -> Raw {
    let missing = raw
        .files()
        .into_iter()
        .find(|file| !root.join(file).is_file());
    match missing {
        Some(file) => Raw::Lost(format!(
            "{file} is not there; copy it there or fetch the data set again"
        )),
        None => raw,
    }
}
