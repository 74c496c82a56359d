//! The container: finds the format and the samples of a WAV file.
//!
//! Written here because a WAV library such as hound reads neither 64-bit floats nor the pad byte
//! after a chunk of odd length, nor files whose header has a wrong length.

use std::io::{BufReader, Read, Seek, SeekFrom};

use crate::pcm::Encoding;
use crate::{FbankError, HeaderMismatch};

/// What the `fmt ` chunk says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Format {
    pub(crate) encoding: Encoding,
    pub(crate) channels: usize,
    pub(crate) sample_rate: u32,
}

impl Format {
    /// Bytes of one sampling instant.
    pub(crate) fn frame(self) -> usize {
        self.encoding.bytes() * self.channels
    }
}

/// Where the samples are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Samples {
    pub(crate) format: Format,
    /// Position of the first byte.
    pub(crate) at: u64,
    /// Sampling instants that are there in full, at least 1.
    pub(crate) frames: u64,
    pub(crate) mismatch: Option<HeaderMismatch>,
}

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xfffe;

/// Finds the format and the samples of a file of `length` bytes.
pub(crate) fn find(source: impl Read + Seek, name: &str) -> Result<Samples, FbankError> {
    let mut bytes = Bytes::new(source, name)?;
    let announced = bytes.riff_header()?;
    let mut format = None;
    loop {
        let header = bytes.take::<8>("the header of the next chunk", 8)?;
        let (id, size) = header.split_at(4);
        let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]);
        // Only what is used must be there in full.
        match id {
            b"fmt " => format = Some(bytes.format(size)?),
            b"data" => {
                let reason = "its samples come before their format";
                let format = format.ok_or_else(|| bytes.not_wav(reason))?;
                // As libsndfile does: a recorder that died left both lengths as they began.
                let unfinished = size == 0 && announced == 8;
                return bytes.samples(format, size, unfinished);
            }
            _ => bytes.skip(u64::from(size))?,
        }
    }
}

/// The file, and where in it we are.
struct Bytes<'n, R> {
    source: BufReader<R>,
    at: u64,
    length: u64,
    name: &'n str,
}

impl<'n, R: Read + Seek> Bytes<'n, R> {
    fn new(source: R, name: &'n str) -> Result<Self, FbankError> {
        let mut source = BufReader::new(source);
        let io = |source| FbankError::io(name, source);
        let length = source.seek(SeekFrom::End(0)).map_err(io)?;
        source.rewind().map_err(io)?;
        if length == 0 {
            return Err(FbankError::Empty { name: name.into() });
        }
        Ok(Self {
            source,
            at: 0,
            length,
            name,
        })
    }

    fn left(&self) -> u64 {
        self.length.saturating_sub(self.at)
    }

    /// The first `N` bytes of `what`, which takes `size` bytes in the file.
    fn take<const N: usize>(
        &mut self,
        what: &'static str,
        size: u64,
    ) -> Result<[u8; N], FbankError> {
        let size = size.max(N as u64);
        if self.left() < size {
            return Err(self.truncated(what, size, self.left()));
        }
        let mut bytes = [0; N];
        let read = self.source.read_exact(&mut bytes);
        read.map_err(|source| FbankError::io(self.name, source))?;
        self.at += N as u64;
        Ok(bytes)
    }

    /// Goes past the rest of a chunk; chunks start at even positions.
    fn skip(&mut self, bytes: u64) -> Result<(), FbankError> {
        let bytes = (bytes + bytes % 2).min(self.left());
        let moved = self.source.seek_relative(bytes as i64);
        moved.map_err(|source| FbankError::io(self.name, source))?;
        self.at += bytes;
        Ok(())
    }

    /// Goes past the twelve bytes that mark the file as WAV, and gives the length they state.
    fn riff_header(&mut self) -> Result<u32, FbankError> {
        let mut head = Vec::new();
        let read = (&mut self.source).take(12).read_to_end(&mut head);
        read.map_err(|source| FbankError::io(self.name, source))?;
        self.at = head.len() as u64;
        let mark = &head[..head.len().min(4)];
        if matches!(mark, b"RF64" | b"BW64" | b"RIFX") {
            let mark = String::from_utf8_lossy(mark);
            return Err(self.unsupported(format!("the container {mark}")));
        }
        if !b"RIFF".starts_with(mark) {
            return Err(self.not_wav("it does not start with `RIFF`"));
        }
        match head.first_chunk::<12>() {
            None => Err(self.truncated("the header", 12, head.len() as u64)),
            Some([_, _, _, _, a, b, c, d, b'W', b'A', b'V', b'E']) => {
                Ok(u32::from_le_bytes([*a, *b, *c, *d]))
            }
            Some(_) => Err(self.not_wav("its RIFF form is not `WAVE`")),
        }
    }

