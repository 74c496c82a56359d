//! RoBERTa's tokenizer: byte-level BPE between `<s>` and `</s>`.

use serde_json::{Value, json};

use crate::{SPECIAL_TOKENS, TokensError, text};

/// The pairs of a `merges.txt`, first merged first.
pub(crate) fn merges(bytes: &[u8], name: &str) -> Result<Value, TokensError> {
    let mut merges = Vec::new();
    for (number, line) in text::utf8(bytes, name)?.lines().enumerate() {
        if line.is_empty() || line.starts_with("#version") {
            continue;
        }
        match line.split_once(' ') {
            Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains(' ') => {
                merges.push(json!([a, b]));
            }
            _ => {
                let number = number + 1;
                return Err(TokensError::corrupt(
                    name,
                    format!("line {number} is `{line}` and not two tokens with a space between"),
                ));
            }
        }
    }
    Ok(merges.into())
}

/// The `tokenizer.json` that a vocabulary and its merges stand for.
///
/// # Errors
/// A vocabulary without RoBERTa's special tokens or without a token for each byte.
pub(crate) fn json(
    vocabulary: Value,
    merges: Value,
    config: &Value,
    name: &str,
) -> Result<Value, TokensError> {
    if let Some(byte) = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet()
        .into_iter()
        .map(String::from)
        .filter(|byte| vocabulary.get(byte).is_none())
        .min()
    {
        return Err(TokensError::contradiction(
            name,
            format!("the vocabulary lacks `{byte}`, one of the 256 byte tokens"),
        ));
    }
    let mut added = Vec::new();
    for token in SPECIAL_TOKENS {
        let Some(id) = vocabulary[token].as_u64() else {
            return Err(TokensError::contradiction(
                name,
                format!("the vocabulary lacks `{token}`, so it is not RoBERTa's"),
            ));
        };
        // `<mask>` swallows the space before it, as in roberta-base's own tokenizer.json.
        added.push(json!({
            "id": id, "content": token, "single_word": false, "lstrip": token == "<mask>", "rstrip": false,
            "normalized": false, "special": true,
        }));
    }
    let prefix_space = config["add_prefix_space"].as_bool().unwrap_or(false);
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": null,
        "pre_tokenizer": {
            "type": "ByteLevel", "add_prefix_space": prefix_space, "trim_offsets": true, "use_regex": true,
        },
        "post_processor": {
            "type": "RobertaProcessing", "sep": ["</s>", vocabulary["</s>"]], "cls": ["<s>", vocabulary["<s>"]],
            "trim_offsets": true, "add_prefix_space": prefix_space,
        },
        "decoder": { "type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true },
        "model": {
            "type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": "",
            "end_of_word_suffix": "", "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
            "vocab": vocabulary, "merges": merges,
        },
    }))
}
