//! Compressed sound, decoded by `symphonia` packet by packet.

use std::io::{ErrorKind, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::well_known::CODEC_ID_VORBIS;
use symphonia::core::codecs::audio::{AudioDecoder, AudioDecoderOptions};
use symphonia::core::codecs::registry::RegisterableAudioDecoder;
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, SeekMode, SeekTo};
use symphonia::core::io::{MediaSourceStream, ReadBytes};
use symphonia::core::packet::Packet;
use symphonia::core::units::Timestamp;
use symphonia::default::codecs::{AacDecoder, FlacDecoder, MpaDecoder, VorbisDecoder};
use symphonia::default::formats::{FlacReader, IsoMp4Reader, MpaReader, OggReader};

use crate::aac_noise::OtherNoise;
use crate::input::Input;
use crate::kind::{Found, Kind};
use crate::mp4::{self, Tables};
use crate::{FbankError, HeaderMismatch, Part, Recording, Wave, sample_memory};

/// Samples that memory is reserved for before they are there: 256 MB.
const MOST_AT_ONCE: usize = 1 << 26;

/// Frames of an AAC packet.
const AAC_PACKET: u64 = 1024;

/// Frames before a wanted one that AAC needs: each packet overlaps the one before.
const AAC_WARM_UP: i64 = 2 * AAC_PACKET as i64;

/// A stream of packets and its decoder.
struct Stream<'s> {
    reader: Box<dyn FormatReader + 's>,
    decoder: Box<dyn AudioDecoder>,
    kind: Kind,
    track: u32,
    rate: u32,
    /// Position of the first decoded frame; the recording begins at 0.
    first: i64,
    /// The recording ends with the packet in which this is reached.
    end: i64,
    /// What the encoder put behind the last frame.
    padding: Range<i64>,
    /// Frames that the file says it has.
    announced: Option<u64>,
    /// Whether the positions that the packets have can be relied on.
    placed: bool,
    /// Whether the next packet must begin where the one before ended: a FLAC frame whose checksum
    /// is wrong is passed over by the reader. A file that does not say how long it is may be a part
    /// of a broadcast, which begins anywhere.
    contiguous: bool,
    /// What shows whether the samples are those of a decoder that began at the start, after a seek
    /// in AAC.
    other_noise: Option<OtherNoise>,
    name: &'s str,
}

/// Reads a part; a frame is one sampling instant.
pub(crate) fn read(
    input: &Input<'_>,
    found: Found,
    part: Part,
    name: &str,
) -> Result<Recording, FbankError> {
    guarded(found.kind, name, || read_part(input, found, part, name))
}

/// Frames and frames a second, without decoding.
pub(crate) fn length(
    input: &Input<'_>,
    found: Found,
    name: &str,
) -> Result<(u64, u32), FbankError> {
    guarded(found.kind, name, || count(input, found, name))
}

/// A few assertions of `symphonia` fail on damaged files, found by changing bytes; what it had
/// built by then is dropped.
fn guarded<T>(
    kind: Kind,
    name: &str,
    work: impl FnOnce() -> Result<T, FbankError>,
) -> Result<T, FbankError> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
        let reason = "its decoder gave up on what it holds";
        Err(damaged(kind, reason.into(), name))
    })
}

fn read_part(
    input: &Input<'_>,
    found: Found,
    part: Part,
    name: &str,
) -> Result<Recording, FbankError> {
    let mut stream = open(input, found, name)?;
    let rate = stream.rate;
    let Some(wanted) = part.instants(rate) else {
        return Err(part.refused(count(input, found, name)?.0, rate, name));
    };
    if stream.placed && wanted.start > 0 {
        stream.seek(wanted.start)?;
    }
    let nothing = || Wave {
        samples: Vec::new(),
        channels: 0,
        sample_rate: rate,
    };
    let mut wave = nothing();
    let mut passed = stream.pass(&wanted, Some(&mut wave))?;
    if passed.needs_the_start {
        stream = open(input, found, name)?;
        wave = nothing();
        passed = stream.pass(&wanted, Some(&mut wave))?;
    }
    if found.kind == Kind::Flac {
        stream.verify(&passed)?;
    }
    if matches!(part, Part::Span(_)) && (wave.frames() as u64) < wanted.end - wanted.start {
        drop(stream);
        return Err(part.refused(count(input, found, name)?.0, rate, name));
    }
    if wave.samples.is_empty() {
        return Err(FbankError::Empty { name: name.into() });
    }
    let mismatch = stream.mismatch(&passed);
    Ok(Recording { wave, mismatch })
}

