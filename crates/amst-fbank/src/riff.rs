//! The container: finds the format and the sample bytes of a WAV file.
//!
//! Written here because a WAV library such as hound reads neither 64-bit
//! floats nor the pad byte after a chunk of odd length, and because a file cut
//! short gets another error than one that is broken otherwise.

use crate::FbankError;

/// How one sample is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Unsigned8,
    Signed16,
    Signed24,
    Signed32,
    Float32,
    Float64,
}

impl Encoding {
    /// Bytes of one sample.
    pub(crate) fn bytes(self) -> usize {
        match self {
            Self::Unsigned8 => 1,
            Self::Signed16 => 2,
            Self::Signed24 => 3,
            Self::Signed32 | Self::Float32 => 4,
            Self::Float64 => 8,
        }
    }
}

/// What the `fmt ` chunk says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) encoding: Encoding,
    pub(crate) channels: usize,
    pub(crate) sample_rate: u32,
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// Finds the format and the bytes of all samples.
pub(crate) fn parse<'b>(bytes: &'b [u8], name: &str) -> Result<(Format, &'b [u8]), FbankError> {
    let mut format = None;
    let mut rest = riff_body(bytes, name)?;
    loop {
        let (id, length, body) = chunk_header(rest, name)?;
        // Only what is used must be there in full.
        match id {
            b"fmt " => {
                format = Some(parse_format(
                    whole(body, length, "the format", name)?,
                    name,
                )?)
            }
            b"data" => {
                let reason = "its samples come before their format";
                let format = format.ok_or_else(|| not_wav(name, reason))?;
                return Ok((format, sample_bytes(format, body, length, name)?));
            }
            _ => {}
        }
        // Chunks start at even positions.
        rest = body.get(length + length % 2..).unwrap_or_default();
    }
}

/// The chunks, without the twelve bytes that mark the file as WAV.
fn riff_body<'b>(bytes: &'b [u8], name: &str) -> Result<&'b [u8], FbankError> {
    if bytes.is_empty() {
        return Err(FbankError::Empty { name: name.into() });
    }
    let mark = &bytes[..bytes.len().min(4)];
    if matches!(mark, b"RF64" | b"BW64" | b"RIFX") {
        let reason = format!("the container {}", String::from_utf8_lossy(mark));
        return Err(FbankError::Unsupported {
            name: name.into(),
            reason,
        });
    }
    if !b"RIFF".starts_with(mark) {
        return Err(not_wav(name, "it does not start with `RIFF`"));
    }
    let header = whole(bytes, 12, "the header", name)?;
    if &header[8..] != b"WAVE" {
        return Err(not_wav(name, "its RIFF form is not `WAVE`"));
    }
    Ok(&bytes[12..])
}

/// Name and length of the next chunk, and everything after its header.
fn chunk_header<'b>(
    bytes: &'b [u8],
    name: &str,
) -> Result<(&'b [u8; 4], usize, &'b [u8]), FbankError> {
    let header = bytes.split_first_chunk::<4>().and_then(|(id, rest)| {
        let (length, body) = rest.split_first_chunk::<4>()?;
        Some((id, u32::from_le_bytes(*length) as usize, body))
    });
    header.ok_or_else(|| truncated(name, "the header of the next chunk", 8, bytes.len()))
}

/// The first `length` bytes, or the error that `what` is cut off.
fn whole<'b>(
    bytes: &'b [u8],
    length: usize,
    what: &'static str,
    name: &str,
) -> Result<&'b [u8], FbankError> {
    bytes
        .get(..length)
        .ok_or_else(|| truncated(name, what, length, bytes.len()))
}

fn sample_bytes<'b>(
    format: Format,
    body: &'b [u8],
    length: usize,
    name: &str,
) -> Result<&'b [u8], FbankError> {
    if length == 0 {
        return Err(FbankError::Empty { name: name.into() });
    }
    let data = whole(body, length, "the sample data", name)?;
    let frame = format.encoding.bytes() * format.channels;
    if !length.is_multiple_of(frame) {
        let complete = length.next_multiple_of(frame);
        return Err(truncated(name, "the sample data", complete, length));
    }
    Ok(data)
}

fn parse_format(chunk: &[u8], name: &str) -> Result<Format, FbankError> {
    let chunk = whole(chunk, chunk.len().max(16), "the format", name)?;
    let mut tag = u16_at(chunk, 0);
    if tag == EXTENSIBLE {
        // The real tag opens the sub-format's identifier.
        whole(chunk, 40, "the extensible format", name)?;
        tag = u16_at(chunk, 24);
    }
    let (channels, bits, align) = (u16_at(chunk, 2), u16_at(chunk, 14), u16_at(chunk, 12));
    let sample_rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
    let unsupported = |reason| {
        Err(FbankError::Unsupported {
            name: name.into(),
            reason,
        })
    };
    // A sample of 12 or 20 bits is left-justified in a whole number of bytes.
    let encoding = match (tag, bits.div_ceil(8)) {
        (PCM, 1) => Encoding::Unsigned8,
        (PCM, 2) => Encoding::Signed16,
        (PCM, 3) => Encoding::Signed24,
        (PCM, 4) => Encoding::Signed32,
        (FLOAT, 4) => Encoding::Float32,
        (FLOAT, 8) => Encoding::Float64,
        (PCM | FLOAT, _) => return unsupported(format!("{bits}-bit samples (tag {tag})")),
        _ => return unsupported(format!("compressed or unknown samples (tag {tag})")),
    };
    if channels == 0 || sample_rate == 0 {
        return unsupported(format!("{channels} channels at {sample_rate} Hz"));
    }
    let channels = usize::from(channels);
    if usize::from(align) != encoding.bytes() * channels {
        return unsupported(format!(
            "{align} bytes for {channels} samples of {bits} bits"
        ));
    }
    Ok(Format {
        encoding,
        channels,
        sample_rate,
    })
}

fn u16_at(chunk: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([chunk[at], chunk[at + 1]])
}

fn not_wav(name: &str, reason: &'static str) -> FbankError {
    FbankError::NotWav {
        name: name.into(),
        reason,
    }
}

fn truncated(name: &str, what: &'static str, expected: usize, found: usize) -> FbankError {
    let (expected, found) = (expected as u64, found as u64);
    FbankError::Truncated {
        name: name.into(),
        what,
        expected,
        found,
    }
}
