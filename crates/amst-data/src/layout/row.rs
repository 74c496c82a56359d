//! A sample as its data set lists it.

use std::collections::BTreeMap;

#[doc(no_inline)]
pub use amst_annotations::Split as SplitName;
use amst_frames::CropBox;
use amst_recipe::Modality;

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
    /// A part of a recording that holds several samples.
    Stretch {
        /// The recording.
        file: String,
        /// Start and end in seconds.
        span: [f64; 2],
    },
    /// A part of a picture that holds several samples.
    Region {
        /// The picture.
        file: String,
        /// Where the sample is in it, in pixels.
        area: CropBox,
    },
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
    /// Start and end in seconds; `None` for the whole file.
    pub span: Option<[f64; 2]>,
}

impl Clip {
    pub(crate) fn whole(video: impl Into<String>) -> Self {
        Self {
            video: video.into(),
            span: None,
        }
    }
}

impl Raw {
    /// The files that it is read from.
    pub fn files(&self) -> Vec<&str> {
        match self {
            Self::Files(files) => files.iter().map(String::as_str).collect(),
            Self::Text(_) | Self::Lost(_) => Vec::new(),
            Self::Sound(clip) | Self::Frames { clip, .. } => vec![&clip.video],
            Self::Stretch { file, .. } | Self::Region { file, .. } | Self::Map(file) => vec![file],
            Self::Tokens { ids, mask } => vec![ids, mask],
        }
    }
}
