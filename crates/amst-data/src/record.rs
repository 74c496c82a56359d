//! A record: what the store keeps of one source, a file or a text.
//!
//! One file a modality says how the record is made, how it is laid out in bytes, and how it
//! is read back.

pub(crate) mod audio;
mod map;
pub(crate) mod npy;
pub(crate) mod part;
mod saved;
pub(crate) mod text;
pub(crate) mod videos;
pub(crate) mod visual;

use std::path::Path;
use std::sync::Arc;

use amst_recipe::{Modality, Recipe};
use amst_tokens::Tokenizer;
use serde_json::Value;

use self::videos::Videos;
use crate::DataError;
use crate::sample::Input;

pub(crate) use self::part::{Part, used};

/// Makes the records of one modality. Threads share one.
pub(crate) trait Encode: Sync {
    /// All that decides a record beside its source; part of the store's key.
    fn configuration(&self) -> Value;

    /// The record of a file's bytes, or a text's. `name` stands in the reason for which it cannot
    /// be made.
    fn encode(&self, source: &[u8], name: &str) -> Result<Vec<u8>, String>;

    /// The record of what is no plain file: a stretch of a video, or features that others have
    /// computed.
    fn extract(&self, part: &Part, _root: &Path) -> Result<Extracted, Unmade> {
        Err(Unmade::Bad(format!(
            "{} is nothing that this modality is made of",
            part.name()
        )))
    }

    /// The records of several such parts at once, where that takes less time; `None`: each by
    /// itself, which also tells what is wrong with which.
    fn extract_together(&self, _parts: &[&Part], _root: &Path) -> Option<Vec<Extracted>> {
        None
    }
}

/// A record, and what was noticed while it was made.
pub(crate) struct Extracted {
    pub(crate) record: Vec<u8>,
    /// What ffmpeg complained of although everything came out.
    pub(crate) note: Option<String>,
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

/// The encoder that a recipe asks for; text goes through the tokenizer if it has one.
pub(crate) fn encoder(
    modality: Modality,
    recipe: &Recipe,
    tokenizer: Option<&Tokenizer>,
    videos: &Arc<Videos>,
) -> Result<Box<dyn Encode>, DataError> {
    Ok(match modality {
        Modality::Audio => Box::new(audio::AudioEncoder::new(&recipe.audio, Arc::clone(videos))?),
        Modality::Text => match tokenizer {
            Some(tokenizer) => Box::new(text::Subwords::new(tokenizer.clone())?),
            None => Box::new(text::Bytes::new(&recipe.text)),
        },
        Modality::Visual => Box::new(visual::VisualEncoder::new(Arc::clone(videos))),
    })
}

/// A sample's input from its records.
pub(crate) fn decode(
    modality: Modality,
    records: &[&[u8]],
    frames: usize,
) -> Result<Input, String> {
    match (modality, records) {
        (Modality::Audio, [record]) => map::decode(record),
        (Modality::Text, [record]) => text::decode(record),
        (Modality::Visual, [_, ..]) => visual::decode(records, frames),
        _ => Err(format!(
            "{} records for one {modality} sample",
            records.len()
        )),
    }
}

/// The little-endian number at the front of `bytes`, and what follows it.
fn take_u32(bytes: &[u8]) -> Result<(usize, &[u8]), String> {
    let (number, rest) = bytes
        .split_first_chunk::<4>()
        .ok_or("a record that is too short")?;
    Ok((u32::from_le_bytes(*number) as usize, rest))
}
