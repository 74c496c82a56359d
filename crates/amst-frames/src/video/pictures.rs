//! The kept frames of a video, in one pass.

use std::ffi::OsString;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::video::ffmpeg::{literal, words};
use crate::video::pipe::{Ended, Running};
use crate::video::probe::Shown;
use crate::video::{Losses, Span, Video, ppm};
use crate::{FrameError, KeepRule, Picture};

/// Which frames of a video are kept. The default is one a second.
///
/// The paper keeps one a second, and two of IEMOCAP's short turns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct VideoConfig {
    /// Frames kept of each second, at least 1; see [`KeepRule`].
    pub kept_per_second: u32,
}

impl Default for VideoConfig {
    fn default() -> Self {
        Self { kept_per_second: 1 }
    }
}

impl VideoConfig {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`FrameError::Config`] for keeping no frame at all.
    pub fn validate(&self) -> Result<(), FrameError> {
        if self.kept_per_second > 0 {
            return Ok(());
        }
        Err(FrameError::Config {
            key: "kept_per_second",
            value: "0".into(),
            remedy: "keep at least 1 frame a second",
        })
    }
}

/// A kept frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrame {
    /// Its number among the frames as they are shown, from 0 at the beginning of
    /// the file or of the span.
    pub index: usize,
    /// Its pixels at source size, turned as the file asks.
    pub picture: Picture,
}

impl VideoFrame {
    /// The published name of its file: `00029.jpg`.
    pub fn file_name(&self) -> String {
        format!("{:05}.jpg", self.index)
    }
}

/// The kept frames of a video, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VideoFrames {
    /// In order.
    pub frames: Vec<VideoFrame>,
    /// What was declared but could not be decoded.
    pub losses: Losses,
}

/// The kept frames as they are decoded; see [`Video::frames`].
pub struct Frames {
    /// `None` once it has ended.
    running: Option<Running>,
    path: PathBuf,
    rule: KeepRule,
    expected: usize,
    found: usize,
    losses: Option<Losses>,
}

/// ffmpeg before 5.1 calls `-fps_mode` `-vsync`, and later ones forgot that name.
/// Which of the two was understood last is tried first.
pub(super) static OLD_NAME: AtomicBool = AtomicBool::new(false);

impl Frames {
    pub(super) fn start(
        video: &Video,
        config: &VideoConfig,
        span: Option<Span>,
    ) -> Result<Self, FrameError> {
        config.validate()?;
        let no_pictures = || FrameError::NoStream {
            path: video.path.clone(),
            kind: "pictures",
        };
        let stream = video.probe.video.as_ref().ok_or_else(no_pictures)?.shown();
        let rule = stream.rule(&video.path, config.kept_per_second)?;
        video.check_span(span)?;
        let running = start_ffmpeg(video, &stream, rule, span)?;
        let expected = expected(&stream, rule, span);
        Ok(Self {
            running: Some(running),
            path: video.path.clone(),
            rule,
            expected,
            found: 0,
            losses: None,
        })
    }

    /// What was declared but could not be decoded; known after the last frame.
    pub fn losses(&self) -> Option<&Losses> {
        self.losses.as_ref()
    }

    pub(super) fn collect_all(mut self) -> Result<VideoFrames, FrameError> {
        let frames = self.by_ref().collect::<Result<_, _>>()?;
        Ok(VideoFrames {
            frames,
            losses: self.losses.unwrap_or_default(),
        })
    }

    fn read(&mut self) -> Result<Option<VideoFrame>, FrameError> {
        let Some(running) = &mut self.running else {
            return Ok(None);
        };
        match ppm::next(running.output()) {
            Ok(Some(picture)) => {
                let index = self.rule.index(self.found);
                self.found += 1;
                Ok(Some(VideoFrame { index, picture }))
            }
            Ok(None) => self.end().map(|()| None),
            // A process that died half-way explains a picture cut short.
            Err(reason) => {
                let error = running.broken(&reason);
                self.end().and(Err(error))
            }
        }
    }

    fn end(&mut self) -> Result<(), FrameError> {
        let Some(running) = self.running.take() else {
            return Ok(());
        };
        let ended = running.finish()?;
        if self.found == 0 {
            return Err(undecodable(self.path.clone(), &ended));
        }
        self.losses = Some(losses(self.expected.saturating_sub(self.found), ended));
        Ok(())
    }
}

