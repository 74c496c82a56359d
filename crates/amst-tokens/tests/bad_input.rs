//! What is refused, and with which remedy.

use std::path::{Path, PathBuf};

use amst_tokens::{Embeddings, MAX_TOKENS, MIN_VOCABULARY, Tokenizer, TokensError};
use serde_json::{Value, json};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn roberta() -> Tokenizer {
    Tokenizer::read(&fixtures().join("roberta")).unwrap()
}

fn json_of(file: &str) -> Value {
    serde_json::from_slice(&std::fs::read(fixtures().join(file)).unwrap()).unwrap()
}

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn assert_says(error: &TokensError, parts: &[&str]) {
    let message = error.to_string();
    assert!(!message.contains('\n'), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is not in: {message}");
    }
}

/// The message with which a changed `tokenizer.json` is refused.
fn changed(file: &str, change: impl FnOnce(&mut Value)) -> TokensError {
    let mut json = json_of(file);
    change(&mut json);
    Tokenizer::from_json(json.to_string().as_bytes(), "tokenizer.json").unwrap_err()
}

#[test]
fn a_folder_without_a_tokenizer_is_told_which_files_to_put_there() {
    let empty = folder(&[("config.json", b"{}")]);
    for path in [
        empty.path(),
        &empty.path().join("roberta-base"),
        &empty.path().join("tokenizer.json"),
    ] {
        let error = Tokenizer::read(path).unwrap_err();
        let parts = [
            path.to_str().unwrap(),
            "`tokenizer.json`",
            "`vocab.json` and `merges.txt`",
            "`vocab.txt`",
        ];
        assert_says(&error, &parts);
    }
}

#[test]
fn half_of_robertas_files_is_told_the_other_half() {
    let vocab = folder(&[("vocab.json", b"{}")]);
    for path in [vocab.path().into(), vocab.path().join("vocab.json")] {
        assert_says(
            &Tokenizer::read(&path).unwrap_err(),
            &["`vocab.json` is there and `merges.txt` is not"],
        );
    }
    let merges = folder(&[("merges.txt", b"")]);
    assert_says(
        &Tokenizer::read(merges.path()).unwrap_err(),
        &["`merges.txt` is there and `vocab.json` is not"],
    );
}

#[test]
fn a_file_that_is_cut_off_is_refused_with_where() {
    let whole = std::fs::read(fixtures().join("roberta/tokenizer.json")).unwrap();
    let cut = folder(&[("tokenizer.json", &whole[..whole.len() / 2])]);
    assert_says(
        &Tokenizer::read(cut.path()).unwrap_err(),
        &["tokenizer.json", "column", "fetch it again"],
    );
    for other in ["", "null", "[]", "{}", "\u{0}", "{\"model\": 3}"] {
        assert!(
            Tokenizer::from_json(other.as_bytes(), "x").is_err(),
            "{other}"
        );
    }
    let config = folder(&[("tokenizer.json", &whole), ("tokenizer_config.json", b"{")]);
    assert_says(
        &Tokenizer::read(config.path()).unwrap_err(),
        &["tokenizer_config.json"],
    );
}

#[test]
fn merges_of_another_vocabulary_are_refused_with_the_first_that_does_not_fit() {
    let vocab = std::fs::read(fixtures().join("roberta/vocab.json")).unwrap();
    let merges = std::fs::read_to_string(fixtures().join("roberta/merges.txt")).unwrap();
    let other = folder(&[
        ("vocab.json", &vocab),
        ("merges.txt", format!("{merges}q zzx\n").as_bytes()),
    ]);
    let last = format!("merge {} is", merges.lines().count());
    let parts = [
        "vocab.json and merges.txt",
        &last,
        "`q` with `zzx`",
        "lacks `zzx`",
        "same model",
    ];
    assert_says(&Tokenizer::read(other.path()).unwrap_err(), &parts);
    // Both halves are tokens, the whole is longer than any: tokenizers itself would panic.
    let tokens = json_of("roberta/vocab.json");
    let longest = tokens
        .as_object()
        .unwrap()
        .keys()
        .max_by_key(|token| token.len())
        .unwrap();
    let long = folder(&[
        ("vocab.json", &vocab),
        ("merges.txt", format!("{longest} {longest}").as_bytes()),
    ]);
    let joined = format!("lacks `{longest}{longest}`");
    assert_says(
        &Tokenizer::read(long.path()).unwrap_err(),
        &["merge 1", &joined],
    );
    let spaces = folder(&[
        ("vocab.json", &vocab),
        ("merges.txt", b"#version: 0.2\na b c\n"),
    ]);
    assert_says(
        &Tokenizer::read(spaces.path()).unwrap_err(),
        &["merges.txt", "line 2", "`a b c`"],
    );
    let bytes = folder(&[("vocab.json", &vocab), ("merges.txt", b"a b\n\xff")]);
    assert!(matches!(
        Tokenizer::read(bytes.path()),
        Err(TokensError::NotUtf8 {
            offset: 4,
            line: 2,
            ..
        })
    ));
}

