//! What holds for every text, and for every file.

use std::path::Path;
use std::sync::LazyLock;

use amst_tokens::{Tokenizer, TokensError};
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};

fn fixture(file: &str) -> Vec<u8> {
    std::fs::read(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/fixtures")
            .join(file),
    )
    .unwrap()
}

static ROBERTA: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::from_json(&fixture("roberta/tokenizer.json"), "roberta").unwrap());
static BERT: LazyLock<Tokenizer> =
    LazyLock::new(|| Tokenizer::from_json(&fixture("bert/uncased.json"), "bert").unwrap());

/// Any text, and text that looks like a post.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[a-z@#' 😂é<>smak]{0,200}",
        "( |\\n|\\t|a|<mask>|</s>){0,40}"
    ]
}

/// Every place in a JSON value, as the keys that lead there.
fn places(value: &Value, at: Vec<String>, all: &mut Vec<Vec<String>>) {
    all.push(at.clone());
    let below = |key: String| [at.clone(), vec![key]].concat();
    match value {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, value)| places(value, below(key.clone()), all)),
        Value::Array(list) => list
            .iter()
            .enumerate()
            .for_each(|(i, value)| places(value, below(i.to_string()), all)),
        _ => {}
    }
}

fn place<'a>(value: &'a mut Value, path: &[String]) -> &'a mut Value {
    path.iter().fold(value, |value, key| match value {
        Value::Array(list) => &mut list[key.parse::<usize>().unwrap()],
        value => &mut value[key.as_str()],
    })
}

/// What someone's editor or another program may have left there.
fn replacements() -> Vec<Value> {
    let mut all = vec![
        json!(null),
        json!(true),
        json!(-1),
        json!(0),
        json!(1),
        json!(1_u64 << 33),
        json!(u64::MAX),
        json!(0.5),
    ];
    all.extend([
        json!(""),
        json!("a"),
        json!("É"),
        json!("<s>"),
        json!("[CLS]"),
        json!("("),
        json!([]),
        json!({}),
    ]);
    for kind in [
        "BPE",
        "WordPiece",
        "WordLevel",
        "Unigram",
        "Sequence",
        "ByteLevel",
        "Metaspace",
        "Split",
        "Prepend",
    ] {
        all.extend([json!(kind), json!({ "type": kind })]);
    }
    for kind in [
        "TemplateProcessing",
        "BertProcessing",
        "RobertaProcessing",
        "Replace",
        "Precompiled",
        "BertNormalizer",
    ] {
        all.extend([json!(kind), json!({ "type": kind })]);
    }
    let b = json!({"Sequence": {"id": "B", "type_id": 0}});
    let x = json!({"SpecialToken": {"id": "X", "type_id": 0}});
    all.push(
        json!({"type": "TemplateProcessing", "single": [b, x], "pair": [], "special_tokens": {}}),
    );
    all.push(json!({"type": "Replace", "pattern": {"Regex": "(a*)*b"}, "content": "c"}));
    all.push(json!({"type": "Precompiled", "precompiled_charsmap": "AAAA"}));
    all.push(
        json!({"type": "Metaspace", "replacement": "_", "prepend_scheme": "always", "split": true}),
    );
    all.push(json!({"type": "Split", "pattern": {"Regex": "(?=a)"}, "behavior": "MergedWithNext", "invert": true}));
    all
}

/// Changes one value of a small tokenizer.json in every way, and uses what still opens.
fn change_every_place(json: &Value) {
    let mut all = Vec::new();
    places(json, Vec::new(), &mut all);
    let (mut refused, mut opened) = (0, 0);
    for path in all {
        for replacement in replacements() {
            let mut changed = json.clone();
            *place(&mut changed, &path) = replacement;
            match Tokenizer::from_json(changed.to_string().as_bytes(), "changed") {
                Err(_) => refused += 1,
                Ok(tokenizer) => {
                    let _ = tokenizer.encode("a b É <s> ab  ba [CLS] x");
                    let _ = tokenizer.digest();
                    opened += 1;
                }
            }
        }
    }
    assert!(
        refused > 100 && opened > 100,
        "{refused} refused, {opened} opened"
    );
}

#[test]
fn no_change_of_a_byte_level_file_makes_it_panic() {
    let mut json: Value = serde_json::from_slice(&fixture("trained.json")).unwrap();
    let vocab = json["model"]["vocab"].as_object_mut().unwrap();
    // The specials and the bytes in front, without most of what was learnt.
    vocab.retain(|token, id| {
        id.as_u64().unwrap() < 12 || ["a", "b", "ab", "Ġ"].contains(&token.as_str())
    });
    vocab.insert("ab".into(), json!(700));
    json["model"]["merges"] = json!([["a", "b"]]);
    json["post_processor"] = json!({
        "type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0], "trim_offsets": true,
        "add_prefix_space": false,
    });
    json["normalizer"] =
        json!({"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Lowercase"}]});
    change_every_place(&json);
}

