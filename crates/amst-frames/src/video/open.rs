//! A video file, opened by probing it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::video::cut_short::cut_short;
use crate::video::decode_losses::DecodeLosses;
use crate::video::ffmpeg::Ffmpeg;
use crate::video::pictures::{Frames, VideoConfig, VideoFrames};
use crate::video::probe::{self, VideoProbe};
use crate::video::process::ProcessEnd;
use crate::video::reach::Reach;
use crate::video::sound::{self, Sound};
use crate::{FrameError, Span};

/// A video file and what it declares. Frames and sound can be read any number of
/// times and from any number of threads, each time by a new process.
#[derive(Clone, Debug)]
pub struct Video {
    pub(super) ffmpeg: Ffmpeg,
    pub(super) path: PathBuf,
    pub(super) probe: VideoProbe,
    /// Read when something seems to be missing, and once for all clones.
    reach: Arc<OnceLock<Reach>>,
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
            reach: Arc::default(),
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

    /// What was lost of a stream, given how much fewer than declared came out of the process.
    ///
    /// Fewer than the file's length and the average rate promise are a loss only if data is
    /// missing: the stream may end before others, start later or have a variable rate.
    ///
    /// # Errors
    /// [`FrameError::FfmpegBroken`] when ffprobe cannot be run again.
    pub(super) fn losses(
        &self,
        stream: usize,
        own_seconds: Option<f64>,
        span: Option<Span>,
        fewer: usize,
        ended: ProcessEnd,
    ) -> Result<DecodeLosses, FrameError> {
        let mut messages = ended.messages;
        if !ended.status.success() {
            messages.push(format!("ended with {}", ended.status));
        }
        let doubtful = fewer > 0 && messages.is_empty();
        let whole = doubtful && {
            let reach = self.reach()?;
            reach.is_whole(stream, own_seconds, self.probe.duration)
        };
        Ok(DecodeLosses {
            missing: if whole { 0 } else { fewer },
            cut_short: span.map_or_else(|| cut_short(&self.path), |_| None),
            messages,
        })
    }

    fn reach(&self) -> Result<&Reach, FrameError> {
        if let Some(known) = self.reach.get() {
            return Ok(known);
        }
        // Two threads may both do this; that costs one of them a moment.
        let read = Reach::read(&self.ffmpeg, &self.path)?;
        Ok(self.reach.get_or_init(|| read))
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
