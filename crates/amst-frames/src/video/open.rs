//! A video file, opened by probing it.

use std::path::{Path, PathBuf};

use crate::video::ffmpeg::Ffmpeg;
use crate::video::pictures::{Frames, VideoConfig, VideoFrames};
use crate::video::probe::{self, VideoProbe};
use crate::video::sound::{self, Sound};
use crate::{FrameError, Span};

/// A video file and what it declares. Frames and sound can be read any number of
/// times and from any number of threads, each time by a new process.
#[derive(Clone, Debug)]
pub struct Video {
    pub(super) ffmpeg: Ffmpeg,
    pub(super) path: PathBuf,
    pub(super) probe: VideoProbe,
}

impl Video {
    /// Probes a file with the ffmpeg of [`Ffmpeg::find`].
    ///
    /// # Errors
    /// [`FrameError::VideoUnreadable`] for a file that cannot be opened,
    /// [`FrameError::NotAVideo`] for what ffprobe does not recognise,
    /// [`FrameError::NoFfmpeg`] where there is no ffprobe.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, FrameError> {
        Self::open_with(&Ffmpeg::find()?, path)
    }

    /// As [`Video::open`], with a given ffmpeg.
    pub fn open_with(ffmpeg: &Ffmpeg, path: impl AsRef<Path>) -> Result<Self, FrameError> {
        let path = path.as_ref();
        check_file(path)?;
        let probe = probe::probe(ffmpeg, path)?;
        Ok(Self {
            ffmpeg: ffmpeg.clone(),
            path: path.to_owned(),
            probe,
        })
    }

    /// What the file declares.
    pub fn probe(&self) -> &VideoProbe {
        &self.probe
    }

    /// An iterator over the kept frames, of the whole file or of a span of it, with
    /// one frame in memory at a time.
    ///
    /// Frames of a whole file beyond the number that it declares are dropped, as in
    /// the published loop.
    ///
    /// # Errors
    /// [`FrameError::NoStream`] for a file without pictures,
    /// [`FrameError::FrameRate`] when the rule cannot be applied,
    /// [`FrameError::SpanOutside`] for a span past the end,
    /// [`FrameError::Undecodable`] when not one frame can be decoded.
    pub fn frames(&self, config: &VideoConfig, span: Option<Span>) -> Result<Frames, FrameError> {
        Frames::start(self, config, span)
    }

    /// All kept frames of the whole file, or of a span of it.
    pub fn sample(
        &self,
        config: &VideoConfig,
        span: Option<Span>,
    ) -> Result<VideoFrames, FrameError> {
        self.frames(config, span)?.collect_all()
    }

    /// The sound of the whole file, or of a span of it.
    ///
    /// # Errors
    /// [`FrameError::NoStream`] for a file without sound,
    /// [`FrameError::SpanOutside`] for a span past the end,
    /// [`FrameError::Undecodable`] when nothing can be decoded.
    pub fn audio(&self, span: Option<Span>) -> Result<Sound, FrameError> {
        sound::read(self, span)
    }

    /// Refuses a span past the end.
    pub(super) fn check_span(&self, span: Option<Span>) -> Result<(), FrameError> {
        span.map_or(Ok(()), |span| span.check(&self.path, self.probe.duration))
    }
}

/// What a file declares; see [`Video::open`].
pub fn probe(path: impl AsRef<Path>) -> Result<VideoProbe, FrameError> {
    Video::open(path).map(|video| video.probe)
}

/// The kept frames of a whole file; see [`Video::sample`].
pub fn sample(path: impl AsRef<Path>, config: &VideoConfig) -> Result<VideoFrames, FrameError> {
    Video::open(path)?.sample(config, None)
}

/// The sound of a whole file, or of a span of it; see [`Video::audio`].
pub fn audio(path: impl AsRef<Path>, span: Option<Span>) -> Result<Sound, FrameError> {
    Video::open(path)?.audio(span)
}

/// Refuses some files with a better message than ffprobe's, and named pipes, which
/// it would wait for without end.
fn check_file(path: &Path) -> Result<(), FrameError> {
    let unreadable = |source| FrameError::VideoUnreadable {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(unreadable)?;
    let reason = if metadata.is_dir() {
        "it is a folder"
    } else if !metadata.is_file() {
        "it is not a regular file"
    } else if metadata.len() == 0 {
        "it is empty"
    } else {
        return std::fs::File::open(path).map(drop).map_err(unreadable);
    };
    Err(FrameError::NotAVideo {
        path: path.to_owned(),
        reason: reason.to_owned(),
    })
}