impl Iterator for Frames {
    type Item = Result<VideoFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if matches!(next, Some(Err(_))) {
            self.running = None;
        }
        next
    }
}

/// What an ended process leaves unsaid: a status without words is put in words.
pub(super) fn losses(missing: usize, ended: Ended) -> Losses {
    let mut complaints = ended.complaints;
    if !ended.status.success() {
        complaints.push(format!("ended with {}", ended.status));
    }
    Losses {
        missing,
        complaints,
    }
}

pub(super) fn undecodable(path: PathBuf, ended: &Ended) -> FrameError {
    FrameError::Undecodable {
        path,
        reason: ended.reason(),
    }
}

/// How many frames the file promises to keep, the last half second aside.
pub(super) fn expected(stream: &Shown, rule: KeepRule, span: Option<Span>) -> usize {
    let rate = stream.rate.map_or(0.0, |rate| rate.per_second());
    let declared = match span {
        Some(span) => (span.seconds() * rate) as usize,
        None => stream.frames.unwrap_or(0),
    };
    rule.count(declared.saturating_sub((rate / 2.0) as usize))
}

fn start_ffmpeg(
    video: &Video,
    stream: &Shown,
    rule: KeepRule,
    span: Option<Span>,
) -> Result<Running, FrameError> {
    let mut old = OLD_NAME.load(Ordering::Relaxed);
    for _ in 0..2 {
        let mut running = video
            .ffmpeg
            .ffmpeg(&arguments(video, stream, rule, span, old))?;
        let first = running.output().fill_buf().map(<[u8]>::len);
        if matches!(first, Ok(bytes) if bytes > 0) {
            OLD_NAME.store(old, Ordering::Relaxed);
            return Ok(running);
        }
        let ended = running.finish()?;
        if !ended
            .complaints
            .iter()
            .any(|line| line.contains("Unrecognized option") && line.contains(name(old)))
        {
            return Err(undecodable(video.path.clone(), &ended));
        }
        old = !old;
    }
    let reason = "it knows neither -fps_mode nor -vsync; ffmpeg 4.2 or later is wanted".to_owned();
    Err(FrameError::FfmpegBroken {
        program: "ffmpeg".into(),
        reason,
    })
}

pub(super) fn name(old: bool) -> &'static str {
    if old { "vsync" } else { "fps_mode" }
}

/// One decoded frame in, one picture out or none: no frame is repeated or left
/// out to fit the clock. Colours are converted by swscale's defaults, which
/// OpenCV takes too; one thread, since callers run videos side by side.
fn arguments(
    video: &Video,
    stream: &Shown,
    rule: KeepRule,
    span: Option<Span>,
    old: bool,
) -> Vec<OsString> {
    let select = match span {
        None => select(stream, rule),
        Some(_) => format!("select='{}'", rule.expression()),
    };
    let trim = span.and_then(|span| span.trim("trim"));
    let select = trim.map_or_else(|| select.clone(), |trim| format!("{trim},{select}"));
    let (map, mode) = (format!("0:{}", stream.map), format!("-{}", name(old)));
    let mut arguments = input(video, span);
    arguments.extend(words([
        "-map",
        &map,
        "-vf",
        &select,
        &mode,
        "passthrough",
        "-filter_threads",
        "1",
    ]));
    arguments.extend(words([
        "-pix_fmt",
        "rgb24",
        "-c:v",
        "ppm",
        "-threads",
        "1",
        "-f",
        "image2pipe",
        "pipe:1",
    ]));
    arguments
}

/// The filter that lets the kept frames of a whole file through, and none beyond the number that it
/// declares.
pub(super) fn select(stream: &Shown, rule: KeepRule) -> String {
    let chosen = rule.expression();
    match stream.frames {
        Some(frames) => format!("select='lt(n,{frames})*{chosen}'"),
        None => format!("select='{chosen}'"),
    }
}

/// The beginning of every command line: quiet, one thread, this file.
pub(super) fn input(video: &Video, span: Option<Span>) -> Vec<OsString> {
    let mut arguments = words([
        "-nostdin",
        "-v",
        "error",
        "-threads",
        "1",
        "-protocol_whitelist",
        "file",
    ]);
    arguments.extend(span.map(|span| span.seek()).unwrap_or_default());
    arguments.push("-i".into());
    arguments.push(literal(&video.path));
    arguments
}
