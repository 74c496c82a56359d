//! Sound: a log-mel filterbank at its natural length.
//!
//! Padding is added when a batch is made: a clip of 2.5 s fills a quarter of the published 1024
//! frames. The bytes of a map: `record/map.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use amst_fbank::{Fbank, FbankConfig, FbankError, Features, Wave};
use amst_recipe::AudioSpec;
use serde_json::{Value, json};

use super::npy::{self, Matrix};
use super::videos::{Videos, note, unmade};
use super::{Encode, Extracted, Part, Unmade, map};
use crate::DataError;

/// Makes filterbanks; windows and filters are planned once a sample rate.
pub(crate) struct AudioEncoder {
    config: FbankConfig,
    planned: Mutex<BTreeMap<u32, Fbank>>,
    videos: Arc<Videos>,
}

impl AudioEncoder {
    pub(crate) fn new(spec: &AudioSpec, videos: Arc<Videos>) -> Result<Self, DataError> {
        let config = FbankConfig {
            mels: spec.mels,
            frame_length_ms: spec.frame_length_ms,
            frame_shift_ms: spec.frame_shift_ms,
            target_frames: Some(spec.target_frames),
            remove_mean: spec.remove_mean,
            ..FbankConfig::default()
        };
        config
            .validate()
            .map_err(|e| DataError::setting("audio", e.to_string()))?;
        Ok(Self {
            config,
            planned: Mutex::default(),
            videos,
        })
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

    fn record(&self, wave: &Wave, name: &str) -> Result<Vec<u8>, String> {
        let fbank = self
            .plan(wave.sample_rate)
            .map_err(|e| format!("{name}: {e}"))?;
        let map = fbank.compute(wave).map_err(|e| format!("{name}: {e}"))?;
        refuse_infinities(&map, name)?;
        Ok(map::in_16_bits(&map))
    }
}

fn refuse_infinities(map: &Features, name: &str) -> Result<(), String> {
    if map.data.iter().all(|x| x.is_finite()) {
        return Ok(());
    }
    Err(format!(
        "{name}: its filterbank is not finite; record it again at a sane level"
    ))
}

/// A filterbank from an npy file, without the rows of zeros that fill it up.
fn read_map(path: &Path, mels: usize) -> Result<Features, String> {
    let wrong = |why: String| format!("{}: {why}", path.display());
    let bytes = std::fs::read(path).map_err(|e| wrong(e.to_string()))?;
    let Matrix {
        rows,
        columns,
        mut data,
    } = npy::read(&bytes).map_err(wrong)?;
    if columns != mels {
        return Err(wrong(format!(
            "it has {rows}×{columns} values, where {mels} mels are wanted (audio.mels)"
        )));
    }
    let kept = data
        .chunks_exact(mels.max(1))
        .rposition(|row| row.iter().any(|x| *x != 0.0))
        .map_or(0, |last| last + 1);
    if kept == 0 {
        return Err(wrong("every value is 0; compute it again".into()));
    }
    data.truncate(kept * mels);
    Ok(Features {
        data,
        frames: kept,
        mels,
    })
}

impl Encode for AudioEncoder {
    fn configuration(&self) -> Value {
        json!({ "record": 2, "fbank": self.config })
    }

    fn encode(&self, source: &[u8], name: &str) -> Result<Vec<u8>, String> {
        self.record(
            &Wave::decode(source, name).map_err(|e| e.to_string())?,
            name,
        )
    }

    fn extract(&self, part: &Part, root: &Path) -> Result<Extracted, Unmade> {
        match part {
            Part::Map(file) => {
                let mut map = read_map(&root.join(file), self.config.mels)?;
                if let Some(most) = self.config.target_frames.filter(|most| map.frames > *most) {
                    map.data.truncate(most * map.mels);
                    map.frames = most;
                }
                refuse_infinities(&map, file)?;
                // What others have computed is used as it is.
                Ok(Extracted {
                    record: map::exact(&map),
                    note: None,
                })
            }
            Part::Sound(clip) => {
                let (video, span) = self.videos.open(clip, root)?;
                let sound = video.audio(span).map_err(unmade)?;
                let note = note(&sound.losses, "sound", clip)?;
                let (channels, sample_rate) = (sound.channels, sound.sample_rate);
                let wave = Wave {
                    samples: sound.samples,
                    channels,
                    sample_rate,
                };
                Ok(Extracted {
                    record: self.record(&wave, &part.name())?,
                    note,
                })
            }
            other => Err(Unmade::Bad(format!("{} is no sound", other.name()))),
        }
    }
}
