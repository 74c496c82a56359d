//! `contents-<key>.json` beside the stores: what their samples are called and belong to, and the
//! shapes that the recipe asks for.
//!
//! Stores hold inputs alone, since labels can change without a new store. A program that reads
//! stores without this crate, such as the Python package, needs the rest. Nothing here reads it.

use std::collections::BTreeMap;
use std::path::Path;

use amst_files::{hex, sha256, write_file};
use amst_recipe::{DatasetSpec, Modality, Recipe};
use serde::Serialize;

use crate::sample::SampleInfo;
use crate::{DataError, SplitName};

/// Raised when the layout changes.
const SCHEMA: u32 = 1;

/// Everything but the inputs of the samples in some stores.
#[derive(Serialize)]
pub(crate) struct StoreContents<'a> {
    schema: u32,
    dataset: &'a str,
    classes: &'a [String],
    /// Of each modality, the name of its store in the same folder.
    stores: BTreeMap<Modality, String>,
    shapes: Shapes<'a>,
    /// In the order of the stores.
    samples: Vec<ListedSample<'a>>,
}

/// What makes tensors of the inputs, for the modalities that are there.
#[derive(Serialize)]
struct Shapes<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    audio: Option<AudioShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    visual: Option<VisualShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextShape>,
}

#[derive(Serialize)]
struct AudioShape {
    target_frames: usize,
    mels: usize,
    mean: f32,
    std: f32,
}

#[derive(Serialize)]
struct VisualShape<'a> {
    frames: usize,
    /// Height and width.
    size: [usize; 2],
    channels: usize,
    mean: &'a [f32],
    std: &'a [f32],
}

#[derive(Serialize)]
struct TextShape {
    max_length: usize,
    pad: i64,
}

#[derive(Serialize)]
struct ListedSample<'a> {
    id: &'a str,
    split: SplitName,
    label: usize,
}

impl<'a> StoreContents<'a> {
    /// Of a recipe's modalities, whose stores have the given names; `pad` fills up texts.
    pub(crate) fn new(
        spec: &'a DatasetSpec,
        recipe: &'a Recipe,
        stores: BTreeMap<Modality, String>,
        samples: &'a [SampleInfo],
        pad: i64,
    ) -> Self {
        let audio = stores.contains_key(&Modality::Audio).then_some(AudioShape {
            target_frames: recipe.audio.target_frames,
            mels: recipe.audio.mels,
            mean: recipe.audio.mean,
            std: recipe.audio.std,
        });
        let visual = stores
            .contains_key(&Modality::Visual)
            .then_some(VisualShape {
                frames: recipe.visual.frames,
                size: recipe.visual.size,
                channels: recipe.visual.channels,
                mean: &recipe.visual.mean,
                std: &recipe.visual.std,
            });
        let text = stores.contains_key(&Modality::Text).then_some(TextShape {
            max_length: recipe.text.max_length,
            pad,
        });
        let samples = samples.iter().map(|sample| ListedSample {
            id: &sample.id,
            split: sample.split,
            label: sample.label,
        });
        Self {
            schema: SCHEMA,
            dataset: &spec.name,
            classes: &spec.classes,
            stores,
            shapes: Shapes {
                audio,
                visual,
                text,
            },
            samples: samples.collect(),
        }
    }

    /// Writes the file, unless it is there: its name is that of its content.
    ///
    /// # Errors
    ///
    /// Where the folder cannot be written.
    pub(crate) fn write(&self, store_dir: &Path) -> Result<(), DataError> {
        let bytes = serde_json::to_vec(self)
            .map_err(|error| DataError::writing(store_dir)(std::io::Error::other(error)))?;
        let key = hex::encode(&sha256(&bytes)[..6]);
        let path = store_dir.join(format!("contents-{key}.json"));
        if path.exists() {
            return Ok(());
        }
        write_file(&path, bytes).map_err(|error| DataError::writing(&path)(error.into()))
    }
}
