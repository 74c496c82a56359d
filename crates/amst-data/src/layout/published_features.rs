//! What the preparation scripts of AMST, MLA and OGM-GE leave on disk, used as it is:
//!
//! ```text
//! fbank/<id>.npy                                        float32, 1024×128
//! IMAGE_KEPT_1_PER_SEC/<id>/00000.jpg, 00029.jpg, …     …_2_PER_SEC for IEMOCAP
//! visual/<id>.jpg                                       MVSA-Single
//! text_token/roberta-base/<id>_token.pt, <id>_pm.pt     torch-saved int64 ids and float32 mask
//! ```

use amst_annotations::{Annotation, Dataset};
use amst_recipe::{DatasetSpec, ListFormat, Modality};

use super::Raw;
use super::listed::{ListedLayout, RawFolder};
use crate::DataError;

pub(super) struct PublishedFeatures {
    dataset: Dataset,
    /// The folder of the pictures.
    pictures: String,
}

impl PublishedFeatures {
    /// The layout of the set whose lists the descriptor names.
    pub(super) fn from_descriptor(spec: &DatasetSpec) -> Result<Self, DataError> {
        let dataset = match spec.lists.as_ref().and_then(|lists| lists.format) {
            Some(ListFormat::CremaD) => Dataset::CremaD,
            Some(ListFormat::Ave) => Dataset::Ave,
            Some(ListFormat::Mvsa) => Dataset::MvsaSingle,
            Some(ListFormat::Iemocap) => Dataset::Iemocap,
            Some(ListFormat::UrFunny) => Dataset::UrFunny,
            None => {
                return Err(DataError::setting(
                    "lists.format",
                    "say whose lists these are in dataset.toml",
                ));
            }
        };
        let pictures = match dataset {
            Dataset::MvsaSingle => "visual".into(),
            _ => format!("IMAGE_KEPT_{}_PER_SEC", spec.frames_per_second),
        };
        Ok(Self { dataset, pictures })
    }
}

impl ListedLayout for PublishedFeatures {
    fn lists(&self) -> Dataset {
        self.dataset
    }

    fn folders(&self) -> Vec<&str> {
        vec!["fbank", "text_token", self.pictures.as_str()]
    }

    fn raw(&self, sample: &Annotation, modality: Modality, folder: &RawFolder) -> Option<Raw> {
        let (id, pictures) = (&sample.id, &self.pictures);
        match (modality, self.dataset) {
            (Modality::Audio, Dataset::MvsaSingle)
            | (Modality::Text, Dataset::CremaD | Dataset::Ave) => None,
            (Modality::Audio, _) => Some(Raw::Map(folder.below(format!("fbank/{id}.npy")))),
            (Modality::Text, _) => {
                let saved = format!("text_token/roberta-base/{id}");
                Some(Raw::Tokens {
                    ids: folder.below(format!("{saved}_token.pt")),
                    mask: folder.below(format!("{saved}_pm.pt")),
                })
            }
            (Modality::Visual, Dataset::MvsaSingle) => {
                Some(folder.file(format!("{pictures}/{id}.jpg")))
            }
            (Modality::Visual, _) => Some(frames(&format!("{pictures}/{id}"), folder)),
        }
    }
}

/// The frames of a folder in the order of their names; the published code takes them as the folder
/// lists them.
fn frames(sample: &str, folder: &RawFolder) -> Raw {
    let entries = match std::fs::read_dir(folder.path(sample)) {
        Ok(entries) => entries,
        Err(error) => return Raw::Lost(format!("{sample} cannot be read: {error}")),
    };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".jpg") {
            files.push(folder.below(format!("{sample}/{name}")));
        }
    }
    if files.is_empty() {
        return Raw::Lost(format!("{sample} holds no frame; make its frames again"));
    }
    files.sort();
    Raw::Files(files)
}
