//! A record: what the store keeps of one source, a file or a text.
//!
//! One file a modality says how the record is made, how it is laid out in bytes, and how it
//! is read back.

pub(crate) mod audio;
pub(crate) mod text;
pub(crate) mod visual;

use amst_recipe::{Modality, Recipe};
use amst_tokens::Tokenizer;
use serde_json::Value;

use crate::sample::Input;
use crate::{DataError, Raw};

/// Makes the records of one modality. Threads share one.
pub(crate) trait Encode: Sync {
    /// All that decides a record beside its source; part of the store's key.
    fn configuration(&self) -> Value;

    /// The record of a source. `name` stands in the reason for which it cannot be made.
    fn encode(&self, source: &[u8], name: &str) -> Result<Vec<u8>, String>;
}

/// The encoder that a recipe asks for; text goes through the tokenizer if it has one.
pub(crate) fn encoder(
    modality: Modality,
    recipe: &Recipe,
    tokenizer: Option<&Tokenizer>,
) -> Result<Box<dyn Encode>, DataError> {
    Ok(match modality {
        Modality::Audio => Box::new(audio::AudioEncoder::new(&recipe.audio)?),
        Modality::Text => match tokenizer {
            Some(tokenizer) => Box::new(text::Subwords::new(tokenizer.clone())?),
            None => Box::new(text::Bytes::new(&recipe.text)),
        },
        Modality::Visual => Box::new(visual::VisualEncoder),
    })
}

/// The parts of `raw` that a sample is made of: of many frames only those in use.
pub(crate) fn used(raw: &Raw, recipe: &Recipe) -> Vec<String> {
    match raw {
        Raw::Text(text) => vec![text.clone()],
        // A recording is one file, and so is most often what there is to see.
        Raw::Files(files) => picked(files.len(), recipe).into_iter().map(|at| files[at].clone()).collect(),
    }
}

/// Which of `files` files a sample is made of.
pub(crate) fn picked(files: usize, recipe: &Recipe) -> Vec<usize> {
    if files == 1 {
        return vec![0];
    }
    let mut picked = visual::pick_frames(files, recipe.visual.frames);
    // Too few pictures: the first again and again, which needs to be kept once.
    picked.dedup();
    picked
}

/// A sample's input from its records.
pub(crate) fn decode(modality: Modality, records: &[&[u8]], frames: usize) -> Result<Input, String> {
    match (modality, records) {
        (Modality::Audio, [record]) => audio::decode(record),
        (Modality::Text, [record]) => text::decode(record),
        (Modality::Visual, [_, ..]) => visual::decode(records, frames),
        _ => Err(format!("{} records for one {modality} sample", records.len())),
    }
}

/// The little-endian number at the front of `bytes`, and what follows it.
fn take_u32(bytes: &[u8]) -> Result<(usize, &[u8]), String> {
    let (number, rest) = bytes.split_first_chunk::<4>().ok_or("a record that is too short")?;
    Ok((u32::from_le_bytes(*number) as usize, rest))
}
