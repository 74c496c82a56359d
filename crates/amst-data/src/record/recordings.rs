//! Stretches of recordings that hold several samples.
//!
//! A recording of modest size is decoded once, whatever is taken of it. Of a longer one each
//! stretch is read by itself, so that memory does not grow with its length. That costs time where a
//! stretch of AAC has bands of noise: everything before it is decoded too, about 4 s an hour.

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
    /// Whether each stretch of a file is read by itself.
    by_stretch: Mutex<BTreeMap<PathBuf, bool>>,
    modest: f64,
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
            by_stretch: Mutex::default(),
            modest,
        }
    }

    /// A stretch, in seconds, of the recording in a file.
    pub(super) fn stretch(&self, path: &Path, span: [f64; 2]) -> Result<Recording, String> {
        if self.is_read_by_stretch(path).map_err(|e| e.to_string())? {
            return Recording::read(path, Part::Span(span)).map_err(|e| e.to_string());
        }
        let decode = |bytes: &[u8], name: &str| {
            Recording::decode(bytes, Part::Whole, name).map_err(|e| e.to_string())
        };
        let size = |recording: &Recording| size_of_val(recording.wave.samples.as_slice());
        let whole = self.decoded.get(path, decode, size)?;
        let wave = whole.wave.stretch(span, &path.display().to_string());
        Ok(Recording {
            wave: wave.map_err(|e| e.to_string())?,
            mismatch: whole.mismatch,
        })
    }

    fn is_read_by_stretch(&self, path: &Path) -> Result<bool, FbankError> {
        let lock = || {
            self.by_stretch
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(known) = lock().get(path) {
            return Ok(*known);
        }
        // Two threads may both do this; that costs one of them a moment.
        let by_stretch = decoded_bytes(path)? > self.modest;
        lock().insert(path.into(), by_stretch);
        Ok(by_stretch)
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
            assert_eq!(
                whole.stretch(&path, span).unwrap().wave,
                parts.stretch(&path, span).unwrap().wave
            );
        }
        assert!(!whole.by_stretch.lock().unwrap()[&path]);
        assert!(parts.by_stretch.lock().unwrap()[&path]);
        let beyond = [5.0, 1e6];
        assert_eq!(
            whole.stretch(&path, beyond).unwrap_err(),
            parts.stretch(&path, beyond).unwrap_err()
        );
    }
}
