//! Decodes several short clips with one process.
//!
//! For a clip of two seconds, most of the time is the start of ffmpeg and ffprobe, each linked with
//! some two hundred libraries. So one ffmpeg reads several clips, and their frame rates are read
//! from the files without ffprobe.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::video::ffmpeg::{Ffmpeg, file_argument, words};
use crate::video::pictures::{
    USE_VSYNC, VideoConfig, VideoFrame, expected_frames, passthrough_option, select,
};
use crate::video::probe::StreamInfo;
use crate::video::{avi, cut_short, flv};
use crate::{FrameError, KeepRule};

/// The most clips of one process: an AVI numbers its streams with two digits.
const MAX_CLIPS: usize = 100;

/// Reads the kept frames of several whole flv files with one process. `take` receives each with the
/// index of its clip, in order within a clip, one in memory at a time.
///
/// Returns whether everything was decoded without an error; then the frames are those of
/// [`Video::sample`]. If not, the caller must discard what `take` received and read each clip by
/// itself, which tells which one is at fault: it may be damaged, not an flv file, or one that does
/// not declare its duration and rate.
///
/// [`Video::sample`]: crate::Video::sample
pub fn sample_together(
    ffmpeg: &Ffmpeg,
    paths: &[PathBuf],
    config: &VideoConfig,
    take: &mut dyn FnMut(usize, VideoFrame) -> Result<(), FrameError>,
) -> bool {
    let clips: Option<Vec<_>> = paths.iter().map(|path| Clip::open(path, config)).collect();
    match clips {
        Some(clips) if (1..=MAX_CLIPS).contains(&clips.len()) => {
            read(ffmpeg, &clips, take).unwrap_or(false)
        }
        _ => false,
    }
}

/// How many frames are kept of a whole flv file by its declared duration and rate, without starting
/// a process; `None` for any other file, and where it does not declare them.
pub fn declared_frames(path: impl AsRef<Path>, config: &VideoConfig) -> Option<usize> {
    let clip = Clip::open(path.as_ref(), config)?;
    Some(clip.rule.count(clip.stream.frames?))
}

struct Clip<'a> {
    path: &'a Path,
    stream: StreamInfo,
    rule: KeepRule,
}

impl<'a> Clip<'a> {
    fn open(path: &'a Path, config: &VideoConfig) -> Option<Self> {
        // Reading a named pipe would block.
        if !path.is_file() {
            return None;
        }
        let stream = flv::stream_info(path)?;
        let rule = stream.rule(path, config.kept_per_second).ok()?;
        Some(Self { path, stream, rule })
    }
}

fn read(
    ffmpeg: &Ffmpeg,
    clips: &[Clip],
    take: &mut dyn FnMut(usize, VideoFrame) -> Result<(), FrameError>,
) -> Result<bool, FrameError> {
    let mut process = ffmpeg.ffmpeg(&arguments(clips))?;
    let mut found = vec![0; clips.len()];
    loop {
        match avi::next(process.output()) {
            Ok(Some((number, picture))) if number < clips.len() => {
                let index = clips[number].rule.index(found[number]);
                found[number] += 1;
                take(number, VideoFrame { index, picture })?;
            }
            Ok(None) => break,
            Ok(Some(_)) | Err(_) => return Ok(false),
        }
    }
    let ended = process.finish()?;
    let all = clips.iter().zip(found).all(|(clip, found)| {
        let enough = found > 0 && found >= expected_frames(&clip.stream, clip.rule, None);
        enough && cut_short::cut_short(clip.path).is_none()
    });
    Ok(all && ended.status.success() && ended.messages.is_empty())
}

/// As for one clip, but the output is an AVI with a stream for each clip. Frame numbers replace
/// timestamps, so that clips of one length are interleaved and none waits in memory for another.
fn arguments(clips: &[Clip]) -> Vec<OsString> {
    let mut arguments = words(["-nostdin", "-v", "error", "-filter_threads", "1"]);
    for clip in clips {
        arguments.extend(words([
            "-threads",
            "1",
            "-protocol_whitelist",
            "file",
            "-i",
        ]));
        arguments.push(file_argument(clip.path));
    }
    for (number, clip) in clips.iter().enumerate() {
        let filter = format!("{},settb=1,setpts=N", select(&clip.stream, clip.rule));
        let map = format!("{number}:{}", clip.stream.map);
        arguments.extend(words([
            "-map",
            &map,
            &format!("-filter:v:{number}"),
            &filter,
        ]));
    }
    let mode = format!("-{}", passthrough_option(USE_VSYNC.load(Ordering::Relaxed)));
    arguments.extend(words([
        &mode,
        "passthrough",
        "-enc_time_base",
        "1:1",
        "-max_interleave_delta",
        "2000000",
    ]));
    arguments.extend(words([
        "-pix_fmt", "rgb24", "-c:v", "ppm", "-threads", "1", "-f", "avi", "pipe:1",
    ]));
    arguments
}
