//! What a file declares, as ffprobe reads it.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::Deserialize;

use crate::video::ffmpeg::{Ffmpeg, file_argument, words};
use crate::{FrameError, KeepRule};

/// The entries that ffprobe prints.
const ENTRIES: &str = "format=duration,format_name:stream=index,codec_type,codec_name,width,\
                       height,avg_frame_rate,r_frame_rate,nb_frames,duration,sample_rate,channels:\
                       stream_disposition=attached_pic:stream_tags";

/// The containers that declare the length of each stream, as ffprobe names them. In others it
/// prints one too: that of the file, or what it estimated.
const WITH_OWN_LENGTHS: [&str; 2] = ["mov,mp4,m4a,3gp,3g2,mj2", "avi"];

/// What a video file declares about itself.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoProbe {
    /// Length of the whole file in seconds, where it says so.
    pub duration: Option<f64>,
    /// Streams of any kind.
    pub streams: usize,
    /// The first picture stream that is not a cover.
    pub video: Option<VideoStream>,
    /// The first sound stream.
    pub audio: Option<AudioStream>,
}

/// A stream of pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct VideoStream {
    /// Its number among the streams of the file.
    pub index: usize,
    /// The codec's name in ffmpeg, such as `flv1`, `h264` or `mpeg4`.
    pub codec: String,
    /// Pixels in a row, before any rotation that the file asks for.
    pub width: usize,
    /// Rows, before any rotation that the file asks for.
    pub height: usize,
    /// Frames a second: the average, which is what OpenCV calls the frame rate.
    pub rate: Option<Rate>,
    /// Frames, as OpenCV counts them before reading any: those that the
    /// container declares, otherwise duration times rate, rounded.
    pub frames: Option<usize>,
    /// Length in seconds that the container declares of this stream, not of the whole file.
    pub own_seconds: Option<f64>,
}

/// A stream of sound.
#[derive(Clone, Debug, PartialEq)]
pub struct AudioStream {
    /// Its number among the streams of the file.
    pub index: usize,
    /// The codec's name in ffmpeg, such as `mp3` or `aac`.
    pub codec: String,
    /// Sampling instants a second, in Hz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: usize,
    /// Length in seconds: the stream's own, otherwise the file's.
    pub duration: Option<f64>,
    /// Length in seconds that the container declares of this stream, not of the whole file.
    pub own_seconds: Option<f64>,
}

/// A frame rate as a fraction: frames over seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Frames.
    pub frames: u32,
    /// In so many seconds, at least 1.
    pub seconds: u32,
}

impl Rate {
    /// Frames a second.
    pub fn per_second(&self) -> f64 {
        f64::from(self.frames) / f64::from(self.seconds)
    }

    /// Parses `30000/1001`; `0/0` is no rate.
    fn parse(text: &str) -> Option<Self> {
        let (frames, seconds) = text.split_once('/')?;
        let rate = Self {
            frames: frames.parse().ok()?,
            seconds: seconds.parse().ok()?,
        };
        (rate.frames > 0 && rate.seconds > 0).then_some(rate)
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.frames, self.seconds)
    }
}

impl VideoStream {
    pub(super) fn stream_info(&self) -> StreamInfo {
        StreamInfo {
            map: self.index.to_string(),
            rate: self.rate,
            frames: self.frames,
        }
    }
}

/// What choosing the frames of a picture stream needs.
pub(super) struct StreamInfo {
    /// The stream, as ffmpeg's option `-map` names it.
    pub(super) map: String,
    pub(super) rate: Option<Rate>,
    pub(super) frames: Option<usize>,
}

impl StreamInfo {
    /// The rule that keeps `kept` frames of each second of this stream.
    pub(super) fn rule(&self, path: &Path, kept: u32) -> Result<KeepRule, FrameError> {
        let rule = self
            .rate
            .and_then(|rate| KeepRule::new(rate.per_second(), kept));
        rule.ok_or_else(|| FrameError::FrameRate {
            path: path.to_owned(),
            rate: self.rate.map_or("unknown".into(), |rate| rate.to_string()),
            kept,
        })
    }
}

/// Frames in so many seconds, as OpenCV counts where the container declares no number.
pub(super) fn frames_in(seconds: f64, rate: Rate) -> Option<usize> {
    Some((seconds * rate.per_second() + 0.5) as usize).filter(|&frames| frames > 0)
}

/// ffprobe's answer, in which most numbers are text.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    streams: Vec<Stream>,
    #[serde(default)]
    format: Format,
}

#[derive(Default, Deserialize)]
struct Format {
    duration: Option<String>,
    format_name: Option<String>,
}

#[derive(Deserialize)]
struct Stream {
    index: usize,
    codec_type: Option<String>,
    codec_name: Option<String>,
    width: Option<usize>,
    height: Option<usize>,
    avg_frame_rate: Option<String>,
    r_frame_rate: Option<String>,
    nb_frames: Option<String>,
    duration: Option<String>,
    sample_rate: Option<String>,
    channels: Option<usize>,
    #[serde(default)]
    disposition: Disposition,
    #[serde(default)]
    tags: BTreeMap<String, String>,
}

#[derive(Default, Deserialize)]
struct Disposition {
    #[serde(default)]
    attached_pic: u8,
}