fn count(input: &Input<'_>, found: Found, name: &str) -> Result<(u64, u32), FbankError> {
    let mut stream = open(input, found, name)?;
    let passed = stream.pass(&(u64::MAX..u64::MAX), None)?;
    if passed.length == 0 {
        return Err(FbankError::Empty { name: name.into() });
    }
    Ok((passed.length, stream.rate))
}

fn open<'s>(input: &'s Input<'_>, found: Found, name: &'s str) -> Result<Stream<'s>, FbankError> {
    let io = |source| FbankError::io(name, source);
    let tables = match found.kind {
        Kind::Mp4 => mp4::tables(input.open().map_err(io)?, name)?,
        Kind::Other(what) => return Err(FbankError::not_read(name, what)),
        _ => Tables::default(),
    };
    let mut source = input.open().map_err(io)?;
    source.seek(SeekFrom::Start(found.start)).map_err(io)?;
    let source = MediaSourceStream::new(source, Default::default());
    let broken = |error| broken(found.kind, error, name);
    let options = FormatOptions::default();
    let reader: Box<dyn FormatReader + 's> = match found.kind {
        Kind::Flac => Box::new(FlacReader::try_new(source, options).map_err(broken)?),
        Kind::Mp3 => Box::new(MpaReader::try_new(source, options).map_err(broken)?),
        Kind::Ogg => Box::new(OggReader::try_new(source, options).map_err(broken)?),
        // It goes back over the mark that a search for the format would have read.
        _ => {
            let mut source = source;
            source.read_quad_bytes().map_err(io)?;
            Box::new(IsoMp4Reader::try_new(source, options).map_err(broken)?)
        }
    };
    Stream::new(reader, found.kind, &tables, name)
}

/// What a pass over the packets found.
struct Passed {
    /// Frames up to where it stopped.
    length: u64,
    /// Whether there were no more packets.
    to_the_end: bool,
    /// Whether the file ended within a packet.
    cut: bool,
    /// Whether it stopped because these samples can only be had from the start.
    needs_the_start: bool,
}

impl<'s> Stream<'s> {
    fn new(
        reader: Box<dyn FormatReader + 's>,
        kind: Kind,
        tables: &Tables,
        name: &'s str,
    ) -> Result<Self, FbankError> {
        let damaged = |reason: &str| damaged(kind, reason.into(), name);
        let sound = reader.tracks().iter().find_map(|track| {
            let parameters = track.codec_params.as_ref()?.audio()?;
            Some((track.clone(), parameters.clone()))
        });
        let (track, parameters) = sound.ok_or_else(|| damaged("it has no sound"))?;
        // Positions are counted here, so that nothing is trimmed by an estimated length.
        let trims = kind == Kind::Ogg;
        let options = AudioDecoderOptions::default().gapless(trims);
        let vorbis = kind == Kind::Ogg && parameters.codec == CODEC_ID_VORBIS;
        // symphonia 0.6 undoes the coupling of more channels in the wrong order.
        if vorbis
            && parameters
                .channels
                .as_ref()
                .is_none_or(|all| all.count() > 2)
        {
            let what = "Vorbis sound of more than two channels";
            return Err(FbankError::not_read(name, what));
        }
        let extra = parameters.extra_data.as_deref().unwrap_or_default();
        if kind == Kind::Mp4 && mp4::has_bands_above(extra) {
            return Err(FbankError::not_read(name, "HE-AAC sound"));
        }
        let make = match kind {
            Kind::Mp3 => MpaDecoder::try_registry_new,
            Kind::Mp4 => AacDecoder::try_registry_new,
            _ if vorbis => VorbisDecoder::try_registry_new,
            _ => FlacDecoder::try_registry_new,
        };
        let decoder = make(&parameters, &options).map_err(|error| broken(kind, error, name))?;
        let rate = parameters.sample_rate.filter(|rate| *rate > 0);
        let rate = rate.ok_or_else(|| damaged("it states no sample rate"))?;
        let (mut first, mut end, mut padding) = (0, i64::MAX, i64::MAX..i64::MAX);
        // An MP3 file without a tag has an estimate there.
        let mut announced = track.num_frames.filter(|_| kind == Kind::Flac);
        if let (Kind::Mp3, Some(delay)) = (kind, track.delay) {
            first = -i64::from(delay);
            announced = track.num_frames;
            let from = track.num_frames.map_or(i64::MAX, in_range);
            padding = from..from.saturating_add(i64::from(track.padding.unwrap_or(0)));
        }
        if kind == Kind::Mp4 {
            let edit = tables.edits.iter().find(|edit| edit.track == track.id);
            if let Some(edit) = edit {
                let frames = edit.frames(rate);
                (first, end) = (-frames.start, frames.end.saturating_sub(frames.start));
            }
            announced = track.num_frames.map(|all| {
                let all = in_range(all).saturating_add(first).min(end);
                all.max(0) as u64
            });
        }
        let placed = kind == Kind::Flac || tables.places_packets(track.id, rate);
        Ok(Self {
            reader,
            decoder,
            kind,
            track: track.id,
            rate,
            first,
            end,
            padding,
            announced,
            placed,
            contiguous: kind == Kind::Flac && announced.is_some(),
            other_noise: None,
            name,
        })
    }

