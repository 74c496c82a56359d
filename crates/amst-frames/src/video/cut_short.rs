//! Detects video files that were cut, by their structure.
//!
//! Decoders take what is there: of a file that was copied in part they give the first minutes
//! without a word, in the worst case. Each container says in its own way how long it, or the part
//! of it that comes last, must be. Only what is surely cut is called so: bytes that are no part of
//! the container are what some programs leave at the end.
//!
//! Nothing is known of an MPEG program stream, a transport stream, an Ogg file or a fragmented MP4
//! that ends where a packet, page or fragment ends, nor of a file whose writer left the length open
//! (a live recording). Then only the stream's declared length and ffmpeg's complaints tell.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes at the end in which the last part is looked for: more than a page of Ogg or a packet of
/// an MPEG program stream takes.
const TAIL_BYTES: u64 = 1 << 17;

/// The most parts of a file that are walked over: more than hours of an flv have.
const MAX_PARTS: usize = 1 << 24;

/// What is missing of a video file; `None` where it is whole and where that cannot be known.
pub(super) fn cut_short(path: &Path) -> Option<&'static str> {
    let mut file = File::open(path).ok()?;
    let length = file.metadata().ok()?.len();
    missing(&mut file, length)
}

fn missing(file: &mut (impl Read + Seek), length: u64) -> Option<&'static str> {
    let mut file = Bytes { file, length };
    let head: [u8; 32] = file.at(0).or_else(|| file.padded())?;
    match &head {
        [_, _, _, _, b'f', b't', b'y', b'p', ..]
        | [_, _, _, _, b'm', b'o', b'o', b'v', ..]
        | [_, _, _, _, b'm', b'd', b'a', b't', ..]
        | [_, _, _, _, b'w', b'i', b'd', b'e', ..] => file.mp4(),
        [
            b'R',
            b'I',
            b'F',
            b'F',
            _,
            _,
            _,
            _,
            b'A',
            b'V',
            b'I',
            b' ',
            ..,
        ] => file.avi(),
        [b'F', b'L', b'V', ..] => file.flv(),
        [0x1A, 0x45, 0xDF, 0xA3, ..] => file.matroska(),
        [b'O', b'g', b'g', b'S', ..] => file.ogg(),
        [0, 0, 1, PACK, ..] => file.program_stream(),
        [..] if head.starts_with(&ASF_HEADER) => file.asf(),
        [SYNC, ..] => file.transport_stream(0, 188),
        [_, _, _, _, SYNC, ..] => file.transport_stream(4, 192),
        _ => None,
    }
}

const PACK: u8 = 0xBA;
const SYNC: u8 = 0x47;
const ASF_HEADER: [u8; 16] = [
    0x30, 0x26, 0xB2, 0x75, 0x8E, 0x66, 0xCF, 0x11, 0xA6, 0xD9, 0x00, 0xAA, 0x00, 0x62, 0xCE, 0x6C,
];
const ASF_FILE_PROPERTIES: [u8; 16] = [
    0xA1, 0xDC, 0xAB, 0x8C, 0x47, 0xA9, 0xCF, 0x11, 0x8E, 0xE4, 0x00, 0xC0, 0x0C, 0x20, 0x53, 0x65,
];

/// A file that is read here and there.
struct Bytes<'a, F> {
    file: &'a mut F,
    length: u64,
}

