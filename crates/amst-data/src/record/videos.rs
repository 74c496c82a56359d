//! Videos that were asked what they hold: a dialogue is cut into dozens of samples, and asking
//! costs a process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use amst_frames::{DecodeLosses, Ffmpeg, FrameError, Span, Video};

use super::Unmade;
use crate::DataError;
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
        let span = span.map_err(|error| Unmade::Bad(format!("{}: {error}", path.display())))?;
        let known = |opened: &Opened| opened.videos.get(&path).cloned();
        if let Some(video) = self.with(|opened| known(opened)) {
            return Ok((video, span));
        }
        // Two threads may both ask; that costs one of them a moment.
        let video = Video::open_with(&self.ffmpeg().map_err(unmade)?, &path).map_err(unmade)?;
        self.with(|opened| opened.videos.insert(path, video.clone()));
        Ok((video, span))
    }

    /// The ffmpeg that all are read by.
    pub(crate) fn ffmpeg(&self) -> Result<Ffmpeg, FrameError> {
        if let Some(found) = self.with(|opened| opened.ffmpeg.clone()) {
            return Ok(found);
        }
        let ffmpeg = Ffmpeg::find()?;
        self.with(|opened| opened.ffmpeg = Some(ffmpeg.clone()));
        Ok(ffmpeg)
    }

    fn with<T>(&self, what: impl FnOnce(&mut Opened) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A fault of the file, or of the machine.
pub(crate) fn unmade(error: FrameError) -> Unmade {
    match error {
        FrameError::NoFfmpeg { .. } | FrameError::FfmpegBroken { .. } => {
            Unmade::Stop(DataError::Ffmpeg(error))
        }
        error => Unmade::Bad(error.to_string()),
    }
}

/// What was complained of, or the refusal of a clip of which something is missing: nothing stands
/// in for it.
pub(crate) fn note(
    losses: &DecodeLosses,
    what: &str,
    clip: &Clip,
) -> Result<Option<String>, Unmade> {
    if losses.missing > 0 {
        return Err(Unmade::Bad(format!(
            "{}: {what} is damaged: {losses}; copy or download the file again",
            clip.video
        )));
    }
    Ok(losses
        .messages
        .first()
        .map(|line| format!("{}: {what}: ffmpeg: {line}", clip.video)))
}