    /// Goes to the packet that has a frame, or to those before it that it needs.
    fn seek(&mut self, frame: u64) -> Result<(), FbankError> {
        if self.announced.is_some_and(|announced| frame >= announced) {
            // Nothing is there, as the pass will find.
            return Ok(());
        }
        let before = if self.kind == Kind::Mp4 {
            AAC_WARM_UP
        } else {
            0
        };
        let at = in_range(frame)
            .saturating_sub(self.first)
            .saturating_sub(before);
        if at <= 0 {
            return Ok(());
        }
        if self.kind == Kind::Mp4 {
            self.other_noise = self.other_noise();
            if self.other_noise.is_none() {
                return Ok(());
            }
        }
        let to = SeekTo::Timestamp {
            ts: Timestamp::new(at),
            track_id: self.track,
        };
        match self.reader.seek(SeekMode::Accurate, to) {
            Ok(_) => {
                self.contiguous = false;
                Ok(())
            }
            Err(Error::SeekError(_)) => {
                self.other_noise = None;
                Ok(())
            }
            Err(error) => Err(self.broken(error)),
        }
    }

    fn other_noise(&self) -> Option<OtherNoise> {
        let parameters = self.decoder.codec_params();
        let channels = parameters.channels.as_ref()?.count();
        let options = AudioDecoderOptions::default();
        let decoder = AacDecoder::try_registry_new(parameters, &options).ok()?;
        OtherNoise::new(decoder, channels)
    }

    /// Takes the wanted frames into `wave`, and stops behind them.
    fn pass(
        &mut self,
        wanted: &Range<u64>,
        mut wave: Option<&mut Wave>,
    ) -> Result<Passed, FbankError> {
        let wanted = in_range(wanted.start)..in_range(wanted.end);
        let mut at = self.first;
        let (mut to_the_end, mut cut, mut needs_the_start) = (false, false, false);
        // A packet may be decoded and then left out because something before it is missing.
        let mut began = wanted.start == 0;
        while self.recorded(at) < wanted.end && at < self.end {
            let packet = match self.reader.next_packet() {
                Ok(Some(packet)) => packet,
                Ok(None) => {
                    to_the_end = true;
                    break;
                }
                Err(Error::IoError(error)) if error.kind() == ErrorKind::UnexpectedEof => {
                    (to_the_end, cut) = (true, true);
                    break;
                }
                Err(error) => return Err(self.broken(error)),
            };
            if packet.track_id != self.track {
                continue;
            }
            if self.placed {
                let begins = self.first.saturating_add(packet.pts.get());
                if self.contiguous && begins != at {
                    let reason = format!("the frame that begins at sample {at} is damaged");
                    return Err(self.damaged(reason));
                }
                at = begins;
                self.contiguous = self.kind == Kind::Flac;
            }
            let length = in_range(self.length(&packet));
            let Some(wave) = wave.as_deref_mut() else {
                at = at.saturating_add(length);
                continue;
            };
            let after = self.recorded(at.saturating_add(length));
            if after.saturating_add(self.warm_up()) <= wanted.start {
                at = at.saturating_add(length);
                continue;
            }
            let buffer = match self.decoder.decode(&packet) {
                Ok(buffer) => buffer,
                Err(_) if self.other_noise.is_some() => {
                    needs_the_start = true;
                    break;
                }
                Err(_) if !began && after <= wanted.start => {
                    at = at.saturating_add(length);
                    continue;
                }
                Err(error) => return Err(self.broken(error)),
            };
            let (channels, frames) = (buffer.spec().channels().count(), buffer.frames());
            if wave.channels == 0 {
                wave.channels = channels;
                reserve(wave, &wanted, self.announced, frames);
            }
            if channels != wave.channels || buffer.spec().rate() != self.rate {
                return Err(self.changes());
            }
            // Decoded behind the samples that are there, where most packets are to stay whole.
            let decoded = wave.samples.len();
            wave.samples.resize(decoded + frames * channels, 0.0);
            buffer.copy_to_slice_interleaved(&mut wave.samples[decoded..]);
            if let Some(other) = &mut self.other_noise {
                let agrees = other.agrees(&packet, &wave.samples[decoded..]);
                // Before the wanted frames, the decoders have yet to forget what they began with.
                if !agrees && after > wanted.start {
                    needs_the_start = true;
                    break;
                }
            }
            began |= self.recorded(at) >= wanted.start;
            // The first packet that a decoder of Vorbis gets gives it only what the next one needs.
            let next = at.saturating_add(length);
            at = next.saturating_sub(in_range(frames as u64));
            self.cut(wave, decoded, at..next, &wanted);
            at = next;
        }
        Ok(Passed {
            length: self.recorded(at).max(0) as u64,
            to_the_end: to_the_end || at >= self.end,
            cut,
            needs_the_start,
        })
    }