#[test]
fn a_vocabulary_of_another_kind_is_refused_with_what_it_lacks() {
    let without = |token: &str| {
        let mut vocab = json_of("roberta/vocab.json");
        vocab.as_object_mut().unwrap().remove(token);
        let other = folder(&[
            ("vocab.json", vocab.to_string().as_bytes()),
            ("merges.txt", b""),
        ]);
        Tokenizer::read(other.path()).unwrap_err()
    };
    assert_says(&without("<s>"), &["lacks `<s>`", "not RoBERTa's"]);
    assert_says(&without("Ā"), &["lacks `Ā`", "256 byte tokens"]);
    let bert = folder(&[("vocab.txt", b"[PAD]\n[UNK]\n[CLS]\na\n")]);
    assert_says(
        &Tokenizer::read(bert.path()).unwrap_err(),
        &["lacks `[SEP]`", "not BERT's"],
    );
    let twice = folder(&[("vocab.txt", b"[PAD]\na\na\n")]);
    assert_says(
        &Tokenizer::read(twice.path()).unwrap_err(),
        &["`a` stands in line 2 and 3"],
    );
}

#[test]
fn parts_of_a_tokenizer_json_that_contradict_each_other_are_refused() {
    let error = changed("roberta/tokenizer.json", |json| {
        json["model"]["vocab"]["a"] = json!(0)
    });
    assert_says(&error, &["have one id, 0"]);
    for id in [
        json!(-1),
        json!(1.5),
        json!("1"),
        json!(u32::MAX),
        json!(MAX_TOKENS),
    ] {
        let error = changed("roberta/tokenizer.json", |json| {
            json["model"]["vocab"]["a"] = id
        });
        assert_says(&error, &["the id of `a`"]);
    }
    let error = changed("roberta/tokenizer.json", |json| {
        json["model"]["merges"][3] = json!(["a", "nowhere"])
    });
    assert_says(&error, &["merge 4", "lacks `nowhere`"]);
    let error = changed("roberta/tokenizer.json", |json| {
        json["added_tokens"][1]["id"] = json!(7)
    });
    assert_says(&error, &["`<pad>`", "id 7"]);
    let error = changed("roberta/tokenizer.json", |json| {
        json["post_processor"]["cls"][1] = json!(9)
    });
    assert_says(&error, &["`<s>`", "id 9"]);
    let error = changed("bert/uncased.json", |json| {
        json["model"]["unk_token"] = json!("[WHAT]")
    });
    assert_says(&error, &["unknown token, `[WHAT]`"]);
    let error = changed("bert/uncased.json", |json| {
        json["post_processor"]["special_tokens"] = json!({})
    });
    assert_says(&error, &["`[CLS]`", "does not define it"]);
    let error = changed("bert/uncased.json", |json| {
        json["post_processor"]["single"][1] = json!({"Sequence": {"id": "B", "type_id": 0}})
    });
    assert_says(&error, &["does not hold that text once"]);
}

