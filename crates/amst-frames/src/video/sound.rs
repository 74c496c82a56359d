//! The sound of a video.

use crate::video::open::Video;
use crate::video::pictures::{input, undecodable};
use crate::video::{DecodeLosses, Span};
use crate::{FrameError, video::ffmpeg::words};

/// The sound of a video at its own rate and with all its channels.
///
/// The fields are those of a recording read from a WAV file: decoded to 16 bits,
/// as the published scripts have ffmpeg write them, then scaled.
#[derive(Clone, Debug, PartialEq)]
pub struct Sound {
    /// `[instants, channels]`, interleaved, in `[-1, 1)`.
    pub samples: Vec<f32>,
    /// Channels, at least 1.
    pub channels: usize,
    /// Sampling instants a second, in Hz.
    pub sample_rate: u32,
    /// What was declared but could not be decoded.
    pub losses: DecodeLosses,
}

/// Decodes the first sound stream. ffmpeg's output declares its rate and channels.
pub(super) fn read(video: &Video, span: Option<Span>) -> Result<Sound, FrameError> {
    let stream = video
        .probe
        .audio
        .as_ref()
        .ok_or_else(|| FrameError::NoStream {
            path: video.path.clone(),
            kind: "sound",
        })?;
    video.check_span(span)?;
    let mut arguments = input(video, span);
    let map = format!("0:{}", stream.index);
    if let Some(trim) = span.and_then(|span| span.trim("atrim")) {
        arguments.extend(words(["-af", &trim]));
    }
    arguments.extend(words([
        "-map",
        &map,
        "-c:a",
        "pcm_s16be",
        "-f",
        "au",
        "pipe:1",
    ]));
    let mut process = video.ffmpeg.ffmpeg(&arguments)?;
    let bytes = process.read_to_end()?;
    let ended = process.finish()?;
    if bytes.is_empty() {
        return Err(undecodable(video.path.clone(), &ended));
    }
    let (header, data) = Header::read(&bytes)
        .ok_or_else(|| ended.broken("its output is not the AU sound asked for"))?;
    let samples = data.as_chunks().0.iter();
    let samples: Vec<f32> = samples
        .map(|&two| f32::from(i16::from_be_bytes(two)) / 32768.0)
        .collect();
    let found = samples.len() / header.channels;
    if found == 0 {
        return Err(undecodable(video.path.clone(), &ended));
    }
    let seconds = span
        .map(|span| span.seconds())
        .or(stream.duration)
        .unwrap_or(0.0);
    let expected = ((seconds - 0.5) * f64::from(header.sample_rate)) as usize;
    let fewer = expected.saturating_sub(found);
    let losses = video.losses(stream.index, stream.own_seconds, span, fewer, ended)?;
    Ok(Sound {
        samples,
        channels: header.channels,
        sample_rate: header.sample_rate,
        losses,
    })
}

/// The header of an AU stream.
struct Header {
    channels: usize,
    sample_rate: u32,
}

impl Header {
    /// The header, and the bytes of the samples.
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        const LINEAR_16_BIT: u32 = 3;
        let header = bytes.get(..24)?.as_chunks::<4>().0;
        let [start, encoding, sample_rate, channels] =
            [1, 3, 4, 5].map(|word| u32::from_be_bytes(header[word]));
        let (start, channels) = (start as usize, channels as usize);
        let header = Self {
            sample_rate,
            channels,
        };
        let sound = bytes.starts_with(b".snd") && encoding == LINEAR_16_BIT;
        let sensible = header.channels > 0 && header.sample_rate > 0;
        (sound && sensible).then_some((header, bytes.get(start..)?))
    }
}
