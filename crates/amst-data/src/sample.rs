//! One sample before it is augmented, padded and put into a batch.

use std::collections::BTreeMap;

use amst_frames::Picture;
use amst_recipe::Modality;

use crate::SplitName;

/// One sample of a split.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Its index in its split.
    pub index: usize,
    /// Its name.
    pub id: String,
    /// Index of its class.
    pub label: usize,
    /// The modalities that were asked for.
    pub inputs: BTreeMap<Modality, HostInput>,
}

/// What is known of a sample beside its inputs.
pub(crate) struct SampleInfo {
    pub(crate) id: String,
    pub(crate) label: usize,
    pub(crate) split: SplitName,
}

/// One modality of one sample, as it is stored.
#[derive(Clone, Debug, PartialEq)]
pub enum HostInput {
    /// A log-mel filterbank of natural length.
    Map {
        /// `[frames, mels]`, row by row.
        data: Vec<f32>,
        /// Rows.
        frames: usize,
        /// Columns.
        mels: usize,
    },
    /// As many pictures as the recipe asks for, of any size.
    Pictures(Vec<Picture>),
    /// Token ids, not padded.
    Tokens(Vec<u32>),
}
