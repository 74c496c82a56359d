//! The edits of an MP4 file: which of a track's frames are its recording. `symphonia` reads the
//! packets and leaves the edits out.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use crate::FbankError;

/// The stretch of a track's own time that is presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    pub(crate) track: u32,
    /// First unit of the media's time.
    start: u64,
    /// Length in units of the movie's time; 0 is up to the end.
    length: u64,
    /// Units a second of the media, at least 1; `None` where a unit is a frame.
    media: Option<u32>,
    /// Units a second of the movie, at least 1.
    movie: u32,
}

impl Edit {
    /// In frames, of which there are `rate` a second.
    pub(crate) fn frames(&self, rate: u32) -> Range<i64> {
        let scaled = |units: u64, a_second: u32| {
            let frames = u128::from(units) * u128::from(rate) + u128::from(a_second) / 2;
            i64::try_from(frames / u128::from(a_second)).unwrap_or(i64::MAX)
        };
        let start = scaled(self.start, self.media.unwrap_or(rate.max(1)));
        let end = match self.length {
            0 => i64::MAX,
            length => start.saturating_add(scaled(length, self.movie)),
        };
        start..end
    }
}

/// More than a table of packets for a hundred hours takes.
const LARGEST_TABLE: u64 = 1 << 28;

/// What is read of an MP4 file beside its packets.
#[derive(Default)]
pub(crate) struct Tables {
    /// The edit of each track that has one.
    pub(crate) edits: Vec<Edit>,
    /// Tracks whose packets all have 1024 units of time but the last, and units a second.
    even: Vec<(u32, u32)>,
}

impl Tables {
    /// Whether the tables place packet n of a track n × 1024 frames behind the first.
    pub(crate) fn places_packets(&self, track: u32, rate: u32) -> bool {
        self.even.contains(&(track, rate))
    }
}

/// The edits and the places of packets.
pub(crate) fn tables(source: impl Read + Seek, name: &str) -> Result<Tables, FbankError> {
    let movie = movie(source, name)?;
    Ok(Tables {
        edits: edits(&movie, name)?,
        even: even_tracks(&movie),
    })
}

fn even_tracks(movie: &[u8]) -> Vec<(u32, u32)> {
    // Of a movie in fragments, only the first part is in these tables.
    if child(movie, b"mvex").is_some() {
        return Vec::new();
    }
    let tracks =
        boxes(movie).filter(|(id, track)| id == b"trak" && is_sound(track) && is_even(track));
    tracks
        .filter_map(|(_, track)| id_and_scale(track))
        .collect()
}

/// Whether each packet of a track, but for the last, takes 1024 units of time.
fn is_even(track: &[u8]) -> bool {
    let path = [b"mdia", b"minf", b"stbl", b"stts"];
    let Some(table) = path.into_iter().try_fold(track, child) else {
        return false;
    };
    let count = u32_at(table, 4).unwrap_or(0) as usize;
    let entries = table
        .get(8..)
        .unwrap_or_default()
        .chunks_exact(8)
        .take(count);
    // How many packets, and the units of each.
    let entries: Vec<_> = entries
        .filter_map(|entry| Some((u32_at(entry, 0)?, u32_at(entry, 4)?)))
        .collect();
    match entries.split_last() {
        Some(((packets, units), before)) => {
            entries.len() == count
                && before.iter().all(|(_, units)| *units == 1024)
                && (*units == 1024 || *packets == 1)
        }
        None => false,
    }
}

fn edits(movie: &[u8], name: &str) -> Result<Vec<Edit>, FbankError> {
    let a_second = child(movie, b"mvhd").and_then(time_scale).unwrap_or(1);
    let delay = encoder_delay(movie);
    let mut edits = Vec::new();
    for (_, track) in boxes(movie).filter(|(id, _)| id == b"trak") {
        let Some((id, media)) = id_and_scale(track).filter(|_| is_sound(track)) else {
            continue;
        };
        let list = child(track, b"edts").and_then(|edits| child(edits, b"elst"));
        // An empty edit, which has no media, only says that the recording begins later.
        let entries = list.map(entries).unwrap_or_default().into_iter();
        let entries: Vec<_> = entries
            .filter_map(|(length, start)| Some((length, u64::try_from(start).ok()?)))
            .collect();
        let (start, length, media) = match (&entries[..], delay) {
            ([], None) => continue,
            ([], Some(delay)) => (delay, 0, None),
            ([(length, start)], _) => (*start, *length, Some(media)),
            _ => {
                let what = "MP4 sound put together by several edits";
                return Err(FbankError::not_read(name, what));
            }
        };
        edits.push(Edit {
            track: id,
            start,
            length,
            media,
            movie: a_second,
        });
    }
    Ok(edits)
}

/// The frames before the first one that iTunes writes into a comment, where there is no edit: ` 0
/// 840 1CA 3F31F6`, in hexadecimal.
fn encoder_delay(movie: &[u8]) -> Option<u64> {
    let mark = b"iTunSMPB";
    let at = movie.windows(mark.len()).position(|bytes| bytes == mark)?;
    let data = child(&movie[at + mark.len()..], b"data")?;
    let text = std::str::from_utf8(data.get(8..)?).ok()?;
    let delay = u64::from_str_radix(text.split_whitespace().nth(1)?, 16).ok()?;
    // As ffmpeg does.
    (1..16_384).contains(&delay).then_some(delay)
}

