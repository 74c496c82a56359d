//! Stretches of recordings that hold several samples.
//!
//! A recording of modest size is decoded once, whatever is taken of it. Of a longer one each
//! stretch is read by itself, so that memory does not grow with its length. That costs time where a
//! stretch of AAC has bands of noise: everything before it is decoded too, about 4 s an hour. A kind
//! that `amst-fbank` does not read is left to ffmpeg.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use amst_fbank::{FbankError, Part, Recording};

use super::decoded_files::DecodedFiles;

/// The bytes of samples up to which a recording is decoded whole.
const MODEST: f64 = (64_u32 << 20) as f64;

/// Threads share it.
pub(super) struct Recordings {
    decoded: DecodedFiles<Recording>,
    access: Mutex<BTreeMap<PathBuf, Access>>,
    modest: f64,
}

/// How the stretches of a file are read.
#[derive(Clone, Debug, PartialEq)]
enum Access {
    /// All of it is decoded once.
    Whole,
    /// Each by itself.
    ByStretch,
    /// Not here, since it is a recording of this kind.
    Other(String),
}

/// A stretch of a recording, or why there is none.
pub(super) enum Stretch {
    Read(Recording),
    /// What the file is, which is not read here.
    OtherKind(String),
}

impl Default for Recordings {
    fn default() -> Self {
        Self::reading_by_stretch_above(MODEST)
    }
}

impl Recordings {
    fn reading_by_stretch_above(modest: f64) -> Self {
        Self {
            decoded: DecodedFiles::default(),
            access: Mutex::default(),
            modest,
        }
    }

    /// A stretch, in seconds, of the recording in a file.
    pub(super) fn stretch(&self, path: &Path, span: [f64; 2]) -> Result<Stretch, String> {
        match self.access(path).map_err(|e| e.to_string())? {
            Access::Whole => {}
            Access::ByStretch => {
                let read = Recording::read(path, Part::Span(span));
                return read.map(Stretch::Read).map_err(|e| e.to_string());
            }
            Access::Other(kind) => return Ok(Stretch::OtherKind(kind)),
        }
        let decode = |bytes: &[u8], name: &str| {
            Recording::decode(bytes, Part::Whole, name).map_err(|e| e.to_string())
        };
        let size = |recording: &Recording| size_of_val(recording.wave.samples.as_slice());
        let whole = self.decoded.get(path, decode, size)?;
        let wave = whole.wave.stretch(span, &path.display().to_string());
        Ok(Stretch::Read(Recording {
            wave: wave.map_err(|e| e.to_string())?,
            mismatch: whole.mismatch,
        }))
    }

    fn access(&self, path: &Path) -> Result<Access, FbankError> {
        let lock = || self.access.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(path) {
            return Ok(known.clone());
        }
        // Two threads may both do this; that costs one of them a moment.
        let access = match decoded_bytes(path) {
            Ok(bytes) if bytes > self.modest => Access::ByStretch,
            Ok(_) => Access::Whole,
            Err(error) => Access::Other(other_kind(&error).ok_or(error)?),
        };
        lock().insert(path.into(), access.clone());
        Ok(access)
    }
}

/// What kind of recording a file is, where `amst-fbank` knows it and does not read it.
pub(super) fn other_kind(error: &FbankError) -> Option<String> {
    match error {
        FbankError::NotRead { found, .. } => Some(found.clone()),
        FbankError::Unsupported { reason, .. } => {
            Some(format!("WAV sound of another kind ({reason})"))
        }
        _ => None,
    }
}

/// How many bytes all samples of a recording take.
fn decoded_bytes(path: &Path) -> Result<f64, FbankError> {
    // The rate and the channels, by a moment of it.
    let start = Recording::read(path, Part::First(0.01))?.wave;
    let per_second = size_of::<f32>() as f64 * f64::from(start.sample_rate) * start.channels as f64;
    Ok(amst_fbank::seconds(path)? * per_second)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_the_same_whether_the_rest_is_decoded_or_not() {
        let folder =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../../datasets/spoken-digits/audio");
        let recording = std::fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        let path = recording.path();
        let (whole, parts) = (
            Recordings::default(),
            Recordings::reading_by_stretch_above(0.0),
        );
        for span in [[0.0, 0.5], [2.75, 3.125], [100.0, 100.75]] {
            let [once, by_itself] = [&whole, &parts].map(|recordings| {
                let Stretch::Read(recording) = recordings.stretch(&path, span).unwrap() else {
                    panic!("a kind that is not read");
                };
                recording.wave
            });
            assert_eq!(once, by_itself);
        }
        assert_eq!(whole.access.lock().unwrap()[&path], Access::Whole);
        assert_eq!(parts.access.lock().unwrap()[&path], Access::ByStretch);
        let beyond = [5.0, 1e6];
        let [once, by_itself] = [&whole, &parts].map(|all| all.stretch(&path, beyond).err());
        assert!(once.is_some() && once == by_itself);
    }
}