    fn samples(
        &mut self,
        format: Format,
        size: u32,
        unfinished: bool,
    ) -> Result<Samples, FbankError> {
        let (announced, left) = (u64::from(size), self.left());
        let frame = format.frame() as u64;
        let there = if unfinished {
            left
        } else {
            left.min(announced)
        };
        let frames = there / frame;
        let found = frames * frame;
        match (announced, frames) {
            (0, 0) if left >= frame => {
                let name = self.name.into();
                return Err(FbankError::Unfinished { name, bytes: left });
            }
            (0, 0) => {
                return Err(FbankError::Empty {
                    name: self.name.into(),
                });
            }
            (_, 0) => return Err(self.truncated("the sample data", announced.max(frame), there)),
            _ => {}
        }
        Ok(Samples {
            format,
            at: self.at,
            frames,
            mismatch: (found != announced).then_some(HeaderMismatch::Bytes { announced, found }),
        })
    }

    fn format(&mut self, size: u32) -> Result<Format, FbankError> {
        let size = u64::from(size);
        if size < 16 {
            return Err(self.truncated("the format", 16, size));
        }
        let chunk = self.take::<16>("the format", size)?;
        let mut tag = u16_at(&chunk, 0);
        let mut rest = size - 16;
        if tag == EXTENSIBLE {
            // The real tag opens the sub-format's identifier.
            let what = "the extensible format";
            if rest < 24 {
                return Err(self.truncated(what, 40, size));
            }
            tag = u16_at(&self.take::<24>(what, rest)?, 8);
            rest -= 24;
        }
        self.skip(rest)?;
        let (channels, bits, align) = (u16_at(&chunk, 2), u16_at(&chunk, 14), u16_at(&chunk, 12));
        let sample_rate = u32::from_le_bytes([chunk[4], chunk[5], chunk[6], chunk[7]]);
        if channels == 0 || sample_rate == 0 {
            let reason = format!("{channels} channels at {sample_rate} Hz");
            return Err(self.unsupported(reason));
        }
        // A sample of 12 or 20 bits is left-justified in a whole number of bytes, and one of 24
        // bits may take four: libsndfile goes by the bytes there too.
        let stated = bits.div_ceil(8);
        let in_four = tag == PCM && stated == 3 && u32::from(align) == 4 * u32::from(channels);
        let encoding = match (tag, if in_four { 4 } else { stated }) {
            (PCM, 1) => Encoding::Unsigned8,
            (PCM, 2) => Encoding::Signed16,
            (PCM, 3) => Encoding::Signed24,
            (PCM, 4) => Encoding::Signed32,
            (FLOAT, 4) => Encoding::Float32,
            (FLOAT, 8) => Encoding::Float64,
            (PCM | FLOAT, _) => {
                return Err(self.unsupported(format!("{bits}-bit samples (tag {tag})")));
            }
            _ => {
                let reason = format!("compressed or unknown samples (tag {tag})");
                return Err(self.unsupported(reason));
            }
        };
        let format = Format {
            encoding,
            channels: usize::from(channels),
            sample_rate,
        };
        if usize::from(align) != format.frame() {
            let reason = format!("{align} bytes for {channels} samples of {bits} bits");
            return Err(self.unsupported(reason));
        }
        Ok(format)
    }

    fn not_wav(&self, reason: &'static str) -> FbankError {
        FbankError::NotWav {
            name: self.name.into(),
            reason,
        }
    }

    fn unsupported(&self, reason: String) -> FbankError {
        FbankError::Unsupported {
            name: self.name.into(),
            reason,
        }
    }

    fn truncated(&self, what: &'static str, expected: u64, found: u64) -> FbankError {
        FbankError::Truncated {
            name: self.name.into(),
            what,
            expected,
            found,
        }
    }
}

fn u16_at(chunk: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([chunk[at], chunk[at + 1]])
}
