//! A pretrained text model on disk: its files, its sizes, its identity.

use std::path::{Path, PathBuf};

use amst_files::{hash_file, hex};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::{Recipe, RecipeError};

const CONFIG: &str = "config.json";
/// Weights, the better format first.
const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// Every file that may decide how a text becomes tokens.
const TOKENIZER: [&str; 7] = [
    "added_tokens.json",
    "merges.txt",
    "special_tokens_map.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "vocab.json",
    "vocab.txt",
];

/// A folder with what Hugging Face keeps for one model: configuration, tokenizer and weights.
#[derive(Clone, Debug, PartialEq)]
pub struct TextModel {
    folder: PathBuf,
    weights: PathBuf,
    sizes: TextModelSizes,
    digest: String,
}

/// What recipe and tokenizer must know of `config.json`, under its names.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct TextModelSizes {
    /// `roberta` or `bert`; others are refused where the encoder is built.
    pub model_type: String,
    /// Width of the hidden states.
    pub hidden_size: usize,
    /// Rows of the table of tokens.
    pub vocab_size: usize,
    /// Layers.
    pub num_hidden_layers: usize,
    /// Heads of each layer's attention.
    pub num_attention_heads: usize,
    /// Rows of the table of positions.
    pub max_position_embeddings: usize,
    /// The token that pads; 1 for RoBERTa and 0 for BERT where the file does not say.
    #[serde(default = "unsaid")]
    pub pad_token_id: u32,
}

fn unsaid() -> u32 {
    u32::MAX
}

impl TextModel {
    /// Looks at a folder and hashes the files that count, which takes half a second for
    /// `roberta-base`.
    ///
    /// # Errors
    ///
    /// [`RecipeError::TextModel`] where a file is missing, the model is neither a RoBERTa nor a
    /// BERT, or the configuration has no sizes; [`RecipeError::Io`] where one cannot be read.
    pub fn open(folder: &Path) -> Result<Self, RecipeError> {
        let unfit = |missing: String| RecipeError::TextModel {
            folder: folder.into(),
            missing,
        };
        let there = |name: &&&str| folder.join(name).is_file();
        if !folder.join(CONFIG).is_file() {
            return Err(unfit(format!("no {CONFIG}")));
        }
        let tokenizer: Vec<&str> = TOKENIZER.iter().filter(there).copied().collect();
        let is_whole = |parts: &[&str]| parts.iter().all(|part| tokenizer.contains(part));
        if ![
            &["tokenizer.json"][..],
            &["vocab.json", "merges.txt"],
            &["vocab.txt"],
        ]
        .into_iter()
        .any(is_whole)
        {
            return Err(unfit("no tokenizer".into()));
        }
        let weights = WEIGHTS
            .iter()
            .find(there)
            .ok_or_else(|| unfit("no weights".into()))?;
        let text = std::fs::read(folder.join(CONFIG)).map_err(failed(&folder.join(CONFIG)))?;
        let mut sizes = sizes(&text).map_err(unfit)?;
        if sizes.pad_token_id == unsaid() {
            sizes.pad_token_id = u32::from(sizes.model_type != "bert");
        }
        let mut hash = Sha256::new();
        for name in [CONFIG].into_iter().chain(tokenizer).chain([*weights]) {
            let path = folder.join(name);
            let file = hash_file(&path).map_err(failed(&path))?;
            hash.update(name);
            hash.update(file.bytes.to_le_bytes());
            hash.update(file.sha256);
        }
        Ok(Self {
            folder: folder.into(),
            weights: folder.join(weights),
            sizes,
            digest: hex::encode(hash.finalize()),
        })
    }

    /// The folder, as it was given.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What its `config.json` says.
    pub fn sizes(&self) -> &TextModelSizes {
        &self.sizes
    }

    /// Its `config.json`.
    pub fn config(&self) -> PathBuf {
        self.folder.join(CONFIG)
    }

    /// `model.safetensors`, or `pytorch_model.bin` where there is no other.
    pub fn weights(&self) -> &Path {
        &self.weights
    }

    /// SHA-256 over names, lengths and contents of the files, in lower-case hexadecimal digits.
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What a recipe takes from the model, as `key=value`.
    pub fn assignments(&self) -> Vec<String> {
        vec![
            format!("text.model={:?}", self.digest),
            format!("text.width={}", self.sizes.hidden_size),
            format!("text.vocabulary={}", self.sizes.vocab_size),
            format!("text.layers={}", self.sizes.num_hidden_layers),
            format!("text.heads={}", self.sizes.num_attention_heads),
        ]
    }

    /// Whether a recipe asks no more of the model than there is.
    ///
    /// # Errors
    ///
    /// [`RecipeError::Value`] where more layers would train than the model has.
    pub fn check(&self, recipe: &Recipe) -> Result<(), RecipeError> {
        let (asked, there) = (recipe.text.unfrozen_layers, self.sizes.num_hidden_layers);
        if asked > there {
            let why = format!("is {asked}, and the model has {there} layers: use {there} or fewer");
            return Err(RecipeError::value("text.unfrozen_layers", why));
        }
        Ok(())
    }
}

/// What a `config.json` says, or what is wrong with it. The kind is read first: other models' sizes
/// have other names.
fn sizes(config: &[u8]) -> Result<TextModelSizes, String> {
    let too_little = |e: serde_json::Error| format!("a {CONFIG} that says too little ({e})");
    let config: serde_json::Value = serde_json::from_slice(config).map_err(too_little)?;
    match config["model_type"].as_str() {
        Some(kind) if !["roberta", "bert"].contains(&kind) => Err(format!(
            "a {CONFIG} of another architecture ({kind:?}; only \"roberta\" and \"bert\" are read)"
        )),
        _ => serde_json::from_value(config).map_err(too_little),
    }
}

fn failed(path: &Path) -> impl Fn(std::io::Error) -> RecipeError {
    let path = path.to_path_buf();
    move |source| RecipeError::Io {
        path: path.clone(),
        source,
    }
}
