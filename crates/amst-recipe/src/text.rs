//! How text becomes tokens and an embedding, as settings.

use serde::{Deserialize, Serialize};

/// The encoders of text. In a recipe a word: `bag`, `transformer`, or what names a pretrained
/// model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(from = "String", into = "String")]
pub enum TextEncoder {
    /// `bag`: bytes as tokens, the mean of their embeddings and one linear layer.
    Bag,
    /// `transformer`: a small RoBERTa, trained from scratch on tokens of a byte-level BPE that is
    /// itself trained on the training split.
    Transformer,
    /// Anything else, such as `roberta-base`: a model that `cargo xtask fetch` knows, or the path
    /// of a folder with its configuration, tokenizer and weights.
    Pretrained(String),
}

impl From<String> for TextEncoder {
    fn from(name: String) -> Self {
        match name.as_str() {
            "bag" => TextEncoder::Bag,
            "transformer" => TextEncoder::Transformer,
            _ => TextEncoder::Pretrained(name),
        }
    }
}

impl From<TextEncoder> for String {
    fn from(encoder: TextEncoder) -> Self {
        match encoder {
            TextEncoder::Bag => "bag".into(),
            TextEncoder::Transformer => "transformer".into(),
            TextEncoder::Pretrained(name) => name,
        }
    }
}

/// Text: tokens and encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct TextSpec {
    /// The encoder.
    pub encoder: TextEncoder,
    /// Token ids run from 0 to this number, exclusive. Bytes of UTF-8 (`bag`) need 258, a BPE
    /// (`transformer`) 261 and one for each merge. A pretrained model brings its own.
    pub vocabulary: usize,
    /// Tokens a sample after padding or truncation.
    pub max_length: usize,
    /// Width of a token's embedding. It is that of the sample's embedding too, and so of every
    /// modality's, unless the encoder is `bag`. A pretrained model brings its own.
    pub width: usize,
    /// Width of the sample's embedding (`bag` only), which must be that of the other modalities; 0
    /// takes theirs.
    pub embed: usize,
    /// Layers of a `transformer`; a pretrained model brings its own.
    pub layers: usize,
    /// Attention heads of a layer of a `transformer`; a pretrained model brings its own.
    pub heads: usize,
    /// Dropout of a `transformer`; a pretrained model brings its own.
    pub dropout: f64,
    /// How many last layers of a pretrained model train (D20); the rest, embeddings included, is
    /// frozen.
    pub unfrozen_layers: usize,
    /// Switches the dropout of a pretrained model's frozen layers off, so that what they make of a
    /// text is computed once and kept. It changes results: published runs have it on.
    pub frozen_eval: bool,
    /// SHA-256 over the files of a pretrained model, filled in where the model is found: with it a
    /// result is known to come from these weights, in any folder.
    pub model: String,
}

impl Default for TextSpec {
    fn default() -> Self {
        Self {
            encoder: TextEncoder::Bag,
            vocabulary: 258,
            max_length: 128,
            width: 64,
            embed: 0,
            layers: 2,
            heads: 4,
            dropout: 0.1,
            unfrozen_layers: 5,
            frozen_eval: false,
            model: String::new(),
        }
    }
}

impl TextSpec {
    /// The keys that say nothing under this encoder.
    pub(crate) fn idle(&self) -> &'static [&'static str] {
        match self.encoder {
            TextEncoder::Bag => &[
                "layers",
                "heads",
                "dropout",
                "unfrozen_layers",
                "frozen_eval",
                "model",
            ],
            TextEncoder::Transformer => &["embed", "unfrozen_layers", "frozen_eval", "model"],
            TextEncoder::Pretrained(_) if self.model.is_empty() => {
                &["embed", "layers", "heads", "dropout", "vocabulary", "width"]
            }
            // The model's folder is no part of what it is.
            TextEncoder::Pretrained(_) => &[
                "encoder",
                "embed",
                "layers",
                "heads",
                "dropout",
                "vocabulary",
                "width",
            ],
        }
    }
}
