//! How long the raw files of listed samples are, for an audit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_annotations::{Annotation, Dataset, Facts};
use amst_fbank::Wave;
use amst_frames::{KeepRule, VideoConfig, declared_frames};
use amst_recipe::{DatasetSpec, Modality};
use rayon::prelude::*;

use super::listed::{Base, Places};
use super::{Raw, ave, crema_d, iemocap, mvsa, ur_funny};
use crate::DataError;
use crate::record::Unmade;
use crate::record::videos::Videos;

/// What the raw files of one of the paper's data sets say of their lengths, by a sample's name: how
/// many frames are kept of its video at `frames_per_second`, and how long its sound is. Videos are
/// asked for what they declare, not decoded.
///
/// What is not there or cannot be read says nothing, and neither does a span of a longer recording,
/// whose length its list has. `looked` is told how many samples are done, of how many, from several
/// threads.
///
/// # Errors
///
/// [`DataError::Layout`] where no raw files lie in `root` or one folder below;
/// [`DataError::Ffmpeg`] where there are videos and no ffmpeg.
pub fn lengths(
    dataset: Dataset,
    samples: &[Annotation],
    root: &Path,
    frames_per_second: u32,
    looked: &(dyn Fn(usize, usize) + Sync),
) -> Result<BTreeMap<String, Facts>, DataError> {
    let places = places(dataset);
    let base = Base::find(root, &places.folders())?;
    let spec = DatasetSpec {
        frames_per_second,
        ..DatasetSpec::default()
    };
    let raw = |sample: &Annotation, modality| places.raw(sample, modality, &base, &spec);
    let media = |sample: &Annotation| (raw(sample, Modality::Audio), raw(sample, Modality::Visual));
    let media: BTreeMap<&str, _> = samples
        .iter()
        .map(|sample| (sample.id.as_str(), media(sample)))
        .collect();
    let (videos, done, total) = (Videos::default(), AtomicUsize::new(0), media.len());
    let measure = |(id, (sound, pictures)): (&str, (Option<Raw>, Option<Raw>))| {
        let sound_seconds = sound.map_or(Ok(None), |raw| seconds(&raw, root, &videos))?;
        let frames = pictures.map_or(Ok(None), |raw| frames(&raw, root, &videos))?;
        looked(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Ok((
            id.to_owned(),
            Facts {
                frames,
                sound_seconds,
                video_seconds: None,
            },
        ))
    };
    media.into_par_iter().map(measure).collect()
}

fn places(dataset: Dataset) -> Box<dyn Places> {
    match dataset {
        Dataset::CremaD => Box::new(crema_d::CremaD),
        Dataset::Ave => Box::new(ave::Ave),
        Dataset::MvsaSingle => Box::new(mvsa::Mvsa),
        Dataset::Iemocap => Box::new(iemocap::Iemocap::default()),
        Dataset::UrFunny => Box::new(ur_funny::UrFunny),
    }
}

/// How long a recording, or the sound of a whole video, is.
fn seconds(raw: &Raw, root: &Path, videos: &Videos) -> Result<Option<f64>, DataError> {
    Ok(match raw {
        Raw::Files(files) => files.first().and_then(|file| {
            let bytes = std::fs::read(root.join(file)).ok()?;
            Wave::decode(&bytes, file).ok().map(|wave| wave.seconds())
        }),
        Raw::Sound(clip) if clip.span.is_none() => {
            let video = known(videos.open(clip, root))?;
            video.and_then(|(video, _)| video.probe().audio.as_ref()?.duration)
        }
        _ => None,
    })
}

/// How many frames are kept of a whole video.
fn frames(raw: &Raw, root: &Path, videos: &Videos) -> Result<Option<usize>, DataError> {
    let Raw::Frames { clip, per_second } = raw else {
        return Ok(None);
    };
    if clip.span.is_some() {
        return Ok(None);
    }
    let config = VideoConfig {
        kept_per_second: *per_second,
    };
    if let Some(frames) = declared_frames(root.join(&clip.video), &config) {
        return Ok(Some(frames));
    }
    Ok(known(videos.open(clip, root))?.and_then(|(video, _)| {
        let stream = video.probe().video.as_ref()?;
        Some(KeepRule::new(stream.rate?.per_second(), *per_second)?.count(stream.frames?))
    }))
}

/// What could be opened; a fault of the machine is an error, one of the file is not.
fn known<T>(opened: Result<T, Unmade>) -> Result<Option<T>, DataError> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Unmade::Bad(_)) => Ok(None),
        Err(Unmade::Stop(error)) => Err(error),
    }
}
