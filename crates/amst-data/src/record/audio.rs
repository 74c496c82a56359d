//! Sound: a log-mel filterbank at its natural length.
//!
//! Padding is added when a batch is made: a clip of 2.5 s fills a quarter of the published 1024
//! frames. The bytes of a map: `record/map.rs`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use amst_fbank::{Fbank, FbankConfig, FbankError, Features, HeaderMismatch, Part, Recording, Wave};
use amst_frames::{FrameError, Sound, Span};
use amst_recipe::AudioSpec;
use serde_json::{Value, json};

use super::encode::{Encode, Extracted, Unmade};
use super::map;
use super::npy::{self, Matrix};
use super::observed::Observed;
use super::recordings::{Recordings, Stretch, other_kind};
use super::videos::{Videos, note};
use crate::DataError;
use crate::layout::Raw;

/// Makes filterbanks; windows and filters are planned once a sample rate.
pub(crate) struct AudioEncoder {
    config: FbankConfig,
    /// The rate in Hz that every recording is brought to; `None` where each keeps its own.
    resample: Option<u32>,
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
        let unfit = |e: FbankError| DataError::setting("audio", e.to_string());
        config.validate().map_err(unfit)?;
        if let Some(hz) = spec.resample {
            // Here and not for each recording.
            Fbank::new(&config, hz).map_err(unfit)?;
        }
        Ok(Self {
            config,
            resample: spec.resample,
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

    /// The record of a wave from the file `path`; `name` says which part of it.
    fn record(
        &self,
        wave: &Wave,
        mismatch: Option<HeaderMismatch>,
        name: &str,
        path: &str,
    ) -> Result<Vec<u8>, String> {
        let map = self.map(wave).map_err(|e| format!("{name}: {e}"))?;
        refuse_infinities(&map, name)?;
        let rate = self.resample.unwrap_or(wave.sample_rate);
        self.observed.add(path, rate, mismatch);
        Ok(map::in_16_bits(&map))
    }

    /// The record of what was read of a file; of a kind that is not read here, by ffmpeg.
    fn record_of_file(
        &self,
        recording: Result<Recording, FbankError>,
        path: &Path,
    ) -> Result<Extracted, Unmade> {
        let name = path.display().to_string();
        match recording {
            Ok(read) => Ok(self.record(&read.wave, read.mismatch, &name, &name)?.into()),
            Err(error) => match other_kind(&error) {
                Some(kind) => self.record_by_ffmpeg(path, None, &kind, &name),
                None => Err(Unmade::Bad(error.to_string())),
            },
        }
    }

    /// The record of a recording of a kind that `amst-fbank` does not read, such as Opus or AIFF: of
    /// a span of it, or of as much from its start as is used. It is decoded by ffmpeg, to 16 bits, as
    /// the sound of a video is.
    fn record_by_ffmpeg(
        &self,
        path: &Path,
        span: Option<[f64; 2]>,
        kind: &str,
        name: &str,
    ) -> Result<Extracted, Unmade> {
        let file = path.display().to_string();
        let refused = |error| match error {
            // Other recordings can be used all the same.
            FrameError::NoFfmpeg { .. } => {
                Unmade::Bad(format!("{file}: {kind}, which ffmpeg reads: {error}"))
            }
            FrameError::NotAVideo { reason, .. } | FrameError::Undecodable { reason, .. } => {
                Unmade::Bad(format!(
                    "{file}: {kind}, in which ffmpeg finds no sound ({reason}); copy or download \
                     the file again, or take its row out of the manifest"
                ))
            }
            error => error.into(),
        };
        let video = self.videos.file(path).map_err(refused)?;
        let stream = video.probe().audio.as_ref();
        let length = stream.and_then(|stream| stream.duration).unwrap_or(0.0);
        // A few megabytes of Opus may be hours.
        let used = self.seconds_in_use();
        let start = (length > used).then_some([0.0, used]);
        let span = span.or(start).map(|[start, end]| Span::new(start, end));
        let sound = video.audio(span.transpose()?).map_err(refused)?;
        self.record_of_sound(sound, name, &file, &file)
    }

    /// The record of what ffmpeg decoded of `file`; `shown` is how its list names it.
    fn record_of_sound(
        &self,
        sound: Sound,
        name: &str,
        file: &str,
        shown: &str,
    ) -> Result<Extracted, Unmade> {
        let note = note(&sound.losses, "sound", shown)?;
        let wave = Wave {
            samples: sound.samples,
            channels: sound.channels,
            sample_rate: sound.sample_rate,
        };
        let record = self.record(&wave, None, name, file)?;
        Ok(Extracted { record, note })
    }

    /// The seconds of a recording that its map is made of. One more is for what resampling takes of
    /// the samples around the last one.
    fn seconds_in_use(&self) -> f64 {
        let frames = self.config.target_frames.unwrap_or(1) as f64;
        let shift = f64::from(self.config.frame_shift_ms);
        let last = frames * shift + f64::from(self.config.frame_length_ms);
        last / 1000.0 + 1.0
    }

    fn map(&self, wave: &Wave) -> Result<Features, FbankError> {
        match self.resample {
            Some(hz) if hz != wave.sample_rate => self.plan(hz)?.compute(&wave.resampled(hz)?),
            _ => self.plan(wave.sample_rate)?.compute(wave),
        }
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
        let mut configuration = json!({ "record": 2, "fbank": self.config });
        // Only where it is set, so that older stores keep their key.
        if let Some(hz) = self.resample {
            configuration["resample"] = hz.into();
        }
        configuration
    }

    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let recording = Recording::decode(bytes, Part::Whole, name).map_err(|e| e.to_string())?;
        self.record(&recording.wave, recording.mismatch, name, name)
    }

    fn encode_file(&self, bytes: &[u8], path: &Path) -> Result<Extracted, Unmade> {
        let name = path.display().to_string();
        self.record_of_file(Recording::decode(bytes, Part::Whole, &name), path)
    }

    /// The mean that is taken from the wave is then that of the part, which moves the rounding of
    /// the last bits: each frame loses its own mean in any case.
    fn encode_part(&self, path: &Path) -> Option<Result<Extracted, Unmade>> {
        let part = Part::First(self.seconds_in_use());
        Some(self.record_of_file(Recording::read(path, part), path))
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
                match self.recordings.stretch(&path, *span)? {
                    Stretch::Read(Recording { wave, mismatch }) => {
                        let path = path.display().to_string();
                        let record = self.record(&wave, mismatch, &source.name(), &path)?;
                        Ok(record.into())
                    }
                    Stretch::OtherKind(kind) => {
                        self.record_by_ffmpeg(&path, Some(*span), &kind, &source.name())
                    }
                }
            }
            Raw::Sound(clip) => {
                let (video, span) = self.videos.open(clip, root)?;
                let file = root.join(&clip.video).display().to_string();
                self.record_of_sound(video.audio(span)?, &source.name(), &file, &clip.video)
            }
            other => Err(Unmade::Bad(format!("{} is no sound", other.name()))),
        }
    }

    fn notes(&self) -> Vec<String> {
        self.observed.notes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::HostInput;

    /// What a store's key is made of may not move where the setting is not used: features that are
    /// on disk would be made again.
    #[test]
    fn the_configuration_names_the_rate_only_where_it_is_set() {
        let configuration = |resample| {
            let spec = AudioSpec {
                resample,
                ..AudioSpec::default()
            };
            AudioEncoder::new(&spec, Arc::default())
                .unwrap()
                .configuration()
        };
        let fbank = json!({
            "mels": 128, "frame_length_ms": 25.0, "frame_shift_ms": 10.0, "target_frames": 1024,
            "remove_mean": true,
        });
        let off = configuration(None);
        assert_eq!(off["record"], 2);
        for (key, value) in fbank.as_object().unwrap() {
            assert_eq!(&off["fbank"][key], value, "{key}");
        }
        assert_eq!(off.as_object().unwrap().len(), 2);
        let mut on = configuration(Some(16_000));
        assert_eq!(
            on.as_object_mut().unwrap().remove("resample"),
            Some(json!(16_000))
        );
        assert_eq!(on, off);
    }

    #[test]
    fn the_map_of_the_part_in_use_is_that_of_the_whole_recording() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/spoken-digits/audio");
        let recording = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        let (path, bytes) = (recording.path(), std::fs::read(recording.path()).unwrap());
        for resample in [None, Some(16_000)] {
            let spec = AudioSpec {
                target_frames: 200,
                resample,
                ..AudioSpec::default()
            };
            let encoder = AudioEncoder::new(&spec, Arc::default()).unwrap();
            let seconds = amst_fbank::seconds(&path).unwrap();
            assert!(encoder.seconds_in_use() < seconds / 10.0, "{seconds} s");
            let values = |record: Vec<u8>| {
                let HostInput::Map { data, .. } = map::decode(&record).unwrap() else {
                    panic!("no map");
                };
                data
            };
            let whole = values(encoder.encode(&bytes, "whole").unwrap());
            let Some(Ok(part)) = encoder.encode_part(&path) else {
                panic!("no part");
            };
            let part = values(part.record);
            assert_eq!(whole.len(), part.len());
            let apart = whole.iter().zip(&part).map(|(a, b)| (a - b).abs());
            let apart = apart.fold(0.0, f32::max);
            // The mean of all samples, and storing in 16 bits.
            assert!(apart < 0.002, "{apart}");
        }
    }
}
