//! What a trained tokenizer is made of, and that it is always the same.

use std::path::Path;

use amst_tokens::{SPECIAL_TOKENS, Tokenizer};

fn texts() -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/strings.jsonl");
    std::fs::read_to_string(path)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn with_threads<T: Send>(threads: usize, work: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build()
        .unwrap()
        .install(work)
}

#[test]
fn any_number_of_threads_learns_the_same_bytes() {
    let texts = texts();
    let train = || Tokenizer::train_bpe(&texts, 1_500).unwrap();
    let once = with_threads(1, train);
    assert_eq!(once.vocabulary(), 1_500);
    for threads in [1, 2, 5] {
        let again = with_threads(threads, train);
        assert_eq!(
            again.to_json().unwrap(),
            once.to_json().unwrap(),
            "{threads} threads"
        );
        assert_eq!(
            again.digest().unwrap(),
            once.digest().unwrap(),
            "{threads} threads"
        );
    }
    let rows = with_threads(1, || once.encode_batch(&texts).unwrap());
    assert_eq!(with_threads(5, || once.encode_batch(&texts).unwrap()), rows);
}

#[test]
fn the_special_tokens_have_robertas_ids() {
    let tokenizer = Tokenizer::train_bpe(texts(), 400).unwrap();
    let ids: Vec<_> = SPECIAL_TOKENS
        .iter()
        .map(|token| tokenizer.id(token))
        .collect();
    assert_eq!(ids, [Some(0), Some(1), Some(2), Some(3), Some(4)]);
    assert_eq!(
        (
            tokenizer.start_id(),
            tokenizer.pad_id(),
            tokenizer.pad_token()
        ),
        (Some(0), 1, "<pad>")
    );
    assert_eq!(tokenizer.ids("").unwrap(), [0, 2]);
    assert_eq!(tokenizer.ids("<s> <mask>").unwrap(), [0, 0, 4, 2]);
}

#[test]
fn no_byte_is_unknown_to_it() {
    let tokenizer = Tokenizer::train_bpe(["only these words"], 300)
        .unwrap()
        .with_max_length(4_096)
        .unwrap();
    let unknown = tokenizer.id("<unk>").unwrap();
    for text in texts()
        .iter()
        .filter(|text| !text.contains("<unk>") && text.len() < 4_000)
    {
        let ids = tokenizer.ids(text).unwrap();
        assert!(!ids.contains(&unknown), "{text:?}");
    }
    assert_eq!(tokenizer.ids("é\0").unwrap().len(), 2 + 3);
}

#[test]
fn the_digest_tells_tokenizers_apart_and_not_their_lengths() {
    let texts = texts();
    let digest =
        |size, texts: &[String]| Tokenizer::train_bpe(texts, size).unwrap().digest().unwrap();
    let first = digest(300, &texts);
    assert_eq!(first.len(), 64);
    assert_ne!(digest(301, &texts), first);
    assert_ne!(digest(300, &texts[..400]), first);
    let short = Tokenizer::train_bpe(&texts, 300)
        .unwrap()
        .with_max_length(9)
        .unwrap();
    assert_eq!(short.digest().unwrap(), first);
}

#[test]
fn more_merges_make_fewer_tokens() {
    let texts = texts();
    let tokens = |size| {
        let tokenizer = Tokenizer::train_bpe(&texts, size)
            .unwrap()
            .with_max_length(1 << 16)
            .unwrap();
        texts
            .iter()
            .map(|text| tokenizer.ids(text).unwrap().len())
            .sum::<usize>()
    };
    let (few, many) = (tokens(300), tokens(1_000));
    assert!(many * 4 < few * 3, "{many} of {few}");
}
