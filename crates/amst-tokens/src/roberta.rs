//! RoBERTa's tokenizer: byte-level BPE between `<s>` and `</s>`.

use serde_json::{Value, json};

use crate::{SPECIAL_TOKENS, TokensError, text};

/// The pairs of a `merges.txt`, first merged first.
pub(crate) fn merges(bytes: &[u8], name: &str) -> Result<Value, TokensError> {
    let lines = text::utf8(bytes, name)?.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with("#version"));
    let pair = |(number, line): (usize, &str)| match line.split_once(' ') {
        Some((a, b)) if !a.is_empty() && !b.is_empty() && !b.contains(' ') => Ok(json!([a, b])),
        _ => Err(TokensError::Corrupt {
            name: name.into(),
            reason: format!(
                "line {} is `{line}` and not two tokens with a space between",
                number + 1
            ),
        }),
    };
    lines.map(pair).collect()
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
    let contradiction = |reason| TokensError::Contradiction {
        name: name.into(),
        reason,
    };
    let id = |token: &str| {
        let lacks = || {
            contradiction(format!(
                "the vocabulary lacks `{token}`, so it is not RoBERTa's"
            ))
        };
        vocabulary[token].as_u64().ok_or_else(lacks)
    };
    if let Some(byte) = tokenizers::pre_tokenizers::byte_level::ByteLevel::alphabet()
        .into_iter()
        .map(String::from)
        .filter(|byte| vocabulary.get(byte).is_none())
        .min()
    {
        return Err(contradiction(format!(
            "the vocabulary lacks `{byte}`, one of the 256 byte tokens"
        )));
    }
    let mut added = Vec::new();
    for token in SPECIAL_TOKENS {
        // `<mask>` swallows the space before it, as in roberta-base's own tokenizer.json.
        added.push(json!({
            "id": id(token)?, "content": token, "single_word": false, "lstrip": token == "<mask>", "rstrip": false,
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
            "type": "RobertaProcessing", "sep": ["</s>", id("</s>")?], "cls": ["<s>", id("<s>")?],
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
