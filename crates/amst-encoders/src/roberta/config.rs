use std::path::{Path, PathBuf};

use serde::Deserialize;

/// Which of two networks, which differ only in how they number positions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Architecture {
    /// Numbers the tokens that are not padding, from the padding's id + 1 on; padding itself has
    /// the padding's id. A token is padding by its id, not by the mask.
    Roberta,
    /// Numbers every position from 0 on.
    Bert,
}

/// Settings of a [`Roberta`](crate::Roberta), under Hugging Face's names.
#[derive(Clone, Debug, PartialEq)]
pub struct RobertaConfig {
    /// Hugging Face's `model_type`.
    pub architecture: Architecture,
    /// Number of token ids.
    pub vocab_size: usize,
    /// Width of the hidden states, and of the embedding.
    pub hidden_size: usize,
    /// Number of transformer layers.
    pub num_hidden_layers: usize,
    /// Attention heads of a layer; they divide `hidden_size`.
    pub num_attention_heads: usize,
    /// Width between a layer's two linear maps after attention.
    pub intermediate_size: usize,
    /// Rows of the table of positions; see [`max_length`](Self::max_length).
    pub max_position_embeddings: usize,
    /// Rows of the table of token types, of which only the first is used here.
    pub type_vocab_size: usize,
    /// Added to a variance before its root is taken, in layer norms.
    pub layer_norm_eps: f64,
    /// Dropout of the embeddings and of what each half of a layer adds.
    pub hidden_dropout_prob: f64,
    /// Dropout of the attention weights.
    pub attention_probs_dropout_prob: f64,
    /// Standard deviation of initial weights.
    pub initializer_range: f64,
    /// The token id of padding.
    pub pad_token_id: usize,
    /// How many last layers train: `None` is everything, the embeddings too. Five of twelve in
    /// the paper's networks. Not part of `config.json`.
    pub unfrozen_layers: Option<usize>,
    /// Whether the frozen part runs without dropout in training, as in evaluation. The paper's does
    /// not, so this changes results; its output for a text is then the same in every epoch, and a
    /// [`PrefixCache`](crate::PrefixCache) can keep it. Not part of `config.json`.
    pub frozen_eval: bool,
    /// The seed of dropout masks, used together with the step. Encoders that train side by side on
    /// the same inputs need different ones. Not part of `config.json`.
    pub dropout_seed: u64,
}

/// Why a configuration is refused.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or is not a model's `config.json`.
    #[error(
        "{}: {why}; it must be the config.json that Hugging Face keeps beside a model's weights",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// The reader's message.
        why: String,
    },
    /// A model of another kind.
    #[error(
        "{key} of the text model is {found:?}, and only {supported} can be computed: choose \
         another model"
    )]
    Unsupported {
        /// Hugging Face's name of the setting.
        key: &'static str,
        /// What it is.
        found: String,
        /// What it could be.
        supported: &'static str,
    },
    /// Texts that the model cannot read.
    #[error(
        "{why}: take the tokeniser that was published with the model, and a maximum length that it \
         can read"
    )]
    Tokens {
        /// Which ones.
        why: String,
    },
    /// Numbers that do not fit together.
    #[error("text model: {why}: correct the model's settings")]
    Unfit {
        /// Which ones, and how.
        why: String,
    },
}

/// `config.json` as far as it matters; defaults are those of Hugging Face's `BertConfig` and
/// `RobertaConfig`.
#[derive(Deserialize)]
struct File {
    model_type: String,
    vocab_size: usize,
    hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    intermediate_size: usize,
    max_position_embeddings: usize,
    hidden_act: Option<String>,
    position_embedding_type: Option<String>,
    type_vocab_size: Option<usize>,
    layer_norm_eps: Option<f64>,
    hidden_dropout_prob: Option<f64>,
    attention_probs_dropout_prob: Option<f64>,
    initializer_range: Option<f64>,
    pad_token_id: Option<usize>,
    is_decoder: Option<bool>,
}

const KNOWN: &str = "\"roberta\" or \"bert\"";

