//! What a training step sees.

use std::collections::BTreeMap;

use amst_recipe::Modality;

/// Some samples, side by side.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HostBatch {
    /// The samples' indices in their split.
    pub indices: Vec<usize>,
    /// Their classes.
    pub labels: Vec<i64>,
    /// Their inputs: the active modalities, no others.
    pub inputs: BTreeMap<Modality, Features>,
}

impl HostBatch {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.indices.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.indices.is_empty()
    }

    /// Parts of a batch one after the other, all of the same modalities and shapes.
    pub(crate) fn join(parts: Vec<Self>) -> Self {
        let samples = parts.iter().map(Self::len).sum();
        let mut parts = parts.into_iter();
        let mut whole = parts.next().unwrap_or_default();
        for part in parts {
            for (features, more) in whole.inputs.values_mut().zip(part.inputs.into_values()) {
                features.append(more, part.indices.len(), samples);
            }
            whole.indices.extend(part.indices);
            whole.labels.extend(part.labels);
        }
        whole
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

impl Features {
    /// Adds `added` samples of another of its kind, with memory for `samples` in all.
    fn append(&mut self, more: Self, added: usize, samples: usize) {
        let count = match (self, more) {
            (Self::Map { data, shape }, Self::Map { data: more, .. }) => {
                extend(data, more, shape, samples);
                &mut shape[0]
            }
            (Self::Frames { data, shape }, Self::Frames { data: more, .. }) => {
                extend(data, more, shape, samples);
                &mut shape[0]
            }
            (Self::Pixels { data, shape, .. }, Self::Pixels { data: more, .. }) => {
                extend(data, more, shape, samples);
                &mut shape[0]
            }
            (
                Self::Tokens { ids, mask, shape },
                Self::Tokens {
                    ids: more_ids,
                    mask: more_mask,
                    ..
                },
            ) => {
                extend(ids, more_ids, shape, samples);
                extend(mask, more_mask, shape, samples);
                &mut shape[0]
            }
            _ => unreachable!("parts of a batch hold the same modalities, made by one collator"),
        };
        *count += added;
    }
}

fn extend<T>(data: &mut Vec<T>, more: Vec<T>, shape: &[usize], samples: usize) {
    let volume: usize = shape[1..].iter().product();
    data.reserve_exact((samples * volume).saturating_sub(data.len()));
    data.extend(more);
}
