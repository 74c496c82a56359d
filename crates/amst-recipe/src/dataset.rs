//! Data sets: what their descriptor says and where they lie.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::suggest::hint;
use crate::{Modality, PAPER_DATASETS, RecipeError};

/// The name of the generated data set.
pub const SYNTHETIC: &str = "synthetic";

/// A data set's descriptor, `dataset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// Name on the command line and in folders.
    pub name: String,
    /// Name in tables.
    pub title: String,
    /// How the raw files are laid out.
    pub layout: Layout,
    /// The list of samples, beside the descriptor.
    #[serde(default = "manifest")]
    pub manifest: PathBuf,
    /// Which column holds what.
    #[serde(default)]
    pub columns: Columns,
    /// The labels, in the order of their class index.
    #[serde(default)]
    pub classes: Vec<String>,
    /// One line on who owns the data and under which licence.
    #[serde(default)]
    pub license: String,
    /// Settings of the recipe that fit this data: any key that `--set` takes.
    #[serde(default = "empty")]
    pub recipe: Value,
}

fn manifest() -> PathBuf {
    "manifest.csv".into()
}

fn empty() -> Value {
    Value::Object(Default::default())
}

/// How a data set's raw files are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One row a sample in a CSV file, naming its files.
    Csv,
    /// Generated, nothing on disk.
    Synthetic,
}

/// The columns of a `csv` layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// A name of the sample, unique.
    pub id: String,
    /// Its label, one of `classes`.
    pub label: String,
    /// `train`, `val` or `test`.
    pub split: String,
    /// Path of a WAV file.
    pub audio: String,
    /// Path of a PNG or JPEG file; several, separated by `;`, are its frames.
    pub image: String,
    /// The text itself.
    pub text: String,
}

impl Default for Columns {
    fn default() -> Self {
        let own = |name: &str| name.to_string();
        Self {
            id: own("id"),
            label: own("label"),
            split: own("split"),
            audio: own("audio"),
            image: own("image"),
            text: own("text"),
        }
    }
}

impl Columns {
    /// The column of one modality.
    pub fn of(&self, modality: Modality) -> &str {
        match modality {
            Modality::Audio => &self.audio,
            Modality::Text => &self.text,
            Modality::Visual => &self.image,
        }
    }
}

/// A descriptor and the folder that its paths start from.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedDataset {
    /// What the descriptor says.
    pub spec: DatasetSpec,
    /// The folder of the data; empty for synthetic data.
    pub root: PathBuf,
}

impl DatasetSpec {
    /// Reads a `dataset.toml`.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is not TOML, or has an unknown key.
    pub fn read(file: &Path) -> Result<Self, RecipeError> {
        let text = std::fs::read_to_string(file).map_err(|source| RecipeError::Io { path: file.into(), source })?;
        toml::from_str(&text).map_err(|e| RecipeError::Descriptor { file: file.into(), why: e.to_string() })
    }

    /// The descriptor of generated data; its settings are the recipe's `synthetic.*`.
    pub fn synthetic() -> Self {
        let recipe = serde_json::json!({
            "dataset": SYNTHETIC, "epochs": 6, "batch_size": 16,
            "optim": { "lr": 0.02, "lr_step": 4 },
            "skip": { "audio": 3, "recalibrate": 3 },
            "audio": { "mels": 16, "target_frames": 24, "width": 4, "stem": "small" },
            "visual": { "size": [16, 16], "channels": 1, "frames": 1, "mean": [0.0], "std": [1.0],
                        "crop_scale": [], "flip": 0.0, "width": 4, "stem": "small" },
            "text": { "vocabulary": 32, "max_length": 12, "width": 16 },
            // The compared methods, scaled to six epochs.
            "ogm": { "end": 3 },
            "pmr": { "end": 4 },
            "mslr": { "lr": { "audio": 0.02, "text": 0.02, "visual": 0.05 } },
            "blending": { "super_epoch": 3 },
            "stopping": { "patience": 2 },
        });
        Self {
            name: SYNTHETIC.into(),
            title: "Synthetic".into(),
            layout: Layout::Synthetic,
            manifest: PathBuf::new(),
            columns: Columns::default(),
            classes: Vec::new(),
            license: "generated".into(),
            recipe,
        }
    }
}

/// The names under `datasets` that have a descriptor, sorted, and `synthetic`.
pub fn known_datasets(datasets: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(datasets).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter(|e| e.path().join("dataset.toml").is_file())
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.push(SYNTHETIC.into());
    names.sort();
    names
}

/// Finds a data set by name under `datasets`, or by the path of its folder.
///
/// A folder without a descriptor borrows the one of the known data set of the same name,
/// so that data whose descriptor is shipped trains from wherever it was unpacked.
///
/// # Errors
///
/// Nothing of that name, or a folder without a descriptor; the message names what there is.
pub fn find_dataset(name: &str, datasets: &Path) -> Result<ResolvedDataset, RecipeError> {
    if name == SYNTHETIC {
        return Ok(ResolvedDataset { spec: DatasetSpec::synthetic(), root: PathBuf::new() });
    }
    let folder = Path::new(name);
    let is_plain_name = folder.components().count() == 1;
    let known = datasets.join(name);
    if is_plain_name && known.join("dataset.toml").is_file() {
        let spec = DatasetSpec::read(&known.join("dataset.toml"))?;
        if !known.join(&spec.manifest).is_file() {
            let access =
                format!("only its descriptor is; {} says where the data come from", known.join("README.md").display());
            return Err(RecipeError::NotBrought { name: name.into(), access });
        }
        return Ok(ResolvedDataset { spec, root: known });
    }
    if folder.is_dir() {
        return in_folder(folder, datasets);
    }
    if let Some(paper) = PAPER_DATASETS.iter().find(|d| d.name == name) {
        return Err(RecipeError::NotBrought { name: name.into(), access: paper.access.into() });
    }
    let names = known_datasets(datasets);
    let hint = hint(name, names.iter().map(String::as_str));
    Err(RecipeError::UnknownDataset { name: name.into(), hint, known: names.join(", ") })
}

fn in_folder(folder: &Path, datasets: &Path) -> Result<ResolvedDataset, RecipeError> {
    let own = folder.join("dataset.toml");
    let shipped = folder
        .canonicalize()
        .ok()
        .and_then(|f| f.file_name().map(|n| datasets.join(n).join("dataset.toml")))
        .filter(|f| f.is_file());
    let descriptor =
        if own.is_file() { own } else { shipped.ok_or_else(|| RecipeError::NoDescriptor(folder.into()))? };
    Ok(ResolvedDataset { spec: DatasetSpec::read(&descriptor)?, root: folder.into() })
}