#[test]
fn no_change_of_a_word_piece_file_makes_it_panic() {
    let mut json: Value = serde_json::from_slice(&fixture("bert/uncased.json")).unwrap();
    json["model"]["vocab"]
        .as_object_mut()
        .unwrap()
        .retain(|_, id| id.as_u64().unwrap() < 12);
    json["model"]["vocab"]["##b"] = json!(12);
    json["padding"] = json!({
        "strategy": {"Fixed": 9}, "direction": "Right", "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0,
        "pad_token": "[PAD]",
    });
    json["truncation"] =
        json!({"direction": "Right", "max_length": 9, "strategy": "LongestFirst", "stride": 0});
    change_every_place(&json);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_row_is_tokens_and_then_padding(text in texts(), length in 3_usize..40) {
        for tokenizer in [&*ROBERTA, &*BERT] {
            let tokenizer = tokenizer.clone().with_max_length(length).unwrap();
            let (ids, tokens) = (tokenizer.ids(&text).unwrap(), tokenizer.encode(&text).unwrap());
            prop_assert!(ids.len() >= tokenizer.special() && ids.len() <= length);
            prop_assert_eq!((tokens.ids.len(), tokens.mask.len()), (length, length));
            prop_assert_eq!(tokens.mask.iter().map(|&m| usize::from(m)).sum::<usize>(), ids.len());
            prop_assert_eq!(tokens.len(), ids.len());
            prop_assert!(tokens.mask.windows(2).all(|pair| pair[0] >= pair[1]));
            prop_assert_eq!(&tokens.ids[..ids.len()], &ids[..]);
            prop_assert!(tokens.ids[ids.len()..].iter().all(|&id| id == tokenizer.pad_id()));
            prop_assert!(ids.iter().all(|&id| id <= tokenizer.largest_id() && (id as usize) < tokenizer.vocabulary()));
            prop_assert_eq!(Some(ids[0]), tokenizer.start_id());
        }
    }

    #[test]
    fn a_shorter_row_is_the_longer_one_cut_before_its_end(text in texts(), length in 3_usize..40) {
        for tokenizer in [&*ROBERTA, &*BERT] {
            let long = tokenizer.clone().with_max_length(4_096).unwrap().ids(&text).unwrap();
            let short = tokenizer.clone().with_max_length(length).unwrap().ids(&text).unwrap();
            let kept = long.len().min(length) - 1;
            prop_assert_eq!(&short[..kept], &long[..kept]);
            prop_assert_eq!(short.last(), long.last());
        }
    }

    #[test]
    fn any_bytes_are_text_or_refused_where_they_are_wrong(bytes in vec(any::<u8>(), 0..60)) {
        match (std::str::from_utf8(&bytes), ROBERTA.encode_bytes(&bytes, "noise")) {
            (Ok(text), Ok(tokens)) => prop_assert_eq!(tokens, ROBERTA.encode(text).unwrap()),
            (Err(error), Err(TokensError::NotUtf8 { offset, .. })) => prop_assert_eq!(offset, error.valid_up_to()),
            (expected, found) => prop_assert!(false, "{expected:?}, {found:?}"),
        }
        prop_assert!(Tokenizer::from_json(&bytes, "noise").is_err());
    }

    #[test]
    fn a_batch_is_its_texts_one_by_one(batch in vec(texts(), 0..20)) {
        let rows = ROBERTA.encode_batch(&batch).unwrap();
        let alone: Vec<_> = batch.iter().map(|text| ROBERTA.encode(text).unwrap()).collect();
        prop_assert_eq!(rows, alone);
    }

    #[test]
    fn a_trained_tokenizer_is_saved_and_read_without_a_change(batch in vec(texts(), 1..20), size in 261_usize..400) {
        let trained = Tokenizer::train_bpe(&batch, size).unwrap();
        prop_assert!(trained.vocabulary() <= size && trained.largest_id() as usize == trained.vocabulary() - 1);
        let file = tempfile::NamedTempFile::new().unwrap();
        trained.save(file.path()).unwrap();
        let read = Tokenizer::read(file.path()).unwrap();
        prop_assert_eq!(read.digest().unwrap(), trained.digest().unwrap());
        prop_assert_eq!(read.encode_batch(&batch).unwrap(), trained.encode_batch(&batch).unwrap());
    }

    #[test]
    fn training_twice_gives_the_same_bytes(batch in vec("[ab]{1,14}( [abc]{1,9}){0,4}", 1..60), size in 261_usize..330) {
        let first = Tokenizer::train_bpe(&batch, size).unwrap().to_json().unwrap();
        prop_assert_eq!(&Tokenizer::train_bpe(&batch, size).unwrap().to_json().unwrap(), &first);
        let backwards = batch.iter().rev();
        prop_assert_eq!(&Tokenizer::train_bpe(backwards, size).unwrap().to_json().unwrap(), &first);
    }
}