#[test]
fn what_would_give_other_rows_than_the_encoder_expects_is_refused() {
    let error = changed("roberta/tokenizer.json", |json| {
        json["model"]["dropout"] = json!(0.1)
    });
    assert_says(&error, &["at random", "`model.dropout` to null"]);
    let unigram = json!({"type": "Unigram", "vocab": [["a", 0.0]], "unk_id": 0});
    let error = changed("roberta/tokenizer.json", |json| json["model"] = unigram);
    assert_says(&error, &["Unigram", "RoBERTa or BERT"]);
    let left =
        json!({"direction": "Left", "max_length": 9, "strategy": "LongestFirst", "stride": 0});
    let error = changed("roberta/tokenizer.json", |json| json["truncation"] = left);
    assert_says(&error, &["on the left"]);
    let whole = std::fs::read(fixtures().join("roberta/tokenizer.json")).unwrap();
    let left = folder(&[
        ("tokenizer.json", &whole),
        ("tokenizer_config.json", br#"{"padding_side": "left"}"#),
    ]);
    assert_says(
        &Tokenizer::read(left.path()).unwrap_err(),
        &["on the left", "tokenizer_config.json"],
    );
}

#[test]
fn the_padding_token_is_the_files_own_and_its_absence_is_refused() {
    let strip = |json: &mut Value| {
        let vocab = json["model"]["vocab"].as_object_mut().unwrap();
        let id = vocab.remove("<pad>").unwrap();
        vocab.insert("<fill>".into(), id);
        json["added_tokens"]
            .as_array_mut()
            .unwrap()
            .retain(|t| t["content"] != "<pad>");
    };
    assert_says(
        &changed("roberta/tokenizer.json", strip),
        &["no padding token", "`pad_token`"],
    );
    let mut json = json_of("roberta/tokenizer.json");
    strip(&mut json);
    let named = folder(&[
        ("tokenizer.json", json.to_string().as_bytes()),
        (
            "tokenizer_config.json",
            br#"{"pad_token": {"content": "<fill>"}}"#,
        ),
    ]);
    let named = Tokenizer::read(named.path()).unwrap();
    assert_eq!((named.pad_token(), named.pad_id()), ("<fill>", 1));
    let again = Tokenizer::from_json(named.to_json().unwrap().as_bytes(), "x").unwrap();
    assert_eq!(
        again.pad_token(),
        "<fill>",
        "a saved tokenizer keeps its padding"
    );
    let error = changed("bert/uncased.json", |json| {
        let rest = json!({"strategy": "BatchLongest", "direction": "Right", "pad_to_multiple_of": null, "pad_type_id": 0});
        json["padding"] = rest;
        json["padding"]["pad_token"] = json!("[PAD]");
        json["padding"]["pad_id"] = json!(4);
    });
    assert_says(&error, &["`[PAD]`", "4"]);
}

#[test]
fn a_length_without_room_for_text_is_refused_with_the_least() {
    for length in [0, 1, 2] {
        let error = roberta().with_max_length(length).unwrap_err();
        assert_says(
            &error,
            &["leaves no token for text", "2 special tokens", "at least 3"],
        );
    }
    assert_eq!(
        roberta()
            .with_max_length(3)
            .unwrap()
            .encode("a b")
            .unwrap()
            .ids
            .len(),
        3
    );
    assert!(matches!(
        roberta().with_max_length(usize::MAX),
        Err(TokensError::LongLength { .. })
    ));
}

#[test]
fn bytes_that_are_not_text_are_refused_with_their_place() {
    let error = roberta()
        .encode_bytes(b"fine\nna\xefve", "posts.txt")
        .unwrap_err();
    assert_says(&error, &["posts.txt", "byte 7", "line 2", "iconv"]);
    assert_eq!(
        roberta().encode_bytes("naïve".as_bytes(), "x").unwrap(),
        roberta().encode("naïve").unwrap()
    );
}

#[test]
fn weights_of_another_model_are_refused() {
    let tokenizer = roberta();
    let rows = tokenizer.largest_id() as usize + 1;
    tokenizer.fits(&Embeddings::roberta(rows, 130, 1)).unwrap();
    tokenizer
        .fits(&Embeddings::roberta(rows + 1, 514, 1))
        .unwrap();
    let error = tokenizer
        .fits(&Embeddings::roberta(rows - 1, 514, 1))
        .unwrap_err();
    assert_says(
        &error,
        &[
            &format!("go up to {}", rows - 1),
            &format!("have {} token", rows - 1),
            "same model",
        ],
    );
    // RoBERTa's positions start after the padding id, so 129 rows hold 127 tokens.
    let error = tokenizer
        .fits(&Embeddings::roberta(rows, 129, 1))
        .unwrap_err();
    assert_says(&error, &["128 tokens", "127 positions", "at most 127"]);
    tokenizer.fits(&Embeddings::bert(rows, 128, 1)).unwrap();
    let error = tokenizer.fits(&Embeddings::bert(rows, 512, 0)).unwrap_err();
    assert_says(&error, &["pads with id 1", "expect 0"]);
}

#[test]
fn training_on_nothing_or_for_an_impossible_size_is_refused() {
    assert!(matches!(
        Tokenizer::train_bpe([""; 0], 300),
        Err(TokensError::NoTexts)
    ));
    for size in [0, MIN_VOCABULARY - 1, usize::MAX] {
        let error = Tokenizer::train_bpe(["a"], size).unwrap_err();
        assert_says(&error, &[&size.to_string(), &MIN_VOCABULARY.to_string()]);
    }
    let bytes = Tokenizer::train_bpe(["aaaa"], MIN_VOCABULARY).unwrap();
    assert_eq!(bytes.vocabulary(), MIN_VOCABULARY);
}