    /// Keeps what is wanted of a packet with these frames, whose samples are those of `wave` from
    /// `decoded` on.
    fn cut(&self, wave: &mut Wave, decoded: usize, packet: Range<i64>, wanted: &Range<i64>) {
        let mut kept_until = decoded;
        for kept in around(&packet, &self.padding) {
            let shift = kept.start - self.recorded(kept.start);
            let start = kept.start.max(wanted.start.saturating_add(shift)).max(0);
            let end = kept.end.min(wanted.end.saturating_add(shift));
            if start < end {
                let [first, last] = [start, end]
                    .map(|frame| decoded + (frame - packet.start) as usize * wave.channels);
                if first > kept_until {
                    wave.samples.copy_within(first..last, kept_until);
                }
                kept_until += last - first;
            }
        }
        wave.samples.truncate(kept_until);
    }

    /// The position in the recording of a decoded frame, which has no padding in it.
    fn recorded(&self, at: i64) -> i64 {
        let behind = at.saturating_sub(self.padding.start).max(0);
        at - behind.min(self.padding.end - self.padding.start)
    }

    /// Frames that a packet decodes to.
    fn length(&self, packet: &Packet) -> u64 {
        match self.kind {
            Kind::Mp4 => AAC_PACKET,
            // By its header: MPEG 1, or 2 and 2.5 with half as many.
            Kind::Mp3 if packet.data.get(1).is_some_and(|byte| byte & 8 == 0) => 576,
            Kind::Mp3 => 1152,
            _ => packet.dur.get(),
        }
    }

    /// Frames before a wanted one that must be decoded for it to be what it is in the whole.
    fn warm_up(&self) -> i64 {
        match self.kind {
            Kind::Flac => 0,
            // A packet of the lowest bit rate takes bits from forty before it.
            Kind::Mp3 => 64 * 1152,
            // A block overlaps the one before, and each has at most 8192.
            Kind::Ogg => 4 * 8192,
            _ if self.other_noise.is_some() => AAC_WARM_UP,
            // The noise that fills its bands is drawn from one sequence for the whole recording.
            _ => i64::MAX,
        }
    }

    /// FLAC is lossless: what is there must be what was encoded. The reader has looked at the
    /// checksum of each frame (CRC-16); the MD5 sum of all samples takes a fifth of decoding and is
    /// not looked at, as by libsndfile.
    fn verify(&self, passed: &Passed) -> Result<(), FbankError> {
        let found = passed.length;
        if passed.cut {
            return Err(self.damaged("it ends in the middle".into()));
        }
        match self.announced {
            Some(announced) if passed.to_the_end && announced != found => {
                let reason = match found {
                    0 => "its frames are damaged".into(),
                    _ => format!("{found} of its {announced} samples are there"),
                };
                Err(self.damaged(reason))
            }
            _ => Ok(()),
        }
    }

