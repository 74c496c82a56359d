//! `tokenizer.json`, in and out.

use std::path::Path;

use amst_files::sha256_hex;
use serde_json::Value;
use tokenizers::{PaddingParams, PaddingStrategy};

use crate::tokenizer::Padding;
use crate::{Tokenizer, TokensError, consistency, supported};

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
        consistency::check(&json, name)?;
        let inner =
            tokenizers::Tokenizer::from_bytes(bytes).map_err(|e| TokensError::corrupt(name, e))?;
        let padding = padding(&json, config, &inner, name)?;
        Self::from_parts(inner, padding)
    }

    /// As the text of a `tokenizer.json`, the same for equal tokenizers.
    ///
    /// The maximum length is no part of it; the padding token is.
    pub fn to_json(&self) -> Result<String, TokensError> {
        let mut inner = self.inner.clone();
        inner.with_truncation(None)?;
        inner.with_padding(Some(PaddingParams {
            strategy: PaddingStrategy::BatchLongest,
            pad_id: self.pad_id(),
            pad_token: self.pad_token().into(),
            ..PaddingParams::default()
        }));
        Ok(inner.to_string(false)?)
    }

    /// Writes [`to_json`](Self::to_json) to a file, over what was there.
    pub fn save(&self, path: &Path) -> Result<(), TokensError> {
        std::fs::write(path, self.to_json()?).map_err(|source| TokensError::Io {
            verb: "written",
            path: path.into(),
            source,
        })
    }

    /// SHA-256 of [`to_json`](Self::to_json), in 64 hexadecimal digits.
    pub fn digest(&self) -> Result<String, TokensError> {
        Ok(sha256_hex(self.to_json()?))
    }
}

pub(crate) fn parse(bytes: &[u8], name: &str) -> Result<Value, TokensError> {
    serde_json::from_slice(bytes).map_err(|e| TokensError::corrupt(name, e))
}

/// The padding token: the file's own, that of the configuration beside it, or the usual name.
fn padding(
    json: &Value,
    config: &Value,
    inner: &tokenizers::Tokenizer,
    name: &str,
) -> Result<Padding, TokensError> {
    let own = &json["padding"];
    if let Some(token) = own["pad_token"].as_str() {
        let (declared, known) = (own["pad_id"].as_u64(), inner.token_to_id(token));
        return match known {
            Some(id) if declared == Some(id.into()) => Ok(Padding {
                token: token.into(),
                id,
            }),
            _ => Err(TokensError::contradiction(
                name,
                format!(
                    "it pads with `{token}`, id {declared:?}, and its vocabulary has {known:?}"
                ),
            )),
        };
    }
    let configured = config["pad_token"]
        .as_str()
        .or(config["pad_token"]["content"].as_str());
    let names = match &configured {
        Some(token) => std::slice::from_ref(token),
        None => &["<pad>", "[PAD]"][..],
    };
    for &token in names {
        if let Some(id) = inner.token_to_id(token) {
            return Ok(Padding {
                token: token.into(),
                id,
            });
        }
    }
    Err(match configured {
        Some(token) => TokensError::contradiction(
            name,
            format!("`pad_token` is `{token}` and the vocabulary lacks it"),
        ),
        None => TokensError::NoPadding { name: name.into() },
    })
}
