//! Several short clips in one process.
//!
//! Of what a clip of two seconds takes, most is the start of ffmpeg, which is linked with some two
//! hundred libraries, and of ffprobe, which is too. So the clips of one process are several, and
//! each declares its frame rate itself.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use crate::video::ffmpeg::{Ffmpeg, literal, words};
use crate::video::pictures::{OLD_NAME, VideoConfig, VideoFrame, expected, name, select};
use crate::video::probe::Shown;
use crate::video::{avi, flv};
use crate::{FrameError, KeepRule};

/// The most clips that one process reads: an AVI numbers its streams with two digits.
const MOST: usize = 100;

/// The kept frames of several whole flv files, read by one process: each is handed to `take` with
/// the number of its clip, in order within a clip, one in memory at a time.
///
/// Whether everything came out, without a complaint; then the frames are those of
/// [`Video::sample`]. If not, what was handed over is to be forgotten, and each clip is to be read
/// by itself, which tells what is wrong with which: one of them may be no flv file, one that does
/// not declare its duration and rate, or damaged.
///
/// [`Video::sample`]: crate::Video::sample
pub fn sample_together(
    ffmpeg: &Ffmpeg,
    paths: &[PathBuf],
    config: &VideoConfig,
    take: &mut dyn FnMut(usize, VideoFrame) -> Result<(), FrameError>,
) -> bool {
    match paths
        .iter()
        .map(|path| Clip::open(path, config))
        .collect::<Option<Vec<_>>>()
    {
        Some(clips) if (1..=MOST).contains(&clips.len()) => {
            read(ffmpeg, &clips, take).unwrap_or(false)
        }
        _ => false,
    }
}

/// How many frames are kept of a whole flv file by what it declares, without a process; `None` for
/// any other file, and for one that does not declare its duration and rate.
pub fn declared_frames(path: impl AsRef<Path>, config: &VideoConfig) -> Option<usize> {
    let clip = Clip::open(path.as_ref(), config)?;
    Some(clip.rule.count(clip.stream.frames?))
}

struct Clip<'a> {
    path: &'a Path,
    stream: Shown,
    rule: KeepRule,
}

impl<'a> Clip<'a> {
    fn open(path: &'a Path, config: &VideoConfig) -> Option<Self> {
        // A pipe by this name would be waited for without end.
        if !path.is_file() {
            return None;
        }
        let stream = flv::shown(path)?;
        let rule = stream.rule(path, config.kept_per_second).ok()?;
        Some(Self { path, stream, rule })
    }
}

fn read(
    ffmpeg: &Ffmpeg,
    clips: &[Clip],
    take: &mut dyn FnMut(usize, VideoFrame) -> Result<(), FrameError>,
) -> Result<bool, FrameError> {
    let mut running = ffmpeg.ffmpeg(&arguments(clips))?;
    let mut found = vec![0; clips.len()];
    loop {
        match avi::next(running.output()) {
            Ok(Some((number, picture))) if number < clips.len() => {
                let index = clips[number].rule.index(found[number]);
                found[number] += 1;
                take(number, VideoFrame { index, picture })?;
            }
            Ok(None) => break,
            Ok(Some(_)) | Err(_) => return Ok(false),
        }
    }
    let ended = running.finish()?;
    let whole = |(clip, found): (&Clip, &usize)| {
        *found > 0 && *found >= expected(&clip.stream, clip.rule, None)
    };
    let all = clips.iter().zip(&found).all(whole);
    Ok(all && ended.status.success() && ended.complaints.is_empty())
}

/// As for one clip, but that the pictures go into an AVI, a stream for each clip. There they are
/// numbered instead of timed, so that clips of one length are written side by side and none waits
/// in memory for another.
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
        arguments.push(literal(clip.path));
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
    let mode = format!("-{}", name(OLD_NAME.load(Ordering::Relaxed)));
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
