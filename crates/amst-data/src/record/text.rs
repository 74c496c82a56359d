//! Text as tokens: those of a tokenizer with its special tokens around them, or UTF-8 bytes.
//!
//! Byte `b` is token `b + 2`, so 258 ids reach every language without a vocabulary file.
//! Id 1 pads ([`PAD`]) and id 0 is left free for a start token, which is how RoBERTa numbers
//! the two, so that text of either kind is padded alike. A record is the ids as `u32`, not padded.

use std::path::Path;

use amst_recipe::TextSpec;
use amst_tokens::Tokenizer;
use serde_json::{Value, json};

use super::encode::{Encode, Extracted, Unmade};
use super::torch_file::read_tensor;
use crate::DataError;
use crate::layout::Raw;
use crate::sample::HostInput;

/// The token that fills a row of bytes up to its length; its mask is 0. RoBERTa's has the same id.
pub const PAD: i64 = 1;

/// The id of byte 0.
pub(crate) const FIRST: u32 = 2;

/// Tokens of a tokenizer that was trained or came with a pretrained model.
pub(crate) struct SubwordEncoder {
    tokenizer: Tokenizer,
    digest: String,
}

impl SubwordEncoder {
    pub(crate) fn new(tokenizer: Tokenizer) -> Result<Self, DataError> {
        Ok(Self {
            digest: tokenizer.digest()?,
            tokenizer,
        })
    }
}

impl Encode for SubwordEncoder {
    fn configuration(&self) -> Value {
        json!({ "record": 1, "tokens": self.digest, "max_length": self.tokenizer.max_length() })
    }

    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let text = amst_tokens::utf8(bytes, name).map_err(|e| e.to_string())?;
        let ids = self
            .tokenizer
            .ids(text)
            .map_err(|e| format!("{name}: {e}"))?;
        Ok(ids.iter().flat_map(|id| id.to_le_bytes()).collect())
    }

    fn extract(&self, source: &Raw, root: &Path) -> Result<Extracted, Unmade> {
        saved_tokens(
            source,
            root,
            self.tokenizer.max_length(),
            self.tokenizer.largest_id() as usize + 1,
        )
    }
}

/// Bytes as tokens.
pub(crate) struct ByteEncoder {
    vocabulary: usize,
    max_length: usize,
}

impl ByteEncoder {
    pub(crate) fn new(spec: &TextSpec) -> Self {
        Self {
            vocabulary: spec.vocabulary,
            max_length: spec.max_length,
        }
    }
}

impl Encode for ByteEncoder {
    fn configuration(&self) -> Value {
        // The vocabulary changes no id: it decides only whether one is refused.
        json!({ "record": 1, "tokens": "bytes", "max_length": self.max_length, "vocabulary": self.vocabulary })
    }

    fn encode(&self, bytes: &[u8], name: &str) -> Result<Vec<u8>, String> {
        let ids: Vec<u32> = bytes
            .iter()
            .take(self.max_length)
            .map(|&b| u32::from(b) + FIRST)
            .collect();
        match ids.iter().max() {
            None => Err(format!("{name}: no text")),
            Some(&id) if id as usize >= self.vocabulary => Err(format!(
                "{name}: byte {} is token {id}, beyond `text.vocabulary` ({}); set text.vocabulary=258",
                id - FIRST,
                self.vocabulary
            )),
            Some(_) => Ok(ids.iter().flat_map(|id| id.to_le_bytes()).collect()),
        }
    }

    fn extract(&self, source: &Raw, root: &Path) -> Result<Extracted, Unmade> {
        saved_tokens(source, root, self.max_length, self.vocabulary)
    }
}

/// The record of ids and mask that `torch.save` wrote.
fn saved_tokens(
    source: &Raw,
    root: &Path,
    max_length: usize,
    vocabulary: usize,
) -> Result<Extracted, Unmade> {
    let Raw::Tokens { ids, mask } = source else {
        return Err(Unmade::Bad(format!("{} holds no text", source.name())));
    };
    let (numbers, mask) = (
        read_tensor(&root.join(ids))?,
        read_tensor(&root.join(mask))?,
    );
    if numbers.len() != mask.len() {
        return Err(Unmade::Bad(format!(
            "{ids}: {} ids and a mask of {}",
            numbers.len(),
            mask.len()
        )));
    }
    let real = mask.iter().take_while(|m| **m == 1.0).count();
    if real == 0 || mask[real..].iter().any(|m| *m != 0.0) {
        let why = "its mask is not 1 for the tokens and then 0 for the padding, as AMST's is (MLA's is the other way \
                   round); make it again";
        return Err(Unmade::Bad(format!("{ids}: {why}")));
    }
    let mut record = Vec::new();
    for id in numbers.iter().take(real.min(max_length)) {
        if !(*id >= 0.0 && *id < vocabulary as f64 && id.fract() == 0.0) {
            let why = format!(
                "token {id} is not below the vocabulary's size, {vocabulary} (text.vocabulary)"
            );
            return Err(Unmade::Bad(format!("{ids}: {why}")));
        }
        record.extend((*id as u32).to_le_bytes());
    }
    Ok(record.into())
}

pub(crate) fn decode(record: &[u8]) -> Result<HostInput, String> {
    let (ids, rest) = record.as_chunks::<4>();
    if ids.is_empty() || !rest.is_empty() {
        return Err(format!("a token record of {} bytes", record.len()));
    }
    Ok(HostInput::Tokens(
        ids.iter().map(|&b| u32::from_le_bytes(b)).collect(),
    ))
}
