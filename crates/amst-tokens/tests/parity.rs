//! Ids and masks of Hugging Face's `transformers`, recorded by `fixtures/make.py`.

use std::path::{Path, PathBuf};

use amst_tokens::{Tokenizer, Tokens};
use serde_json::Value;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn texts() -> Vec<String> {
    let lines = std::fs::read_to_string(fixtures().join("strings.jsonl")).unwrap();
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// For each text its ids before the padding.
fn recorded(file: &str) -> Vec<Vec<u32>> {
    let bytes = std::fs::read(fixtures().join(file)).unwrap();
    let flat = npyz::NpyFile::new(&bytes[..])
        .unwrap()
        .into_vec::<u16>()
        .unwrap();
    let mut flat = flat.into_iter().map(u32::from);
    let mut rows = Vec::new();
    while let Some(count) = flat.next() {
        rows.push(flat.by_ref().take(count as usize).collect());
    }
    rows
}

fn assert_same<S: AsRef<str> + Sync>(tokenizer: &Tokenizer, texts: &[S], file: &str) {
    let (rows, length) = (recorded(file), tokenizer.max_length());
    assert_eq!(rows.len(), texts.len(), "{file}");
    let ours = tokenizer.encode_batch(texts).unwrap();
    for ((ours, theirs), text) in ours.into_iter().zip(rows).zip(texts) {
        let mut mask = vec![1; theirs.len()];
        let mut ids = theirs;
        ids.resize(length, tokenizer.pad_id());
        mask.resize(length, 0);
        assert_eq!(ours, Tokens { ids, mask }, "{file}: {:?}", text.as_ref());
    }
}

#[test]
fn there_are_texts_of_every_kind() {
    let texts = texts();
    assert!(texts.len() >= 2_000);
    let some = |what: &str, holds: &dyn Fn(&str) -> bool| {
        assert!(texts.iter().any(|t| holds(t)), "{what}")
    };
    some("empty", &str::is_empty);
    some("10,000 characters", &|t| t.chars().count() == 10_000);
    some("NUL", &|t| t.contains('\0'));
    some("CRLF", &|t| t.contains("\r\n"));
    some("joined emoji", &|t| t.contains("👩‍👩‍👧‍👦"));
    some("a flag", &|t| t.contains("🇸🇪"));
    some("right to left", &|t| {
        t.contains('ש') && t.chars().all(|c| !c.is_ascii_alphabetic())
    });
    some("combining marks", &|t| t.contains('\u{301}'));
    some("links and mentions", &|t| {
        t.contains("https://") && t.contains('@')
    });
    some("special tokens", &|t| {
        t.contains("<s>") && t.contains("<mask>")
    });
    some("spaces at both ends", &|t| {
        t.starts_with(' ') && t.ends_with(' ') && t.trim().len() > 3
    });
}

#[test]
fn vocabulary_and_merges_give_robertas_ids_and_masks() {
    let tokenizer = Tokenizer::read(&fixtures().join("roberta/vocab.json")).unwrap();
    assert_eq!(
        (
            tokenizer.start_id(),
            tokenizer.pad_id(),
            tokenizer.special()
        ),
        (Some(0), 1, 2)
    );
    assert_eq!(tokenizer.id("<mask>"), Some(tokenizer.largest_id()));
    for length in [16, 128, 256] {
        let tokenizer = tokenizer.clone().with_max_length(length).unwrap();
        assert_same(&tokenizer, &texts(), &format!("roberta/{length}.npy"));
    }
}

#[test]
fn tokenizer_json_gives_robertas_ids_and_masks() {
    let tokenizer = Tokenizer::read(&fixtures().join("roberta")).unwrap();
    for length in [16, 128, 256] {
        let tokenizer = tokenizer.clone().with_max_length(length).unwrap();
        assert_same(&tokenizer, &texts(), &format!("roberta/{length}.npy"));
    }
}

#[test]
fn tokenizer_json_gives_berts_ids_and_masks() {
    let texts: Vec<String> = texts().into_iter().step_by(5).collect();
    for name in ["uncased", "cased"] {
        let tokenizer = Tokenizer::read(&fixtures().join(format!("bert/{name}.json"))).unwrap();
        assert_eq!(
            (
                tokenizer.start_id(),
                tokenizer.pad_id(),
                tokenizer.special()
            ),
            (Some(3), 0, 2)
        );
        for length in [16, 128] {
            let tokenizer = tokenizer.clone().with_max_length(length).unwrap();
            assert_same(&tokenizer, &texts, &format!("bert/{name}-{length}.npy"));
        }
    }
}

#[test]
fn berts_vocabulary_alone_gives_the_same_and_its_configuration_says_whether_case_counts() {
    let texts: Vec<String> = texts().into_iter().step_by(5).collect();
    let uncased = Tokenizer::read(&fixtures().join("bert/vocab.txt")).unwrap();
    assert_same(&uncased, &texts, "bert/uncased-128.npy");
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(
        fixtures().join("bert/vocab.txt"),
        folder.path().join("vocab.txt"),
    )
    .unwrap();
    std::fs::write(
        folder.path().join("tokenizer_config.json"),
        r#"{"do_lower_case": false}"#,
    )
    .unwrap();
    assert_same(
        &Tokenizer::read(folder.path()).unwrap(),
        &texts,
        "bert/cased-128.npy",
    );
}

#[test]
fn training_learns_the_merges_that_hugging_face_learns() {
    let texts: Vec<String> = texts().into_iter().step_by(3).collect();
    let ours: Value = serde_json::from_str(
        &Tokenizer::train_bpe(&texts, 600)
            .unwrap()
            .to_json()
            .unwrap(),
    )
    .unwrap();
    let theirs: Value =
        serde_json::from_slice(&std::fs::read(fixtures().join("trained.json")).unwrap()).unwrap();
    assert_eq!(ours["model"]["merges"].as_array().unwrap().len(), 600 - 261);
    assert_eq!(ours["model"], theirs["model"]);
}
