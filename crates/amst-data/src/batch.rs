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
        let Some(mut whole) = parts.next() else {
            return Self::default();
        };
        if whole.len() < samples {
            for features in whole.inputs.values_mut() {
                features.reserve(samples);
            }
        }
        for part in parts {
            whole.indices.extend(part.indices);
            whole.labels.extend(part.labels);
            for (features, more) in whole.inputs.values_mut().zip(part.inputs.into_values()) {
                features.append(more);
            }
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
    /// Reserves memory for so many samples.
    fn reserve(&mut self, samples: usize) {
        fn grow<T>(data: &mut Vec<T>, shape: &[usize], samples: usize) {
            let volume: usize = shape[1..].iter().product();
            data.reserve_exact((samples * volume).saturating_sub(data.len()));
        }
        match self {
            Self::Map { data, shape } => grow(data, shape, samples),
            Self::Frames { data, shape } => grow(data, shape, samples),
            Self::Pixels { data, shape, .. } => grow(data, shape, samples),
            Self::Tokens { ids, mask, shape } => {
                grow(ids, shape, samples);
                grow(mask, shape, samples);
            }
        }
    }

    /// Adds the samples of another of its kind.
    fn append(&mut self, more: Self) {
        match (self, more) {
            (
                Self::Map { data, shape },
                Self::Map {
                    data: more,
                    shape: [samples, ..],
                },
            ) => {
                data.extend(more);
                shape[0] += samples;
            }
            (
                Self::Frames { data, shape },
                Self::Frames {
                    data: more,
                    shape: [samples, ..],
                },
            ) => {
                data.extend(more);
                shape[0] += samples;
            }
            (
                Self::Pixels { data, shape, .. },
                Self::Pixels {
                    data: more,
                    shape: [samples, ..],
                    ..
                },
            ) => {
                data.extend(more);
                shape[0] += samples;
            }
            (
                Self::Tokens { ids, mask, shape },
                Self::Tokens {
                    ids: more,
                    mask: other,
                    shape: [samples, _],
                },
            ) => {
                ids.extend(more);
                mask.extend(other);
                shape[0] += samples;
            }
            _ => unreachable!("parts of a batch hold the same modalities, made by one collator"),
        }
    }
}
