//! How long the raw files of listed samples are, for an audit.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use amst_annotations::{Annotation, Dataset, Facts};
use amst_frames::{KeepRule, VideoConfig, declared_frames};
use amst_recipe::Modality;
use rayon::prelude::*;

use super::listed::{ListedLayout, RawFolder};
use super::{Raw, ave, crema_d, iemocap, mvsa, ur_funny};
use crate::DataError;
use crate::record::Unmade;
use crate::record::videos::Videos;

/// What the raw files of one of the paper's data sets say of their lengths, by a sample's name: how
/// many frames are kept of its video at `frames_per_second`, and how long its sound is. Videos are
/// asked for what they declare, not decoded.
///
/// What cannot be read has no length here, nor has a span of a longer recording, whose length its
/// list has. `looked` gets how many samples are done, of how many, from several threads.
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
    let layout = layout_of(dataset);
    let folder = RawFolder::find(root, &layout.folders(), frames_per_second)?;
    let mut raw = BTreeMap::new();
    for sample in samples {
        let sound = layout.raw(sample, Modality::Audio, &folder);
        let pictures = layout.raw(sample, Modality::Visual, &folder);
        raw.insert(sample.id.as_str(), (sound, pictures));
    }
    let (videos, done, total) = (Videos::default(), AtomicUsize::new(0), raw.len());
    raw.into_par_iter()
        .map(|(id, (sound, pictures))| {
            let facts = Facts {
                frames: pictures.map_or(Ok(None), |raw| frames(&raw, root, &videos))?,
                sound_seconds: sound.map_or(Ok(None), |raw| seconds(&raw, root, &videos))?,
                video_seconds: None,
            };
            looked(done.fetch_add(1, Ordering::Relaxed) + 1, total);
            Ok((id.to_owned(), facts))
        })
        .collect()
}

fn layout_of(dataset: Dataset) -> Box<dyn ListedLayout> {
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
        Raw::Files(files) => files
            .first()
            .and_then(|file| amst_fbank::seconds(root.join(file)).ok()),
        Raw::Sound(clip) if clip.span.is_none() => {
            let video = if_readable(videos.open(clip, root))?;
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
    Ok(
        if_readable(videos.open(clip, root))?.and_then(|(video, _)| {
            let stream = video.probe().video.as_ref()?;
            Some(KeepRule::new(stream.rate?.per_second(), *per_second)?.count(stream.frames?))
        }),
    )
}

/// What could be opened; a fault of the machine is an error, one of the file is not.
fn if_readable<T>(opened: Result<T, Unmade>) -> Result<Option<T>, DataError> {
    match opened {
        Ok(opened) => Ok(Some(opened)),
        Err(Unmade::Bad(_)) => Ok(None),
        Err(Unmade::Stop(error)) => Err(error),
    }
}
