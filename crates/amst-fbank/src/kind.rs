//! What a file is, by its first bytes: endings of names lie.

use std::io::{self, Read, Seek, SeekFrom};

/// A kind of file and where its first byte is, after tags that stand before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) kind: Kind,
    pub(crate) start: u64,
}

/// What is told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// RIFF, and everything that is none of the others.
    Wav,
    Flac,
    Mp3,
    /// Ogg with Vorbis or FLAC, or what has yet to be found out.
    Ogg,
    /// MP4, M4A, MOV.
    Mp4,
    /// Known, and not read here.
    Other(&'static str),
}

pub(crate) fn find(mut source: impl Read + Seek) -> io::Result<Found> {
    let (mut start, mut tagged) = (0, false);
    let mut head = head_at(&mut source, start)?;
    while let Some(length) = tag_length(&head) {
        (start, tagged) = (start + length, true);
        head = head_at(&mut source, start)?;
    }
    let kind = match kind(&head) {
        // Padding may follow the tag.
        Kind::Wav if tagged && !head.starts_with(b"RIFF") => Kind::Mp3,
        kind => kind,
    };
    Ok(Found { kind, start })
}

fn head_at(source: &mut (impl Read + Seek), start: u64) -> io::Result<Vec<u8>> {
    source.seek(SeekFrom::Start(start))?;
    let mut head = Vec::new();
    source.take(320).read_to_end(&mut head)?;
    Ok(head)
}

/// The length of an ID3v2 tag.
fn tag_length(head: &[u8]) -> Option<u64> {
    let [b'I', b'D', b'3', major, _, flags, size @ ..] = head.first_chunk::<10>()? else {
        return None;
    };
    if *major == 0xff || size.iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = size
        .iter()
        .fold(0, |size, byte| size << 7 | u64::from(*byte));
    let footer = if flags & 0x10 != 0 { 10 } else { 0 };
    Some(10 + size + footer)
}

fn kind(head: &[u8]) -> Kind {
    let starts = |mark: &[u8]| head.starts_with(mark);
    let form = |name: &[u8]| head.get(8..12) == Some(name);
    match head {
        _ if starts(b"fLaC") => Kind::Flac,
        _ if starts(b"OggS") => ogg(head),
        _ if head.get(4..8) == Some(b"ftyp") => Kind::Mp4,
        _ if starts(b"\x1a\x45\xdf\xa3") => Kind::Other("Matroska or WebM sound (often Opus)"),
        _ if starts(b"FORM") && (form(b"AIFF") || form(b"AIFC")) => Kind::Other("AIFF sound"),
        _ if starts(b"caff") => Kind::Other("CAF sound"),
        _ if starts(b"#!AMR") => Kind::Other("AMR sound"),
        _ if starts(b"wvpk") => Kind::Other("WavPack sound"),
        _ if starts(b"MAC ") => Kind::Other("Monkey's Audio sound"),
        _ if starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") => Kind::Other("Windows Media sound"),
        _ if starts(b".snd") => Kind::Other("AU sound"),
        // Eleven bits of synchronisation, then the version and the layer.
        [0xff, second, ..] if second & 0xe0 == 0xe0 => match (second >> 1) & 3 {
            1 => Kind::Mp3,
            2 => Kind::Other("MPEG layer II sound"),
            0 if second & 0xf0 == 0xf0 => Kind::Other("AAC sound without a container (ADTS)"),
            _ => Kind::Wav,
        },
        _ => Kind::Wav,
    }
}

/// By the first packet of the first page.
fn ogg(head: &[u8]) -> Kind {
    let segments = usize::from(head.get(26).copied().unwrap_or(0));
    let packet = head.get(27 + segments..).unwrap_or_default();
    match packet {
        _ if packet.starts_with(b"OpusHead") => Kind::Other("Opus sound"),
        _ if packet.starts_with(b"Speex   ") => Kind::Other("Speex sound"),
        _ => Kind::Ogg,
    }
}
