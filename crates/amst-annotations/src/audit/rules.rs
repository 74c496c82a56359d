//! What an audit measures by.

use crate::Dataset;

/// What an audit measures a data set by.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRules {
    /// The data set's name.
    pub name: String,
    /// Its classes, in the order of their index.
    pub classes: Vec<String>,
    /// What [`Annotation::group`](crate::Annotation::group) is: `speaker`, `dialogue`.
    pub group: String,
    /// Frames that a sample must yield, 3 in the paper; `None`: there are no videos.
    pub frames: Option<u32>,
    /// Frames that are kept of each second.
    pub frames_per_second: u32,
    /// Seconds of sound that the features hold; `None`: there is no sound.
    pub sound_seconds: Option<f64>,
}

impl AuditRules {
    /// Those of one of the paper's data sets (docs/paper.md §2.7): three frames; 1024 windows
    /// of sound, 10 ms apart.
    pub fn for_dataset(dataset: Dataset) -> Self {
        let video = dataset != Dataset::MvsaSingle;
        Self {
            name: dataset.name().into(),
            classes: dataset
                .classes()
                .iter()
                .map(|class| class.to_string())
                .collect(),
            group: if dataset == Dataset::Iemocap {
                "dialogue".into()
            } else {
                "speaker".into()
            },
            frames: video.then_some(3),
            frames_per_second: if dataset == Dataset::Iemocap { 2 } else { 1 },
            sound_seconds: video.then_some(10.24),
        }
    }
}

/// What is known of a sample's media; what is `None` is not checked.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Facts {
    /// Frames that were kept of its video.
    pub frames: Option<usize>,
    /// Length of its video in seconds; stands in for `frames` where that is not known.
    pub video_seconds: Option<f64>,
    /// Length of its sound in seconds.
    pub sound_seconds: Option<f64>,
}
