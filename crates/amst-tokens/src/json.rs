//! `tokenizer.json`, in and out.

use std::path::Path;

use amst_files::sha256_hex;
use serde_json::Value;
use tokenizers::{PaddingParams, PaddingStrategy};

use crate::tokenizer::failed;
use crate::{Tokenizer, TokensError, sound, supported};

impl Tokenizer {
    /// From the bytes of a `tokenizer.json`; `name` is for messages.
    ///
    /// Lengths that the file asks for are not taken over.
    ///
    /// # Errors
    /// JSON that cannot be parsed or is no tokenizer, parts that contradict
    /// each other, steps that neither RoBERTa nor BERT has, and a file that names
    /// no padding token.
    pub fn from_json(bytes: &[u8], name: &str) -> Result<Self, TokensError> {
        Self::from_json_and_config(bytes, &Value::Null, name)
    }

    /// As [`from_json`](Self::from_json), with what `tokenizer_config.json` says.
    pub(crate) fn from_json_and_config(
        bytes: &[u8],
        config: &Value,
        name: &str,
    ) -> Result<Self, TokensError> {
        let json = parse(bytes, name)?;
        supported::check(&json, config, name)?;
        sound::check(&json, name)?;
        let inner = tokenizers::Tokenizer::from_bytes(bytes);
        let inner = inner.map_err(|e| TokensError::Corrupt {
            name: name.into(),
            reason: e.to_string(),
        })?;
        let pad = pad(&json, config, &inner, name)?;
        Self::around(inner, pad)
    }

    /// As the text of a `tokenizer.json`, the same for equal tokenizers.
    ///
    /// The maximum length is no part of it; the padding token is.
    ///
    /// # Errors
    /// [`TokensError::Failed`], if the tokenizer cannot be written out.
    pub fn to_json(&self) -> Result<String, TokensError> {
        let mut inner = self.inner.clone();
        inner.with_truncation(None).map_err(failed)?;
        inner.with_padding(Some(PaddingParams {
            strategy: PaddingStrategy::BatchLongest,
            pad_id: self.pad_id(),
            pad_token: self.pad_token().into(),
            ..PaddingParams::default()
        }));
        inner.to_string(false).map_err(failed)
    }

    /// Writes [`to_json`](Self::to_json) to a file, over what was there.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), TokensError> {
        let write = |source| TokensError::Io {
            verb: "written",
            path: path.into(),
            source,
        };
        std::fs::write(path, self.to_json()?).map_err(write)
    }

    /// SHA-256 of [`to_json`](Self::to_json), in 64 hexadecimal digits.
    ///
    /// # Errors
    /// As [`to_json`](Self::to_json).
    pub fn digest(&self) -> Result<String, TokensError> {
        Ok(sha256_hex(self.to_json()?))
    }
}

pub(crate) fn parse(bytes: &[u8], name: &str) -> Result<Value, TokensError> {
    serde_json::from_slice(bytes).map_err(|e| TokensError::Corrupt {
        name: name.into(),
        reason: e.to_string(),
    })
}

/// The padding token: the file's own, that of the configuration beside it, or the usual name.
fn pad(
    json: &Value,
    config: &Value,
    inner: &tokenizers::Tokenizer,
    name: &str,
) -> Result<(String, u32), TokensError> {
    let contradiction = |reason| TokensError::Contradiction {
        name: name.into(),
        reason,
    };
    if let Some(token) = json["padding"]["pad_token"].as_str() {
        let (declared, id) = (json["padding"]["pad_id"].as_u64(), inner.token_to_id(token));
        return match id {
            Some(id) if declared == Some(u64::from(id)) => Ok((token.into(), id)),
            _ => Err(contradiction(format!(
                "it pads with `{token}`, id {declared:?}, and its vocabulary has {id:?}"
            ))),
        };
    }
    let configured = config["pad_token"]
        .as_str()
        .or(config["pad_token"]["content"].as_str());
    if let Some(token) = configured {
        let id = inner.token_to_id(token);
        let missing = || {
            contradiction(format!(
                "`pad_token` is `{token}` and the vocabulary lacks it"
            ))
        };
        return Ok((token.into(), id.ok_or_else(missing)?));
    }
    let usual = ["<pad>", "[PAD]"]
        .into_iter()
        .find_map(|token| Some((token.into(), inner.token_to_id(token)?)));
    usual.ok_or_else(|| TokensError::NoPadding { name: name.into() })
}
