//! The shapes of the paper's data sets, without their data.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::suggest::hint;
use crate::{DatasetSpec, Layout, Modality, PAPER_DATASETS, RecipeError};

const SHAPES: &str = include_str!("../data/shapes.toml");

/// What decides how long an epoch on a data set takes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shapes {
    classes: usize,
    samples: Samples,
    /// s of every modality that it has.
    skip: BTreeMap<Modality, u32>,
    frames: usize,
    /// Tokens of a text, where it has text.
    tokens: Option<usize>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Samples {
    train: usize,
    val: usize,
    test: usize,
}

impl DatasetSpec {
    /// A data set of the paper in its shapes alone, whose contents are to be drawn: as many samples
    /// as `synthetic.train`, `val` and `test` say, in `synthetic.classes` classes. `mvsa` is short
    /// for `mvsa-single`.
    ///
    /// # Errors
    ///
    /// [`RecipeError::UnknownDataset`], with the nearest name.
    pub fn shapes(name: &str) -> Result<Self, RecipeError> {
        let all: BTreeMap<String, Shapes> =
            toml::from_str(SHAPES).map_err(|e| RecipeError::Descriptor {
                file: "data/shapes.toml".into(),
                why: e.to_string(),
            })?;
        let full = if name == "mvsa" { "mvsa-single" } else { name };
        let shapes = all.get(full).ok_or_else(|| RecipeError::UnknownDataset {
            name: name.into(),
            hint: hint(name, all.keys().map(String::as_str)),
            known: all.keys().cloned().collect::<Vec<_>>().join(", "),
        })?;
        let title = PAPER_DATASETS
            .iter()
            .find(|d| d.name == full)
            .map_or(full, |d| d.title);
        Ok(Self {
            name: full.into(),
            title: title.into(),
            layout: Layout::Synthetic,
            manifest: PathBuf::new(),
            columns: Default::default(),
            folds: Vec::new(),
            seeds: None,
            classes: Vec::new(),
            license: "drawn".into(),
            lists: None,
            frames_per_second: 1,
            access: String::new(),
            samples: None,
            recipe: shapes.recipe(),
        })
    }
}

impl Shapes {
    /// RoBERTa-base, whose weights are drawn as well, gives the embeddings their width where there
    /// is text (docs/paper.md §2.1).
    fn recipe(&self) -> Value {
        let mut recipe = json!({
            "modalities": self.skip.keys().collect::<Vec<_>>(),
            "skip": self.skip,
            "visual": { "frames": self.frames },
            "synthetic": {
                "classes": self.classes,
                "train": self.samples.train, "val": self.samples.val, "test": self.samples.test,
            },
        });
        if let Some(tokens) = self.tokens {
            recipe["text"] = json!({
                "encoder": "roberta-base", "max_length": tokens,
                "vocabulary": 50265, "width": 768, "layers": 12, "heads": 12,
            });
        }
        recipe
    }
}
