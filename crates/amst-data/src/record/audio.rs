//! Sound: a log-mel filterbank at its natural length.
//!
//! `frames: u32, mels: u32, values: f32 × frames × mels`. Padding is added when a batch is
//! made: a clip of 2.5 s fills a quarter of the published 1024 frames.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use amst_fbank::{Fbank, FbankConfig, FbankError, Wave};
use amst_recipe::AudioSpec;
use serde_json::{Value, json};

use super::{Encode, take_u32};
use crate::DataError;
use crate::sample::Input;

/// Makes filterbanks; windows and filters are planned once a sample rate.
pub(crate) struct AudioEncoder {
    config: FbankConfig,
    planned: Mutex<BTreeMap<u32, Fbank>>,
}

impl AudioEncoder {
    pub(crate) fn new(spec: &AudioSpec) -> Result<Self, DataError> {
        let config = FbankConfig {
            mels: spec.mels,
            frame_length_ms: spec.frame_length_ms,
            frame_shift_ms: spec.frame_shift_ms,
            target_frames: Some(spec.target_frames),
            remove_mean: spec.remove_mean,
            ..FbankConfig::default()
        };
        config.validate().map_err(|e| DataError::setting("audio", e.to_string()))?;
        Ok(Self { config, planned: Mutex::default() })
    }

    fn plan(&self, rate: u32) -> Result<Fbank, FbankError> {
        let mut planned = self.planned.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(fbank) = planned.get(&rate) {
            return Ok(fbank.clone());
        }
        let fbank = Fbank::new(&self.config, rate)?;
        planned.insert(rate, fbank.clone());
        Ok(fbank)
    }
}

impl Encode for AudioEncoder {
    fn configuration(&self) -> Value {
        json!({ "record": 1, "fbank": self.config })
    }

    fn encode(&self, source: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let wave = Wave::decode(source, name).map_err(|e| e.to_string())?;
        let fbank = self.plan(wave.sample_rate).map_err(|e| format!("{name}: {e}"))?;
        let map = fbank.compute(&wave).map_err(|e| format!("{name}: {e}"))?;
        if !map.data.iter().all(|x| x.is_finite()) {
            return Err(format!("{name}: its filterbank is not finite; record it again at a sane level"));
        }
        let mut record = Vec::with_capacity(8 + 4 * map.data.len());
        record.extend((map.frames as u32).to_le_bytes());
        record.extend((map.mels as u32).to_le_bytes());
        record.extend(map.data.iter().flat_map(|x| x.to_le_bytes()));
        Ok(record)
    }
}

pub(crate) fn decode(record: &[u8]) -> Result<Input, String> {
    let (frames, rest) = take_u32(record)?;
    let (mels, values) = take_u32(rest)?;
    if frames.checked_mul(mels).and_then(|n| n.checked_mul(4)) != Some(values.len()) {
        return Err(format!("a record of {} bytes says it holds {frames}×{mels} values", record.len()));
    }
    let data = values.as_chunks::<4>().0.iter().map(|&b| f32::from_le_bytes(b)).collect();
    Ok(Input::Map { data, frames, mels })
}
