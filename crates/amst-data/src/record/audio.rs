//! Sound: a log-mel filterbank at its natural length.
//!
//! Padding is added when a batch is made: a clip of 2.5 s fills a quarter of the published 1024
//! frames. The bytes of a map: `record/map.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use amst_fbank::{Fbank, FbankConfig, FbankError, Features, Part, Recording, Wave};
use amst_recipe::AudioSpec;
use serde_json::{Value, json};

use super::encode::{Encode, Extracted, Unmade};
use super::map;
use super::npy::{self, Matrix};
use super::observed::Observed;
use super::recordings::Recordings;
use super::videos::{Videos, note};
use crate::DataError;
use crate::layout::Raw;

/// Makes filterbanks; windows and filters are planned once a sample rate.
pub(crate) struct AudioEncoder {
    config: FbankConfig,
    planned: Mutex<BTreeMap<u32, Fbank>>,
    videos: Arc<Videos>,
    recordings: Recordings,
    observed: Observed,
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
            recordings: Recordings::default(),
            observed: Observed::default(),
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
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let Matrix {
        rows,
        columns,
        mut data,
    } = npy::read(&bytes)?;
    if columns != mels {
        return Err(format!(
            "it has {rows}×{columns} values, where {mels} mels are wanted (audio.mels)"
        ));
    }
    let kept = data
        .chunks_exact(mels.max(1))
        .rposition(|row| row.iter().any(|x| *x != 0.0))
        .map_or(0, |last| last + 1);
    if kept == 0 {
        return Err("every value is 0; compute it again".into());
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

    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let recording = Recording::decode(bytes, Part::Whole, name).map_err(|e| e.to_string())?;
        let record = self.record(&recording.wave, name)?;
        self.observed
            .add(name, recording.wave.sample_rate, recording.mismatch);
        Ok(record)
    }

    fn extract(&self, source: &Raw, root: &Path) -> Result<Extracted, Unmade> {
        match source {
            Raw::Map(file) => {
                let path = root.join(file);
                let mut map = read_map(&path, self.config.mels)
                    .map_err(|why| format!("{}: {why}", path.display()))?;
                if let Some(most) = self.config.target_frames.filter(|most| map.frames > *most) {
                    map.data.truncate(most * map.mels);
                    map.frames = most;
                }
                refuse_infinities(&map, file)?;
                // What others have computed is used as it is.
                Ok(map::exact(&map).into())
            }
            Raw::Stretch { file, span } => {
                let path = root.join(file);
                let Recording { wave, mismatch } = self.recordings.stretch(&path, *span)?;
                let record = self.record(&wave, &source.name())?;
                self.observed
                    .add(&path.display().to_string(), wave.sample_rate, mismatch);
                Ok(record.into())
            }
            Raw::Sound(clip) => {
                let (video, span) = self.videos.open(clip, root)?;
                let sound = video.audio(span)?;
                let note = note(&sound.losses, "sound", clip)?;
                let wave = Wave {
                    samples: sound.samples,
                    channels: sound.channels,
                    sample_rate: sound.sample_rate,
                };
                let record = self.record(&wave, &source.name())?;
                let path = root.join(&clip.video).display().to_string();
                self.observed.add(&path, wave.sample_rate, None);
                Ok(Extracted { record, note })
            }
            other => Err(Unmade::Bad(format!("{} is no sound", other.name()))),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.observed.notes()
    }
}
