//! What the encoders of all modalities have in common.

use std::path::Path;

use amst_frames::FrameError;
use serde_json::Value;

use crate::DataError;
use crate::layout::Raw;

/// Makes the records of one modality. Threads share one.
pub(crate) trait Encode: Sync {
    /// All that decides a record beside its source; part of the store's key.
    fn configuration(&self) -> Value;

    /// The record of a file's bytes, or a text's. `name` is in the reason for which it cannot be
    /// made.
    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String>;

    /// The record of a file, whose bytes were read.
    fn encode_file(&self, bytes: &[u8], path: &Path) -> Result<Extracted, Unmade> {
        Ok(self.encode(bytes, &path.display().to_string())?.into())
    }

    /// The record of a file of which a part is enough; `None` where all its bytes are wanted. It is
    /// asked of large files.
    fn encode_part(&self, _path: &Path) -> Option<Result<Extracted, Unmade>> {
        None
    }

    /// The record of what is no plain file: a stretch of a video, or features that others have
    /// computed.
    fn extract(&self, source: &Raw, root: &Path) -> Result<Extracted, Unmade>;

    /// The records of several such sources at once, where that takes less time; `None` where each is
    /// made by itself, which also shows which one is at fault.
    fn extract_together(&self, _sources: &[&Raw], _root: &Path) -> Option<Vec<Extracted>> {
        None
    }

    /// What was noticed since the last call of sources that could be used all the same, and is told
    /// of all of them together.
    fn notes(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A record, and what was noticed while it was made.
pub(crate) struct Extracted {
    pub(crate) record: Vec<u8>,
    /// What ffmpeg complained of although everything came out.
    pub(crate) note: Option<String>,
}

impl From<Vec<u8>> for Extracted {
    fn from(record: Vec<u8>) -> Self {
        Self { record, note: None }
    }
}

/// Why there is no record.
pub(crate) enum Unmade {
    /// The source cannot be used.
    Bad(String),
    /// Nothing can be made at all, for example without ffmpeg.
    Stop(DataError),
}

impl From<String> for Unmade {
    fn from(why: String) -> Self {
        Self::Bad(why)
    }
}

impl From<FrameError> for Unmade {
    fn from(error: FrameError) -> Self {
        match error {
            FrameError::NoFfmpeg { .. } | FrameError::FfmpegBroken { .. } => {
                Self::Stop(DataError::Ffmpeg(error))
            }
            error => Self::Bad(error.to_string()),
        }
    }
}

/// The little-endian number at the front of `bytes`, and what follows it.
pub(super) fn take_u32(bytes: &[u8]) -> Result<(usize, &[u8]), String> {
    let (number, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or("a record that is too short")?;
    Ok((u32::from_le_bytes(*number) as usize, rest))
}