impl<F: Read + Seek> Bytes<'_, F> {
    /// So many bytes at a place; `None` where there are fewer.
    fn at<const N: usize>(&mut self, place: u64) -> Option<[u8; N]> {
        let mut bytes = [0; N];
        self.file.seek(SeekFrom::Start(place)).ok()?;
        self.file.read_exact(&mut bytes).ok()?;
        Some(bytes)
    }

    /// The first bytes of a shorter file, then zeros.
    fn padded<const N: usize>(&mut self) -> Option<[u8; N]> {
        let mut found = Vec::new();
        self.file.seek(SeekFrom::Start(0)).ok()?;
        self.file.take(N as u64).read_to_end(&mut found).ok()?;
        found.resize(N, 0);
        found.try_into().ok()
    }

    /// The last bytes.
    fn tail(&mut self) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        let start = self.length.saturating_sub(TAIL_BYTES);
        self.file.seek(SeekFrom::Start(start)).ok()?;
        self.file.take(TAIL_BYTES).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// Boxes: size: u32 (1: a u64 behind the name; 0: up to the end), name. Big-endian.
    fn mp4(&mut self) -> Option<&'static str> {
        let mut place = 0u64;
        for _ in 0..MAX_PARTS {
            let [size, name] = [self.at::<4>(place)?, self.at::<4>(place + 4)?];
            if !name.iter().all(u8::is_ascii_graphic) {
                return None;
            }
            let size = match u32::from_be_bytes(size) {
                0 => return None,
                1 => u64::from_be_bytes(self.at(place + 8)?),
                size => u64::from(size),
            };
            if size < 8 {
                return None;
            }
            place = place.checked_add(size)?;
            if place > self.length {
                return Some("it stops inside a box");
            }
        }
        None
    }

    /// `RIFF`, size: u32 little-endian; from a gigabyte on several of them.
    fn avi(&mut self) -> Option<&'static str> {
        let mut place = 0u64;
        loop {
            let [name, size] = [self.at::<4>(place)?, self.at::<4>(place + 4)?];
            let size = u32::from_le_bytes(size);
            // Sizes of files that were never finished.
            if &name != b"RIFF" || matches!(size, 0 | u32::MAX) {
                return None;
            }
            if place + 8 + u64::from(size) > self.length {
                return Some("it has fewer bytes than it declares");
            }
            place += 8 + u64::from(size) + u64::from(size % 2);
        }
    }

    /// Tags, each with its length again behind it; see `flv.rs`.
    fn flv(&mut self) -> Option<&'static str> {
        const HEAD: u64 = 11;
        let u24 = |bytes: &[u8]| u64::from(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]));
        // A whole file ends with the length of its last tag, so that no other is read.
        if let Some(length) = self.length.checked_sub(4).and_then(|last| self.at(last)) {
            let length = u64::from(u32::from_be_bytes(length));
            let start = self.length.checked_sub(4 + length);
            let tag = start.and_then(|start| self.at::<4>(start));
            if tag.is_some_and(|tag| length >= HEAD && u24(&tag[1..]) + HEAD == length) {
                return None;
            }
        }
        let start = self.at(5).map(u32::from_be_bytes)?;
        let mut place = u64::from(start) + 4;
        for _ in 0..MAX_PARTS {
            if place == self.length {
                return None;
            }
            let Some([kind, size @ ..]) = self.at::<4>(place) else {
                return Some("it stops inside a tag");
            };
            // Sound, picture, metadata: anything else is no tag.
            if !matches!(kind & 0x1F, 8 | 9 | 18) {
                return None;
            }
            let end = place + HEAD + u24(&size);
            if end > self.length {
                return Some("it stops inside a tag");
            }
            place = (end + 4).min(self.length);
        }
        None
    }

    /// Elements: name, then a size whose first byte says by its leading zeros how many follow.
    /// The header, then the segment, which is the rest.
    fn matroska(&mut self) -> Option<&'static str> {
        const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
        let mut place = 0;
        loop {
            let name: [u8; 4] = self.at(place)?;
            let first = self.at::<1>(place + 4)?[0];
            let more = first.leading_zeros() as usize;
            let mut bytes = [0; 8];
            for (nth, byte) in bytes.iter_mut().enumerate().take(more + 1) {
                *byte = self.at::<1>(place + 4 + nth as u64)?[0];
            }
            // The size without its mark, at the upper end of the eight bytes.
            bytes[0] &= 0x7Fu8.checked_shr(more as u32)?;
            let unused = 8 * (7 - u32::try_from(more).ok()?.min(7));
            let size = u64::from_be_bytes(bytes) >> unused;
            if size == (1 << (7 * (more + 1))) - 1 {
                return None;
            }
            place = (place + 5 + more as u64).checked_add(size)?;
            if place > self.length {
                return Some("it has fewer bytes than it declares");
            }
            if name == SEGMENT {
                return None;
            }
        }
    }

    /// Pages: `OggS`, 22 bytes, the number of segments, the size of each, the segments.
    fn ogg(&mut self) -> Option<&'static str> {
        let tail = self.tail()?;
        let at = tail.windows(5).rposition(|five| five == b"OggS\0");
        let page = &tail[at?..];
        let sizes = page.get(27..27 + usize::from(*page.get(26).unwrap_or(&u8::MAX)));
        let size = sizes.map(|sizes| sizes.iter().map(|&size| usize::from(size)).sum::<usize>());
        match (sizes, size) {
            (Some(sizes), Some(size)) if 27 + sizes.len() + size <= page.len() => None,
            _ => Some("it stops inside a page"),
        }
    }

    /// Packs of packets: 0, 0, 1, kind, and of most kinds the length: u16 big-endian.
    fn program_stream(&mut self) -> Option<&'static str> {
        const END: u8 = 0xB9;
        const CUT: Option<&str> = Some("it stops inside a packet");
        let tail = self.tail()?;
        let mut at = tail.windows(4).rposition(|four| four == [0, 0, 1, PACK])?;
        loop {
            let [0, 0, 1, kind, rest @ ..] = tail.get(at..)? else {
                return None;
            };
            let length = match (*kind, rest.first()) {
                (END, _) => 4,
                (PACK, Some(mark)) if mark & 0xC0 == 0x40 => match rest.get(9) {
                    Some(stuffing) => 14 + usize::from(stuffing & 7),
                    None => return CUT,
                },
                (PACK, Some(mark)) if mark & 0xF0 == 0x20 => 12,
                (PACK, Some(_)) | (0..END, _) => return None,
                (_, _) => match rest.first_chunk() {
                    Some(&two) => 6 + usize::from(u16::from_be_bytes(two)),
                    None => return CUT,
                },
            };
            at += length;
            if at > tail.len() {
                return CUT;
            }
        }
    }

    /// Objects: name: 16 bytes, size: u64 little-endian. Those of the header follow its own name,
    /// size, their number and two bytes; the file properties hold the size of the file.
    fn asf(&mut self) -> Option<&'static str> {
        const BROADCAST: u8 = 1;
        let objects = self.at(24).map(u32::from_le_bytes)?;
        let mut place = 30u64;
        for _ in 0..objects {
            let name: [u8; 16] = self.at(place)?;
            if name == ASF_FILE_PROPERTIES {
                let size = self.at(place + 40).map(u64::from_le_bytes)?;
                let [flags] = self.at(place + 88)?;
                let declared = flags & BROADCAST == 0;
                return (declared && size > self.length)
                    .then_some("it has fewer bytes than it declares");
            }
            let size = self.at(place + 16).map(u64::from_le_bytes)?;
            place = place.checked_add(size.max(24))?;
        }
        None
    }

    /// Packets of 188 bytes, of which the first is the same; in an m2ts four bytes go before each.
    fn transport_stream(&mut self, first: u64, size: u64) -> Option<&'static str> {
        let is_sync = |bytes: Option<[u8; 1]>| bytes == Some([SYNC]);
        let whole = self.length / size;
        let rest = self.length % size;
        let real = (1..whole.min(4)).all(|nth| is_sync(self.at(first + nth * size)));
        let last = first + whole * size;
        let cut = rest > 0 && (last >= self.length || is_sync(self.at(last)));
        (whole > 1 && real && cut).then_some("it stops inside a packet")
    }
}
