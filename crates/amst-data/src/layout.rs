//! How raw files are laid out: one file a layout.

mod ave;
pub(crate) mod check;
mod crema_d;
pub mod csv;
mod iemocap;
mod lengths;
mod listed;
mod mvsa;
mod published_features;
mod ur_funny;

use std::collections::BTreeMap;

use amst_recipe::{Layout, Modality, ResolvedDataset};

pub use self::lengths::lengths;
use crate::DataError;
#[doc(no_inline)]
pub use amst_annotations::Split as SplitName;

/// The samples of a data set on disk, in the order of its manifest or lists.
///
/// # Errors
///
/// A manifest, list or folder that is not what its layout says, with everything that is wrong.
pub fn read(dataset: &ResolvedDataset, modalities: &[Modality]) -> Result<Vec<Row>, DataError> {
    match dataset.spec.layout {
        Layout::Csv => csv::read(dataset, modalities),
        Layout::Synthetic => Ok(Vec::new()),
        Layout::CremaD => listed::read(dataset, modalities, &crema_d::CremaD),
        Layout::Ave => listed::read(dataset, modalities, &ave::Ave),
        Layout::Mvsa => listed::read(dataset, modalities, &mvsa::Mvsa),
        Layout::Iemocap => listed::read(dataset, modalities, &iemocap::Iemocap::default()),
        Layout::UrFunny => listed::read(dataset, modalities, &ur_funny::UrFunny),
        Layout::PublishedFeatures => listed::read(
            dataset,
            modalities,
            &published_features::PublishedFeatures::of(&dataset.spec)?,
        ),
    }
}

/// One sample as its data set lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Its name, unique within its split.
    pub id: String,
    /// Index of its class.
    pub label: usize,
    /// The split it belongs to.
    pub split: SplitName,
    /// Where its modalities come from.
    pub raw: BTreeMap<Modality, Raw>,
}

/// Where one modality of a sample comes from. Paths are relative to the data set's folder.
#[derive(Clone, Debug, PartialEq)]
pub enum Raw {
    /// Files: a recording, or pictures in their order.
    Files(Vec<String>),
    /// The text itself.
    Text(String),
    /// The sound of a video.
    Sound(Clip),
    /// The frames that are kept of a video.
    Frames {
        /// The video, or the stretch of it.
        clip: Clip,
        /// Frames kept of each second.
        per_second: u32,
    },
    /// A filterbank that others have computed: an npy file, float32, frames × mels.
    Map(String),
    /// Tokens that others have computed: files that `torch.save` wrote.
    Tokens {
        /// Ids, int64.
        ids: String,
        /// 1 for a token and 0 for padding, floating point or integer.
        mask: String,
    },
    /// Nothing that could be used: the reason. The sample counts as lost.
    Lost(String),
}

/// A video file, or a stretch of one.
#[derive(Clone, Debug, PartialEq)]
pub struct Clip {
    /// The file.
    pub video: String,
    /// Start and end in seconds; the whole file without.
    pub span: Option<[f64; 2]>,
}

impl Raw {
    /// The files that it is read from.
    pub fn files(&self) -> Vec<&str> {
        match self {
            Self::Files(files) => files.iter().map(String::as_str).collect(),
            Self::Text(_) | Self::Lost(_) => Vec::new(),
            Self::Sound(clip) | Self::Frames { clip, .. } => vec![&clip.video],
            Self::Map(file) => vec![file],
            Self::Tokens { ids, mask } => vec![ids, mask],
        }
    }
}
