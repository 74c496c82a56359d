//! What a training step sees.

use std::collections::BTreeMap;

use amst_recipe::Modality;

/// Some samples, side by side.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// The samples' places in their split.
    pub indices: Vec<usize>,
    /// Their classes.
    pub labels: Vec<i64>,
    /// Their inputs: the active modalities, no others.
    pub inputs: BTreeMap<Modality, Features>,
}

impl Batch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }
}

/// One modality of a batch: values in row-major order, and their shape.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Sound.
    Map {
        /// Log-mel values, normalised; padding is 0.
        data: Vec<f32>,
        /// `[batch, 1, time, mel]`.
        shape: [usize; 4],
    },
    /// Pictures.
    Frames {
        /// Pixels, normalised.
        data: Vec<f32>,
        /// `[batch, channels, frames, height, width]`.
        shape: [usize; 5],
    },
    /// Pictures that are normalised on the device ([`Loader::in_bytes`](crate::Loader::in_bytes)).
    Pixels {
        /// Bytes, from black to white.
        data: Vec<u8>,
        /// `[batch, channels, frames, height, width]`.
        shape: [usize; 5],
        /// Subtracted from each channel, where white is 1.
        mean: Vec<f32>,
        /// What each channel is divided by after that.
        std: Vec<f32>,
    },
    /// Text.
    Tokens {
        /// Token ids; padding is [`PAD`](crate::PAD), or what a pretrained model pads with.
        ids: Vec<i64>,
        /// 1 for a token, 0 for padding.
        mask: Vec<f32>,
        /// `[batch, length]` of both.
        shape: [usize; 2],
    },
}
