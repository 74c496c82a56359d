//! A recording in a file: what kind it is, which part of it is read, and what was odd.

use std::io::{Seek, SeekFrom};
use std::path::Path;

use crate::input::Input;
use crate::kind::{self, Kind};
use crate::{FbankError, HeaderMismatch, Part, Wave, compressed, riff};

/// A part of a recording as it was read.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The samples of that part.
    pub wave: Wave,
    /// A length in the file that is not what the file holds, where one was seen: of a WAV file
    /// always, of a compressed one when it was read to its end. A caller tells of it.
    pub mismatch: Option<HeaderMismatch>,
}

impl Recording {
    /// Reads a part of a WAV, FLAC, MP3, Ogg (Vorbis or FLAC) or MP4 (AAC) file; which of them it
    /// is, its bytes say. Memory is taken for that part and for small buffers, however long the
    /// recording is (an MP4 file also has a table of its packets, about 2 MB an hour).
    ///
    /// WAV: 8-bit unsigned, 16/24/32-bit signed or 32/64-bit floating point samples, plain or
    /// `WAVE_FORMAT_EXTENSIBLE`, any rate and any number of channels, scaled as `torchaudio.load`
    /// scales them; a header with a wrong length is read as libsndfile reads it. FLAC: any of its
    /// sample sizes, rates and numbers of channels, scaled in the same way; the checksum that it
    /// has of all samples is compared when all are read. MP3, Ogg and MP4: the samples that ffmpeg
    /// decodes, without what the encoder put before the first one, channels in the order of WAV.
    /// AAC sound has at most two channels. A part of it is sought where that gives the same samples:
    /// where the file's table places the packets evenly, and the part has no bands of noise, whose
    /// numbers depend on all before; otherwise it is decoded from the start.
    ///
    /// # Errors
    /// When the file cannot be read, and all errors of [`Recording::decode`].
    pub fn read(path: impl AsRef<Path>, part: Part) -> Result<Self, FbankError> {
        let name = path.as_ref().display().to_string();
        match Input::of_path(path.as_ref()) {
            Ok(input) => Self::of(&input, part, &name),
            Err(source) => Err(FbankError::Io { name, source }),
        }
    }

    /// Decodes a part of the bytes of such a file; `name` stands in the errors, whose commands
    /// take it for the path.
    ///
    /// # Errors
    /// When the bytes are of none of these kinds or of one that is not read
    /// ([`FbankError::NotWav`], [`FbankError::NotRead`], [`FbankError::Unsupported`]), are damaged
    /// or have no sample ([`FbankError::Truncated`], [`FbankError::Damaged`],
    /// [`FbankError::Empty`], [`FbankError::Unfinished`]), do not have that part
    /// ([`FbankError::BadSpan`]), or a sample is NaN or infinite ([`FbankError::BadSample`]).
    pub fn decode(bytes: &[u8], part: Part, name: &str) -> Result<Self, FbankError> {
        Self::of(&Input::Bytes(bytes), part, name)
    }

    fn of(input: &Input<'_>, part: Part, name: &str) -> Result<Self, FbankError> {
        let io = |source| FbankError::io(name, source);
        let found = kind::find(input.open().map_err(io)?).map_err(io)?;
        let recording = match found.kind {
            Kind::Wav => wav(input, part, name)?,
            _ => compressed::read(input, found, part, name)?,
        };
        recording.wave.check_samples(name)?;
        Ok(recording)
    }
}

/// How long the recording in a file is, in seconds, without decoding it: of a WAV file from its
/// header, of others from their packets.
///
/// # Errors
/// Those of [`Recording::read`], except that samples are not looked at.
pub fn seconds(path: impl AsRef<Path>) -> Result<f64, FbankError> {
    let name = path.as_ref().display().to_string();
    let io = |source| FbankError::io(&name, source);
    let input = Input::of_path(path.as_ref()).map_err(io)?;
    let found = kind::find(input.open().map_err(io)?).map_err(io)?;
    let (frames, rate) = match found.kind {
        Kind::Wav => {
            let samples = riff::find(input.open().map_err(io)?, &name)?;
            (samples.frames, samples.format.sample_rate)
        }
        _ => compressed::length(&input, found, &name)?,
    };
    Ok(frames as f64 / f64::from(rate.max(1)))
}

fn wav(input: &Input<'_>, part: Part, name: &str) -> Result<Recording, FbankError> {
    let io = |source| FbankError::io(name, source);
    let samples = riff::find(input.open().map_err(io)?, name)?;
    let format = samples.format;
    let instants = part.of(samples.frames, format.sample_rate, name)?;
    let mut source = input.open().map_err(io)?;
    let start = samples.at + instants.start * format.frame() as u64;
    source.seek(SeekFrom::Start(start)).map_err(io)?;
    // The file has that many bytes.
    let count = (instants.end - instants.start) as usize * format.channels;
    let wave = Wave {
        samples: format.encoding.read(&mut source, count).map_err(io)?,
        channels: format.channels,
        sample_rate: format.sample_rate,
    };
    Ok(Recording {
        wave,
        mismatch: samples.mismatch,
    })
}