/// Runs ffprobe on a file.
pub(super) fn probe(ffmpeg: &Ffmpeg, path: &Path) -> Result<VideoProbe, FrameError> {
    let mut arguments = words([
        "-v",
        "error",
        "-protocol_whitelist",
        "file",
        "-of",
        "json",
        "-show_entries",
        ENTRIES,
    ]);
    arguments.push(file_argument(path));
    let mut process = ffmpeg.ffprobe(&arguments)?;
    let output = process.read_to_end()?;
    let ended = process.finish()?;
    if !ended.status.success() {
        return Err(FrameError::NotAVideo {
            path: path.to_owned(),
            reason: ended.reason(),
        });
    }
    let answer = serde_json::from_slice::<Answer>(&output);
    answer
        .map(VideoProbe::from)
        .map_err(|error| ended.broken(&format!("its answer is not understood: {error}")))
}

fn seconds(text: Option<&String>) -> Option<f64> {
    text.and_then(|text| text.parse().ok())
        .filter(|&seconds: &f64| seconds.is_finite() && seconds > 0.0)
}

impl Answer {
    /// The first stream of a kind that is not a cover.
    fn first(&self, kind: &str) -> Option<&Stream> {
        self.streams.iter().find(|stream| {
            stream.codec_type.as_deref() == Some(kind) && stream.disposition.attached_pic == 0
        })
    }
}

impl From<Answer> for VideoProbe {
    fn from(answer: Answer) -> Self {
        let duration = seconds(answer.format.duration.as_ref());
        let format = answer.format.format_name.as_deref().unwrap_or_default();
        let [video, audio] = ["video", "audio"].map(|kind| answer.first(kind));
        Self {
            duration,
            streams: answer.streams.len(),
            video: video.map(|stream| stream.video(duration, format)),
            audio: audio.map(|stream| stream.audio(duration, format)),
        }
    }
}

impl Stream {
    fn codec(&self) -> String {
        self.codec_name.clone().unwrap_or_else(|| "unknown".into())
    }

    /// The length that the container declares of this stream: a Matroska writes it as a tag.
    fn own_seconds(&self, format: &str) -> Option<f64> {
        if WITH_OWN_LENGTHS.contains(&format) {
            return seconds(self.duration.as_ref());
        }
        let is_length = |name: &str| name == "DURATION" || name.starts_with("DURATION-");
        let tag = self.tags.iter().find(|(name, _)| is_length(name))?;
        let parts = tag.1.split(':').map(|part| part.trim().parse::<f64>());
        let length = parts.reduce(|sum, part| Ok(sum? * 60.0 + part?))?.ok()?;
        (length.is_finite() && length > 0.0).then_some(length)
    }

    fn video(&self, duration: Option<f64>, format: &str) -> VideoStream {
        let rate = [&self.avg_frame_rate, &self.r_frame_rate];
        let rate = rate
            .into_iter()
            .flatten()
            .find_map(|text| Rate::parse(text));
        let counted = self
            .nb_frames
            .as_ref()
            .and_then(|text| text.parse().ok())
            .filter(|&frames| frames > 0);
        let seconds = duration.or_else(|| seconds(self.duration.as_ref()));
        VideoStream {
            index: self.index,
            codec: self.codec(),
            width: self.width.unwrap_or_default(),
            height: self.height.unwrap_or_default(),
            rate,
            frames: counted.or_else(|| frames_in(seconds?, rate?)),
            own_seconds: self.own_seconds(format),
        }
    }

    fn audio(&self, duration: Option<f64>, format: &str) -> AudioStream {
        AudioStream {
            index: self.index,
            codec: self.codec(),
            sample_rate: self
                .sample_rate
                .as_ref()
                .and_then(|text| text.parse().ok())
                .unwrap_or_default(),
            channels: self.channels.unwrap_or_default(),
            duration: seconds(self.duration.as_ref()).or(duration),
            own_seconds: self.own_seconds(format),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> VideoProbe {
        serde_json::from_str::<Answer>(json).unwrap().into()
    }

    #[test]
    fn a_cover_is_no_video() {
        let probe = read(
            r#"{"streams": [{"index": 0, "codec_type": "video", "disposition": {"attached_pic": 1}},
                {"index": 1, "codec_type": "audio", "sample_rate": "44100", "channels": 2}], "format": {}}"#,
        );
        assert_eq!((probe.video, probe.streams), (None, 2));
        assert_eq!(
            probe.audio.map(|audio| (audio.index, audio.sample_rate)),
            Some((1, 44100))
        );
    }

    #[test]
    fn frames_are_counted_as_opencv_counts_them() {
        let flv = read(
            r#"{"streams": [{"index": 1, "codec_type": "video", "avg_frame_rate": "989/33", "r_frame_rate": "30000/1001"}],
                "format": {"duration": "3.028000"}}"#,
        );
        let video = flv.video.unwrap();
        assert_eq!(
            (video.rate.unwrap().to_string().as_str(), video.frames),
            ("989/33", Some(91))
        );
        let mp4 = read(
            r#"{"streams": [{"index": 0, "codec_type": "video", "avg_frame_rate": "25/1", "nb_frames": "7"}],
                "format": {"duration": "3.0"}}"#,
        );
        assert_eq!(mp4.video.unwrap().frames, Some(7));
    }

    #[test]
    fn a_stream_without_a_rate_says_so() {
        let probe =
            read(r#"{"streams": [{"index": 0, "codec_type": "video", "avg_frame_rate": "0/0"}]}"#);
        let video = probe.video.unwrap();
        assert_eq!((video.rate, video.frames), (None, None));
        let error = video.stream_info().rule(Path::new("a.flv"), 1).unwrap_err();
        assert!(error.to_string().contains("a.flv"), "{error}");
    }
}
