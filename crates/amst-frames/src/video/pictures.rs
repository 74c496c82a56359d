//! The kept frames of a video, in one pass.

use std::ffi::OsString;
use std::io::BufRead;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use crate::video::ffmpeg::{file_argument, words};
use crate::video::probe::StreamInfo;
use crate::video::process::{Process, ProcessEnd};
use crate::video::{DecodeLosses, Span, Video, ppm};
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
    /// Its index in display order, from 0 at the beginning of the file or of the span.
    pub index: usize,
    /// Its pixels at source size, rotated as the file declares.
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
    pub losses: DecodeLosses,
}

/// The kept frames as they are decoded; see [`Video::frames`].
pub struct Frames {
    /// `None` once it has ended.
    process: Option<Process>,
    video: Video,
    stream: usize,
    own_seconds: Option<f64>,
    span: Option<Span>,
    rule: KeepRule,
    expected: usize,
    found: usize,
    losses: Option<DecodeLosses>,
}

/// Whether `-vsync` worked last and not `-fps_mode`, which ffmpeg before 5.1 does not
/// have; later versions removed `-vsync`. It is tried first.
pub(super) static USE_VSYNC: AtomicBool = AtomicBool::new(false);

impl Frames {
    pub(super) fn start(
        video: &Video,
        config: &VideoConfig,
        span: Option<Span>,
    ) -> Result<Self, FrameError> {
        config.validate()?;
        let Some(stream) = &video.probe.video else {
            return Err(FrameError::NoStream {
                path: video.path.clone(),
                kind: "pictures",
            });
        };
        let (index, own_seconds) = (stream.index, stream.own_seconds);
        let stream = stream.stream_info();
        let rule = stream.rule(&video.path, config.kept_per_second)?;
        video.check_span(span)?;
        let process = start_ffmpeg(video, &stream, rule, span)?;
        let expected = expected_frames(&stream, rule, span);
        Ok(Self {
            process: Some(process),
            video: video.clone(),
            stream: index,
            own_seconds,
            span,
            rule,
            expected,
            found: 0,
            losses: None,
        })
    }

    /// What was declared but could not be decoded; known after the last frame.
    pub fn losses(&self) -> Option<&DecodeLosses> {
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
        let Some(process) = &mut self.process else {
            return Ok(None);
        };
        match ppm::next(process.output()) {
            Ok(Some(picture)) => {
                let index = self.rule.index(self.found);
                self.found += 1;
                Ok(Some(VideoFrame { index, picture }))
            }
            Ok(None) => self.end().map(|()| None),
            // If the process failed, its error explains the truncated picture.
            Err(reason) => {
                let error = process.broken(&reason);
                self.end().and(Err(error))
            }
        }
    }

    fn end(&mut self) -> Result<(), FrameError> {
        let Some(process) = self.process.take() else {
            return Ok(());
        };
        let ended = process.finish()?;
        if self.found == 0 {
            return Err(undecodable(self.video.path.clone(), &ended));
        }
        let fewer = self.expected.saturating_sub(self.found);
        let (stream, own) = (self.stream, self.own_seconds);
        let losses = self.video.losses(stream, own, self.span, fewer, ended)?;
        self.losses = Some(losses);
        Ok(())
    }
}

impl Iterator for Frames {
    type Item = Result<VideoFrame, FrameError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = self.read().transpose();
        if matches!(next, Some(Err(_))) {
            self.process = None;
        }
        next
    }
}

pub(super) fn undecodable(path: PathBuf, ended: &ProcessEnd) -> FrameError {
    FrameError::Undecodable {
        path,
        reason: ended.reason(),
    }
}

/// How many kept frames the file declares, without the last half second.
pub(super) fn expected_frames(stream: &StreamInfo, rule: KeepRule, span: Option<Span>) -> usize {
    let rate = stream.rate.map_or(0.0, |rate| rate.per_second());
    let declared = match span {
        Some(span) => (span.seconds() * rate) as usize,
        None => stream.frames.unwrap_or(0),
    };
    rule.count(declared.saturating_sub((rate / 2.0) as usize))
}

fn start_ffmpeg(
    video: &Video,
    stream: &StreamInfo,
    rule: KeepRule,
    span: Option<Span>,
) -> Result<Process, FrameError> {
    let mut vsync = USE_VSYNC.load(Ordering::Relaxed);
    for _ in 0..2 {
        let mut process = video
            .ffmpeg
            .ffmpeg(&arguments(video, stream, rule, span, vsync))?;
        let first = process.output().fill_buf().map(<[u8]>::len);
        if matches!(first, Ok(bytes) if bytes > 0) {
            USE_VSYNC.store(vsync, Ordering::Relaxed);
            return Ok(process);
        }
        let ended = process.finish()?;
        if !ended.messages.iter().any(|line| {
            line.contains("Unrecognized option") && line.contains(passthrough_option(vsync))
        }) {
            return Err(undecodable(video.path.clone(), &ended));
        }
        vsync = !vsync;
    }
    let reason = "it knows neither -fps_mode nor -vsync; ffmpeg 4.2 or later is wanted".to_owned();
    Err(FrameError::FfmpegBroken {
        program: "ffmpeg".into(),
        reason,
    })
}

/// The option that passes frames through, whichever name this ffmpeg has for it.
pub(super) fn passthrough_option(vsync: bool) -> &'static str {
    if vsync { "vsync" } else { "fps_mode" }
}

/// Passes frames through: none is repeated or dropped to keep a rate. Colours are
/// converted by swscale's defaults, as in OpenCV. One thread, since callers run
/// several videos in parallel.
fn arguments(
    video: &Video,
    stream: &StreamInfo,
    rule: KeepRule,
    span: Option<Span>,
    vsync: bool,
) -> Vec<OsString> {
    let select = match span {
        None => select(stream, rule),
        Some(_) => format!("select='{}'", rule.expression()),
    };
    let trim = span.and_then(|span| span.trim("trim"));
    let select = trim.map_or_else(|| select.clone(), |trim| format!("{trim},{select}"));
    let (map, mode) = (
        format!("0:{}", stream.map),
        format!("-{}", passthrough_option(vsync)),
    );
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

/// The filter that selects the kept frames of a whole file, up to the number that it declares.
pub(super) fn select(stream: &StreamInfo, rule: KeepRule) -> String {
    let chosen = rule.expression();
    match stream.frames {
        Some(frames) => format!("select='lt(n,{frames})*{chosen}'"),
        None => format!("select='{chosen}'"),
    }
}

/// The first arguments: errors only, one thread, this file.
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
    arguments.push(file_argument(&video.path));
    arguments
}
