//! A record: what the store keeps of one source, a file or a text.
//!
//! One file a modality says how the record is made, how it is laid out in bytes, and how it
//! is read back.

pub(crate) mod audio;
mod decoded_files;
mod encode;
mod map;
pub(crate) mod npy;
mod observed;
mod recordings;
pub(crate) mod source;
pub(crate) mod text;
mod torch_file;
pub(crate) mod videos;
pub(crate) mod visual;

use std::sync::Arc;

use amst_recipe::{Modality, Recipe};
use amst_tokens::Tokenizer;

pub(crate) use self::encode::{Encode, Extracted, Unmade};
use self::videos::Videos;
use crate::DataError;
use crate::sample::HostInput;

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
            Some(tokenizer) => Box::new(text::SubwordEncoder::new(tokenizer.clone())?),
            None => Box::new(text::ByteEncoder::new(&recipe.text)),
        },
        Modality::Visual => Box::new(visual::VisualEncoder::new(Arc::clone(videos))),
    })
}

/// A sample's input from its records.
pub(crate) fn decode(
    modality: Modality,
    records: &[&[u8]],
    frames: usize,
) -> Result<HostInput, String> {
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
