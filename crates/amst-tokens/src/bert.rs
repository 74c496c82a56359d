//! BERT's tokenizer: WordPiece between `[CLS]` and `[SEP]`.

use serde_json::{Map, Value, json};

use crate::{TokensError, text};

/// The `tokenizer.json` that a `vocab.txt` stands for: a token a line, whose number is its id.
///
/// # Errors
/// A vocabulary that is not UTF-8, has a token twice, or lacks a special one.
pub(crate) fn json(bytes: &[u8], config: &Value, name: &str) -> Result<Value, TokensError> {
    let mut vocabulary = Map::new();
    for (id, token) in text::utf8(bytes, name)?.lines().enumerate() {
        if let Some(earlier) = vocabulary.insert(token.into(), json!(id)) {
            let (first, second) = (earlier.as_u64().unwrap_or(0) + 1, id + 1);
            return Err(TokensError::contradiction(
                name,
                format!("`{token}` stands in line {first} and {second}"),
            ));
        }
    }
    let mut added = Vec::new();
    for token in ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] {
        let Some(id) = vocabulary.get(token) else {
            return Err(TokensError::contradiction(
                name,
                format!("the vocabulary lacks `{token}`, so it is not BERT's"),
            ));
        };
        added.push(json!({
            "id": id, "content": token, "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": false, "special": true,
        }));
    }
    Ok(json!({
        "version": "1.0",
        "truncation": null,
        "padding": null,
        "added_tokens": added,
        "normalizer": {
            "type": "BertNormalizer", "clean_text": true,
            "handle_chinese_chars": !is_off("tokenize_chinese_chars", config), "strip_accents": config["strip_accents"],
            "lowercase": !is_off("do_lower_case", config),
        },
        "pre_tokenizer": { "type": "BertPreTokenizer" },
        "post_processor": {
            "type": "BertProcessing", "sep": ["[SEP]", vocabulary["[SEP]"]], "cls": ["[CLS]", vocabulary["[CLS]"]],
        },
        "decoder": { "type": "WordPiece", "prefix": "##", "cleanup": true },
        "model": {
            "type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
            "max_input_chars_per_word": 100, "vocab": vocabulary,
        },
    }))
}

/// Whether a setting that is on by default is off.
fn is_off(key: &str, config: &Value) -> bool {
    config[key] == false
}
