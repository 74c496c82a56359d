//! Videos whose contents ffmpeg has listed: a dialogue is cut into dozens of samples, and each
//! listing costs a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use amst_frames::{DecodeLosses, Ffmpeg, FrameError, Span, Video};

use super::encode::Unmade;
use crate::layout::Clip;

/// Videos by path; sound and pictures share one.
#[derive(Default)]
pub(crate) struct Videos(Mutex<Opened>);

#[derive(Default)]
struct Opened {
    ffmpeg: Option<Ffmpeg>,
    videos: BTreeMap<PathBuf, Video>,
}

impl Videos {
    /// The video of a clip, and the span of it.
    pub(crate) fn open(&self, clip: &Clip, root: &Path) -> Result<(Video, Option<Span>), Unmade> {
        let path = root.join(&clip.video);
        let span = clip
            .span
            .map(|[start, end]| Span::new(start, end))
            .transpose();
        let span = span.map_err(|error| format!("{}: {error}", path.display()))?;
        Ok((self.file(&path)?, span))
    }

    /// A file that ffmpeg reads.
    pub(crate) fn file(&self, path: &Path) -> Result<Video, FrameError> {
        let known = self.lock().videos.get(path).cloned();
        if let Some(video) = known {
            return Ok(video);
        }
        // Two threads may both do this; that costs one of them a moment.
        let video = Video::open_with(&self.ffmpeg()?, path)?;
        self.lock().videos.insert(path.into(), video.clone());
        Ok(video)
    }

    /// The ffmpeg that reads all of them.
    pub(crate) fn ffmpeg(&self) -> Result<Ffmpeg, FrameError> {
        let known = self.lock().ffmpeg.clone();
        if let Some(found) = known {
            return Ok(found);
        }
        let ffmpeg = Ffmpeg::find()?;
        self.lock().ffmpeg = Some(ffmpeg.clone());
        Ok(ffmpeg)
    }

    fn lock(&self) -> MutexGuard<'_, Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What ffmpeg complained of in a file, or the refusal of one of which something is missing: nothing
/// replaces it.
pub(crate) fn note(
    losses: &DecodeLosses,
    what: &str,
    file: &str,
) -> Result<Option<String>, Unmade> {
    if losses.is_incomplete() {
        return Err(Unmade::Bad(format!(
            "{file}: {what} is damaged: {losses}; copy or download the file again"
        )));
    }
    Ok(losses
        .messages
        .first()
        .map(|line| format!("{file}: {what}: ffmpeg: {line}")))
}
