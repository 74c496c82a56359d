//! Which kinds of tokenizers are used here: those of RoBERTa, BERT and their relatives.
//!
//! The `tokenizers` crate knows many more steps, some of which panic on files
//! that are not quite right.

use serde_json::Value;

use crate::TokensError;

/// The steps of a tokenizer and what each may be.
const STEPS: [(&str, &[&str]); 4] = [
    (
        "normalizer",
        &[
            "BertNormalizer",
            "Lowercase",
            "NFC",
            "NFD",
            "NFKC",
            "NFKD",
            "Strip",
            "StripAccents",
        ],
    ),
    (
        "pre_tokenizer",
        &[
            "BertPreTokenizer",
            "ByteLevel",
            "Digits",
            "Punctuation",
            "Whitespace",
            "WhitespaceSplit",
        ],
    ),
    (
        "post_processor",
        &[
            "BertProcessing",
            "ByteLevel",
            "RobertaProcessing",
            "TemplateProcessing",
        ],
    ),
    ("decoder", &["BPEDecoder", "ByteLevel", "Fuse", "WordPiece"]),
];

/// What is not supported, and what to do instead.
type Refusal = (String, &'static str);

/// Refuses what would not give the rows that a text encoder wants.
pub(crate) fn check(json: &Value, config: &Value, name: &str) -> Result<(), TokensError> {
    check_parts(json, config).map_err(|(reason, remedy)| TokensError::Unsupported {
        name: name.into(),
        reason,
        remedy,
    })
}

fn check_parts(json: &Value, config: &Value) -> Result<(), Refusal> {
    model(&json["model"])?;
    for (step, kinds) in STEPS {
        kind(step, &json[step], kinds)?;
    }
    sides(json, config)
}

fn model(model: &Value) -> Result<(), Refusal> {
    let written = model["type"].as_str();
    let inferred = if model.get("merges").is_some() {
        "BPE"
    } else {
        "WordPiece"
    };
    if !model["vocab"].is_object() || written.unwrap_or(inferred) != inferred {
        let there = written.map_or("none is there".into(), |kind| format!("{kind} is there"));
        let remedy = "give it the `tokenizer.json` of a RoBERTa or BERT model";
        return Err((
            format!("a BPE or WordPiece model with its vocabulary is expected, and {there}"),
            remedy,
        ));
    }
    if model["dropout"].as_f64().is_some_and(|p| p != 0.0) {
        return Err((
            "its model drops merges at random".into(),
            "set `model.dropout` to null",
        ));
    }
    Ok(())
}

/// A step that is absent, of one of some kinds, or a sequence of such.
fn kind(step: &str, value: &Value, kinds: &[&str]) -> Result<(), Refusal> {
    let parts = ["normalizers", "pretokenizers", "processors", "decoders"];
    match value["type"].as_str() {
        _ if value.is_null() => Ok(()),
        Some("Sequence") => {
            let parts = parts
                .into_iter()
                .filter_map(|part| value[part].as_array())
                .flatten();
            parts
                .into_iter()
                .try_for_each(|part| kind(step, part, kinds))
        }
        Some(kind) if kinds.contains(&kind) => Ok(()),
        other => {
            let other = other.unwrap_or("of no type");
            Err((
                format!("its {step} is {other}"),
                "give it the `tokenizer.json` of a RoBERTa or BERT model",
            ))
        }
    }
}

/// Rows start with the text: [`Embeddings`](crate::Embeddings) and the first token's output rely on
/// it.
fn sides(json: &Value, config: &Value) -> Result<(), Refusal> {
    let sides = [
        &json["padding"]["direction"],
        &json["truncation"]["direction"],
    ];
    let configured = [&config["padding_side"], &config["truncation_side"]];
    if sides
        .into_iter()
        .chain(configured)
        .filter_map(Value::as_str)
        .any(|side| side.eq_ignore_ascii_case("left"))
    {
        let remedy = "set `padding` and `truncation` in it to null and their sides in tokenizer_config.json to \"right\"";
        return Err((
            "it pads or cuts on the left, and rows here start with the text".into(),
            remedy,
        ));
    }
    Ok(())
}
