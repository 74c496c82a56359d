//! Data sets: what their descriptor says and where they are.

pub(crate) mod find;
mod lists;
mod read;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use self::lists::{ListFormat, Lists, Samples};
use crate::Modality;

/// The name of the generated data set.
pub const SYNTHETIC: &str = "synthetic";

/// The settings of generated data.
const SYNTHETIC_RECIPE: &str = include_str!("../data/synthetic.toml");

/// A data set's descriptor, `dataset.toml`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DatasetSpec {
    /// Name on the command line and in folders: one that a folder can have on every system, so without
    /// `/`, `\`, `:` and the like, not beginning with a dot.
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
    /// Of a `csv` layout with several splits, such as other speakers that are held out, the column
    /// of each; the recipe's `fold` chooses. The first is that of `columns.split`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub folds: Vec<String>,
    /// How many seeds a table averages over unless others are asked for; a table's own number
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seeds: Option<u64>,
    /// The published lists of samples, for every layout but `csv` and `synthetic`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lists: Option<Lists>,
    /// Frames kept of each second of a video, at least 1; three of all kept ones are taken at load.
    #[serde(default = "one")]
    pub frames_per_second: u32,
    /// The labels, in the order of their class index.
    #[serde(default)]
    pub classes: Vec<String>,
    /// One line on who owns the data and under which licence.
    #[serde(default)]
    pub license: String,
    /// One line on how to get the data.
    #[serde(default)]
    pub access: String,
    /// How many samples the published lists have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub samples: Option<Samples>,
    /// Settings of the recipe that fit this data: any key that `--set` takes.
    #[serde(default = "empty")]
    #[cfg_attr(feature = "schema", schemars(with = "crate::Recipe"))]
    pub recipe: Value,
}

fn manifest() -> PathBuf {
    "manifest.csv".into()
}

fn one() -> u32 {
    1
}

fn empty() -> Value {
    Value::Object(Default::default())
}

/// How a data set's raw files are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    /// One row a sample in a CSV file, naming its files.
    Csv,
    /// Generated, nothing on disk.
    Synthetic,
    /// `AudioWAV/<id>.wav` and `VideoFlash/<id>.flv`.
    CremaD,
    /// `AVE/<id>.mp4`, sound and pictures.
    Ave,
    /// `data/<n>.jpg` and `data/<n>.txt`.
    Mvsa,
    /// `Session<s>/dialog/avi/DivX/<dialogue>.avi`, of which each sample is a span.
    Iemocap,
    /// `urfunny2_videos/<id>.mp4`, sound and pictures; the text is in the lists.
    UrFunny,
    /// What AMST, MLA and OGM-GE's scripts have made: `fbank/<id>.npy`, folders of frames, token
    /// files.
    PublishedFeatures,
}

impl Layout {
    /// Whether samples are named by the published lists.
    pub fn has_lists(self) -> bool {
        !matches!(self, Self::Csv | Self::Synthetic)
    }
}

/// The columns of a `csv` layout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Columns {
    /// A name of the sample, unique.
    pub id: String,
    /// Its label, one of `classes`.
    pub label: String,
    /// `train`, `val` or `test`; `unused` for a row that takes no part.
    pub split: String,
    /// Path of a recording (WAV, FLAC, MP3, Ogg Vorbis, M4A), told by its content; or of a video.
    pub audio: String,
    /// Path of a picture (PNG, JPEG, WebP, BMP, TIFF, or GIF, of which the first frame is taken);
    /// several, separated by `;`, are its frames; or of a video.
    pub image: String,
    /// The text itself.
    pub text: String,
    /// What several samples share, such as the speaker: `amst audit` looks whether any is in two
    /// splits. Nothing else reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// Two columns: where the sample starts and ends in its recording or video, in seconds. A row
    /// in which both are empty has the whole file, as all have without this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<[String; 2]>,
    /// Four columns: left, top, width and height, in pixels, of the part of the picture that is
    /// the sample's. A row in which all are empty has the whole picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<[String; 4]>,
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
            group: None,
            span: None,
            region: None,
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