/// The bytes of the `moov` box. The fragments are looked at on the way.
fn movie(mut source: impl Read + Seek, name: &str) -> Result<Vec<u8>, FbankError> {
    let io = |source| FbankError::io(name, source);
    let length = source.seek(SeekFrom::End(0)).map_err(io)?;
    let (mut at, mut movie) = (0_u64, Vec::new());
    loop {
        source.seek(SeekFrom::Start(at)).map_err(io)?;
        let mut head = Vec::new();
        let read = (&mut source).take(16).read_to_end(&mut head);
        read.map_err(io)?;
        let Some((id, header, size)) = box_header(&head) else {
            return Ok(movie);
        };
        // 0 is up to the end of the file.
        let end = match size {
            0 => length,
            size => at.saturating_add(size.max(header as u64)),
        };
        if end > length {
            return Err(FbankError::Truncated {
                name: name.into(),
                what: "the MP4 file",
                expected: end,
                found: length,
            });
        }
        if matches!(&id, b"moov" | b"moof") {
            let start = at + header as u64;
            source.seek(SeekFrom::Start(start)).map_err(io)?;
            let most = end.saturating_sub(start).min(LARGEST_TABLE);
            let mut body = Vec::new();
            let read = (&mut source).take(most).read_to_end(&mut body);
            read.map_err(io)?;
            if id == *b"moof" {
                check_fragment(&body, length, name)?;
            } else {
                movie = body;
            }
        }
        at = end;
    }
}

/// Refuses a fragment that states more packets than its file has bytes: `symphonia` would count them
/// one by one.
fn check_fragment(fragment: &[u8], file_length: u64, name: &str) -> Result<(), FbankError> {
    let tracks = boxes(fragment).filter(|(id, _)| id == b"traf");
    let runs = tracks.flat_map(|(_, track)| boxes(track).filter(|(id, _)| id == b"trun"));
    let packets: u64 = runs
        .map(|(_, run)| u64::from(u32_at(run, 4).unwrap_or(0)))
        .sum();
    if packets <= file_length {
        return Ok(());
    }
    Err(FbankError::Damaged {
        name: name.into(),
        format: "MP4",
        reason: format!("a fragment states {packets} packets in {file_length} bytes"),
    })
}

/// Whether the description of an AAC stream says that another one follows with the bands above
/// (SBR), in the way that older decoders skip, as `symphonia` does.
pub(crate) fn has_bands_above(description: &[u8]) -> bool {
    let mut at = 0;
    let mut bits = |count: usize| {
        let bit = |at: usize| {
            description
                .get(at / 8)
                .map_or(0, |byte| byte >> (7 - at % 8) & 1)
        };
        let value = (at..at + count).fold(0_u32, |value, at| value << 1 | u32::from(bit(at)));
        at += count;
        value
    };
    const LOW_COMPLEXITY: u32 = 2;
    const BANDS_ABOVE: u32 = 5;
    if bits(5) != LOW_COMPLEXITY {
        return false;
    }
    // The rate, by its number or in full, and the channels.
    if bits(4) == 15 {
        bits(24);
    }
    bits(4);
    // The length of a packet, another stream that it depends on, and extensions.
    bits(1);
    if bits(1) == 1 {
        bits(14);
    }
    bits(1);
    bits(11) == 0x2b7 && bits(5) == BANDS_ABOVE && bits(1) == 1
}

/// Name, length of the header and of the whole box.
fn box_header(bytes: &[u8]) -> Option<([u8; 4], usize, u64)> {
    let size = u64::from(u32_at(bytes, 0)?);
    let id = *bytes.get(4..)?.first_chunk()?;
    if size == 1 {
        return Some((id, 16, u64_at(bytes, 8)?));
    }
    Some((id, 8, size))
}

/// The boxes inside another, cut where they are cut off.
fn boxes(mut bytes: &[u8]) -> impl Iterator<Item = ([u8; 4], &[u8])> {
    std::iter::from_fn(move || {
        let (id, header, size) = box_header(bytes)?;
        let size = match usize::try_from(size).unwrap_or(usize::MAX) {
            0 => bytes.len(),
            size => size.min(bytes.len()),
        };
        let body = bytes.get(header..size)?;
        bytes = &bytes[size..];
        Some((id, body))
    })
}

fn child<'b>(bytes: &'b [u8], name: &[u8; 4]) -> Option<&'b [u8]> {
    boxes(bytes)
        .find(|(id, _)| id == name)
        .map(|(_, body)| body)
}

/// Units a second in an `mvhd` or `mdhd` box.
fn time_scale(body: &[u8]) -> Option<u32> {
    let at = if *body.first()? == 1 { 20 } else { 12 };
    u32_at(body, at).filter(|scale| *scale > 0)
}

fn id_and_scale(track: &[u8]) -> Option<(u32, u32)> {
    let header = child(track, b"tkhd")?;
    let at = if *header.first()? == 1 { 20 } else { 12 };
    let media = child(track, b"mdia")?;
    Some((u32_at(header, at)?, time_scale(child(media, b"mdhd")?)?))
}

fn is_sound(track: &[u8]) -> bool {
    let handler = child(track, b"mdia").and_then(|media| child(media, b"hdlr"));
    handler.and_then(|body| body.get(8..12)) == Some(b"soun")
}

/// Length in the movie's time and start in the media's, of each edit.
fn entries(list: &[u8]) -> Vec<(u64, i64)> {
    let wide = list.first() == Some(&1);
    let size = if wide { 20 } else { 12 };
    let count = u32_at(list, 4).unwrap_or(0) as usize;
    let entry = |bytes: &[u8]| {
        Some(if wide {
            (u64_at(bytes, 0)?, u64_at(bytes, 8)? as i64)
        } else {
            (
                u64::from(u32_at(bytes, 0)?),
                i64::from(u32_at(bytes, 4)? as i32),
            )
        })
    };
    let entries = list.get(8..).unwrap_or_default().chunks_exact(size);
    entries.take(count).filter_map(entry).collect()
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}