    fn mismatch(&self, passed: &Passed) -> Option<HeaderMismatch> {
        let found = passed.length;
        match self.announced {
            _ if !passed.to_the_end => None,
            Some(announced) if found < announced => {
                Some(HeaderMismatch::Samples { announced, found })
            }
            _ if passed.cut => Some(HeaderMismatch::NoEnd { found }),
            _ => None,
        }
    }

    fn broken(&self, error: Error) -> FbankError {
        match error {
            Error::ResetRequired => self.changes(),
            error => broken(self.kind, error, self.name),
        }
    }

    fn changes(&self) -> FbankError {
        let what = "sound that changes its rate or channels or has several recordings in a row";
        FbankError::not_read(self.name, what)
    }

    fn damaged(&self, reason: String) -> FbankError {
        damaged(self.kind, reason, self.name)
    }
}

/// Reserves memory for the wanted frames, and for one packet more, because packets are cut after
/// they are decoded. What a header announces may be anything; beyond [`MOST_AT_ONCE`], the samples
/// grow.
fn reserve(wave: &mut Wave, wanted: &Range<i64>, announced: Option<u64>, packet_frames: usize) {
    let end = wanted.end.min(in_range(announced.unwrap_or(0)));
    let frames = end.saturating_sub(wanted.start).max(0) as usize;
    let samples = frames
        .saturating_add(packet_frames)
        .saturating_mul(wave.channels);
    sample_memory::reserve(&mut wave.samples, samples.min(MOST_AT_ONCE));
}

/// The parts of a range on both sides of a hole.
fn around(range: &Range<i64>, hole: &Range<i64>) -> impl Iterator<Item = Range<i64>> + use<> {
    let sides = [
        range.start..range.end.min(hole.start),
        range.start.max(hole.end)..range.end,
    ];
    sides.into_iter().filter(|side| !side.is_empty())
}

fn in_range(frames: u64) -> i64 {
    i64::try_from(frames).unwrap_or(i64::MAX)
}

fn broken(kind: Kind, error: Error, name: &str) -> FbankError {
    match error {
        Error::Unsupported(what) => FbankError::NotRead {
            name: name.into(),
            found: format!(
                "{} sound of a sort that its decoder refuses ({what})",
                format(kind)
            ),
        },
        Error::IoError(source) if source.kind() != ErrorKind::UnexpectedEof => {
            FbankError::io(name, source)
        }
        error => damaged(kind, error.to_string(), name),
    }
}

fn damaged(kind: Kind, reason: String, name: &str) -> FbankError {
    FbankError::Damaged {
        name: name.into(),
        format: format(kind),
        reason,
    }
}

fn format(kind: Kind) -> &'static str {
    match kind {
        Kind::Flac => "FLAC",
        Kind::Mp3 => "MP3",
        Kind::Ogg => "Ogg",
        Kind::Mp4 => "MP4",
        Kind::Wav => "WAV",
        Kind::Other(what) => what,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind;

    /// What a pass for frames from 40,000 on needs of a file, and whether it began there.
    fn sought(name: &str) -> Passed {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/compressed/");
        let bytes = std::fs::read(format!("{folder}{name}")).unwrap();
        let input = Input::Bytes(&bytes);
        let found = kind::find(input.open().unwrap()).unwrap();
        let mut stream = open(&input, found, name).unwrap();
        assert!(stream.placed, "{name}");
        stream.seek(40_000).unwrap();
        let next = stream.reader.next_packet().unwrap().unwrap();
        let at = stream.first + next.pts.get();
        assert!(
            (40_000 - 4 * 1024..40_000 - 1024).contains(&at),
            "{name}: {at}"
        );
        stream.seek(40_000).unwrap();
        let mut wave = Wave {
            samples: Vec::new(),
            channels: 0,
            sample_rate: stream.rate,
        };
        stream.pass(&(40_000..41_000), Some(&mut wave)).unwrap()
    }

    #[test]
    fn aac_is_decoded_from_shortly_before_a_part_unless_there_is_noise() {
        assert!(!sought("without-noise.m4a").needs_the_start);
        assert!(sought("with-noise.m4a").needs_the_start);
    }
}