/// The data set where none is named: small, in this repository, and with the situation that the
/// paper is about.
pub const DEFAULT_DATASET: &str = "spoken-digits";

/// A descriptor and the folder that its paths start from.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedDataset {
    /// What the descriptor says.
    pub spec: DatasetSpec,
    /// The folder of the data; empty for synthetic data.
    pub root: PathBuf,
}

impl Default for DatasetSpec {
    /// A `csv` data set without a name.
    fn default() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            layout: Layout::Csv,
            manifest: manifest(),
            columns: Columns::default(),
            folds: Vec::new(),
            seeds: None,
            lists: None,
            frames_per_second: one(),
            classes: Vec::new(),
            license: String::new(),
            access: String::new(),
            samples: None,
            recipe: empty(),
        }
    }
}

impl DatasetSpec {
    /// The column that says which split a row belongs to; `None` where there is no such fold.
    pub fn split_column(&self, fold: usize) -> Option<&str> {
        match (self.folds.is_empty(), fold) {
            (true, 0) => Some(&self.columns.split),
            _ => self.folds.get(fold).map(String::as_str),
        }
    }

    /// Files that say which samples there are, relative to the data set's folder.
    pub fn tables(&self) -> Vec<&Path> {
        match (self.layout, &self.lists) {
            (Layout::Synthetic, _) => Vec::new(),
            (Layout::Csv, _) => vec![&self.manifest],
            (_, Some(lists)) => lists.all().to_vec(),
            (_, None) => Vec::new(),
        }
    }

    /// What the types do not say.
    fn check(&self) -> Result<(), String> {
        if self.name == SYNTHETIC && self.layout != Layout::Synthetic {
            return Err(format!(
                "name = \"{SYNTHETIC}\" is that of the generated data set: call this one \
                 `my-{SYNTHETIC}`"
            ));
        }
        let mut classes = self.classes.iter().enumerate();
        if let Some((_, twice)) = classes.find(|(at, class)| self.classes[..*at].contains(*class)) {
            return Err(format!(
                "`{twice}` is twice in `classes`: a label is one class, take one of them out"
            ));
        }
        if self.frames_per_second == 0 {
            return Err("frames_per_second = 0: keep at least 1 frame of each second".into());
        }
        if self
            .folds
            .first()
            .is_some_and(|first| *first != self.columns.split)
        {
            return Err(format!(
                "the first of `folds` is the usual split: it must be `{}`, as `columns.split` says",
                self.columns.split
            ));
        }
        if self.seeds == Some(0) {
            return Err("seeds = 0: a table averages over at least 1".into());
        }
        match (&self.lists, self.layout) {
            (None, layout) if layout.has_lists() => Err("this layout needs `[lists]`: the files of train, val and \
                                                         test, such as train = \"splits/train.txt\""
                .into()),
            (Some(_), layout) if !layout.has_lists() => {
                Err("`[lists]` belongs to the layouts of published data sets; a `csv` has its `manifest`".into())
            }
            (Some(Lists { format: None, .. }), Layout::PublishedFeatures) => Err(
                "published features need `lists.format`: crema-d, ave, mvsa, iemocap or ur-funny, the set whose lists \
                 these are"
                    .into(),
            ),
            (Some(Lists { format: Some(_), .. }), layout) if layout != Layout::PublishedFeatures => {
                Err("`lists.format` belongs to published-features; the other layouts know theirs".into())
            }
            _ => Ok(()),
        }
    }

    /// The descriptor of generated data; its settings are the recipe's `synthetic.*`.
    pub fn synthetic() -> Self {
        let recipe = toml::from_str(SYNTHETIC_RECIPE).expect("a test reads it");
        Self {
            name: SYNTHETIC.into(),
            title: "Synthetic".into(),
            layout: Layout::Synthetic,
            manifest: PathBuf::new(),
            license: "generated".into(),
            recipe,
            ..Self::default()
        }
    }
}