/// Refuses another architecture by its name, before the message is about missing sizes, which have
/// other names there.
fn check_model_type(json: &serde_json::Value) -> Result<(), ConfigError> {
    match json["model_type"].as_str() {
        Some(kind) if !["roberta", "bert"].contains(&kind) => {
            Err(unsupported("model_type", kind.into(), KNOWN))
        }
        _ => Ok(()),
    }
}

impl RobertaConfig {
    /// Reads Hugging Face's `config.json` of a RoBERTa or a BERT (DistilRoBERTa and MiniLM are
    /// such).
    ///
    /// # Errors
    ///
    /// The file cannot be read, describes a model of another kind, or describes none.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let unreadable = |why: String| ConfigError::File {
            path: path.into(),
            why,
        };
        let text = std::fs::read_to_string(path).map_err(|e| unreadable(e.to_string()))?;
        let json: serde_json::Value =
            serde_json::from_str(&text).map_err(|e| unreadable(e.to_string()))?;
        check_model_type(&json)?;
        Self::from_file(serde_json::from_value(json).map_err(|e| unreadable(e.to_string()))?)
    }

    /// The same from parsed JSON; without a `model_type` it is a RoBERTa.
    ///
    /// # Errors
    ///
    /// A model of another kind, or none.
    pub fn from_json(mut json: serde_json::Value) -> Result<Self, ConfigError> {
        if let Some(object) = json.as_object_mut() {
            object
                .entry("model_type")
                .or_insert_with(|| "roberta".into());
        }
        check_model_type(&json)?;
        match serde_json::from_value(json) {
            Ok(file) => Self::from_file(file),
            Err(e) => Err(ConfigError::Unfit { why: e.to_string() }),
        }
    }

    fn from_file(file: File) -> Result<Self, ConfigError> {
        let (architecture, padding) = match file.model_type.as_str() {
            "roberta" => (Architecture::Roberta, 1),
            "bert" => (Architecture::Bert, 0),
            _ => return Err(unsupported("model_type", file.model_type, KNOWN)),
        };
        // Hugging Face's "gelu" is exact; "gelu_new" and others are approximations.
        require("hidden_act", file.hidden_act, "gelu", "\"gelu\"")?;
        require(
            "position_embedding_type",
            file.position_embedding_type,
            "absolute",
            "\"absolute\"",
        )?;
        // A decoder's tokens see only those before them.
        require(
            "is_decoder",
            file.is_decoder.map(|d| d.to_string()),
            "false",
            "false",
        )?;
        let config = Self {
            architecture,
            vocab_size: file.vocab_size,
            hidden_size: file.hidden_size,
            num_hidden_layers: file.num_hidden_layers,
            num_attention_heads: file.num_attention_heads,
            intermediate_size: file.intermediate_size,
            max_position_embeddings: file.max_position_embeddings,
            type_vocab_size: file.type_vocab_size.unwrap_or(2),
            layer_norm_eps: file.layer_norm_eps.unwrap_or(1e-12),
            hidden_dropout_prob: file.hidden_dropout_prob.unwrap_or(0.1),
            attention_probs_dropout_prob: file.attention_probs_dropout_prob.unwrap_or(0.1),
            initializer_range: file.initializer_range.unwrap_or(0.02),
            pad_token_id: file.pad_token_id.unwrap_or(padding),
            unfrozen_layers: None,
            frozen_eval: false,
            dropout_seed: 0,
        };
        config.check()?;
        Ok(config)
    }

    /// A RoBERTa to be trained from scratch, in the proportions and with the dropout of
    /// `roberta-base`: padding is token 1, the inner maps are four times as wide as the hidden
    /// states, everything trains.
    pub fn small(
        vocabulary: usize,
        hidden: usize,
        layers: usize,
        heads: usize,
        max_length: usize,
    ) -> Self {
        let padding = 1;
        Self {
            architecture: Architecture::Roberta,
            vocab_size: vocabulary,
            hidden_size: hidden,
            num_hidden_layers: layers,
            num_attention_heads: heads,
            intermediate_size: 4 * hidden,
            max_position_embeddings: max_length + padding + 1,
            type_vocab_size: 1,
            layer_norm_eps: 1e-5,
            hidden_dropout_prob: 0.1,
            attention_probs_dropout_prob: 0.1,
            initializer_range: 0.02,
            pad_token_id: padding,
            unfrozen_layers: None,
            frozen_eval: false,
            dropout_seed: 0,
        }
    }

    /// Refuses texts that the network cannot read: ids up to `vocabulary`, padded with
    /// `padding` to `length` tokens.
    ///
    /// # Errors
    ///
    /// More ids than the table of words has rows, another padding, or texts longer than the table
    /// of positions allows.
    pub fn check_tokens(
        &self,
        vocabulary: usize,
        padding: usize,
        length: usize,
    ) -> Result<(), ConfigError> {
        let why = if vocabulary > self.vocab_size {
            format!(
                "the tokeniser has {vocabulary} ids and the model knows {}",
                self.vocab_size
            )
        } else if padding != self.pad_token_id {
            format!(
                "the tokeniser pads with id {padding} and the model with {}",
                self.pad_token_id
            )
        } else if length > self.max_length() {
            format!(
                "texts are of {length} tokens and the model reads up to {}",
                self.max_length()
            )
        } else {
            return Ok(());
        };
        Err(ConfigError::Tokens { why })
    }

    /// Tokens of the longest text, padding included: 512 for `roberta-base`, whose table has 514
    /// rows.
    pub fn max_length(&self) -> usize {
        match self.architecture {
            Architecture::Roberta => self
                .max_position_embeddings
                .saturating_sub(self.pad_token_id + 1),
            Architecture::Bert => self.max_position_embeddings,
        }
    }

    /// Refuses settings that no network can have.
    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            hidden_size,
            num_attention_heads: heads,
            num_hidden_layers: layers,
            ..
        } = self;
        let sizes = [
            ("vocab_size", self.vocab_size),
            ("hidden_size", *hidden_size),
            ("num_hidden_layers", *layers),
            ("num_attention_heads", *heads),
            ("intermediate_size", self.intermediate_size),
            ("type_vocab_size", self.type_vocab_size),
            ("max_length", self.max_length()),
        ];
        let dropouts = [
            ("hidden_dropout_prob", self.hidden_dropout_prob),
            (
                "attention_probs_dropout_prob",
                self.attention_probs_dropout_prob,
            ),
        ];
        let unfrozen = self.unfrozen_layers.unwrap_or(0);
        let why = if let Some((name, _)) = sizes.iter().find(|(_, size)| *size == 0) {
            format!("{name} is 0")
        } else if let Some((name, p)) = dropouts.iter().find(|(_, p)| !(0.0..1.0).contains(p)) {
            format!("{name} is {p}, not in 0..1")
        } else if hidden_size % heads != 0 {
            format!("hidden_size {hidden_size} is not a multiple of num_attention_heads {heads}")
        } else if self.pad_token_id >= self.vocab_size {
            format!(
                "pad_token_id {} is not below vocab_size {}",
                self.pad_token_id, self.vocab_size
            )
        } else if unfrozen > *layers {
            format!("{unfrozen} layers cannot be unfrozen of {layers}")
        } else if self.frozen_eval && self.unfrozen_layers.is_none() {
            "frozen_eval is about frozen layers, and all are unfrozen".to_string()
        } else {
            return Ok(());
        };
        Err(ConfigError::Unfit { why })
    }
}

fn unsupported(key: &'static str, found: String, supported: &'static str) -> ConfigError {
    ConfigError::Unsupported {
        key,
        found,
        supported,
    }
}

/// Refuses a setting that is given with another value.
fn require(
    key: &'static str,
    found: Option<String>,
    value: &str,
    quoted: &'static str,
) -> Result<(), ConfigError> {
    match found {
        Some(found) if found != value => Err(unsupported(key, found, quoted)),
        _ => Ok(()),
    }
}
