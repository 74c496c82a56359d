//! `amst tokens`: texts in, two arrays in NumPy's format out.

use std::path::{Path, PathBuf};

use amst_tokens::Tokenizer;

use crate::program::{DATA, USAGE, amst, done, refused};

const TEXTS: &str = "\u{feff}what a goal 😂\r\n\n  two <mask> spaces\nשלום";

fn tokenizer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../amst-tokens/tests/fixtures/roberta")
}

/// A folder with a file of texts.
fn folder(texts: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("posts.txt"), texts).unwrap();
    folder
}

/// `amst tokens posts.txt --out ids.npy` with the fixture's tokenizer and these arguments.
fn tokens(folder: &Path, arguments: &[&str]) -> std::process::Output {
    let tokenizer = tokenizer();
    let all = [
        "tokens",
        "posts.txt",
        "--out",
        "ids.npy",
        "--tokenizer",
        tokenizer.to_str().unwrap(),
    ];
    amst(folder, &[&all[..], arguments].concat())
}

fn array<T: npyz::Deserialize>(path: &Path) -> (Vec<u64>, String, Vec<T>) {
    let bytes = std::fs::read(path).unwrap();
    let file = npyz::NpyFile::new(&bytes[..]).unwrap();
    (
        file.shape().to_vec(),
        file.dtype().descr(),
        file.into_vec().unwrap(),
    )
}

#[test]
fn every_line_is_a_row_of_ids_and_of_its_mask() {
    let folder = folder(TEXTS.as_bytes());
    let told = done(&tokens(folder.path(), &["--max-length", "12"]));
    assert!(
        told.contains("ids.npy: ids of 4 texts, 12 tokens each") && told.contains("ids.mask.npy"),
        "{told}"
    );
    let library = Tokenizer::read(&tokenizer())
        .unwrap()
        .with_max_length(12)
        .unwrap();
    let rows = library
        .encode_batch(&["what a goal 😂", "", "  two <mask> spaces", "שלום"])
        .unwrap();
    let (shape, dtype, ids) = array::<i64>(&folder.path().join("ids.npy"));
    assert_eq!((shape, dtype.as_str()), (vec![4, 12], "'<i8'"));
    assert_eq!(
        ids,
        rows.iter()
            .flat_map(|row| row.ids.iter().map(|&id| i64::from(id)))
            .collect::<Vec<_>>()
    );
    let (shape, dtype, mask) = array::<f32>(&folder.path().join("ids.mask.npy"));
    assert_eq!((shape, dtype.as_str()), (vec![4, 12], "'<f4'"));
    assert_eq!(
        mask,
        rows.iter()
            .flat_map(|row| row.mask.iter().map(|&m| f32::from(m)))
            .collect::<Vec<_>>()
    );
    assert_eq!(
        (ids[12..15].to_vec(), mask[12..15].to_vec()),
        (vec![0, 2, 1], vec![1.0, 1.0, 0.0])
    );
}

#[test]
fn rows_have_the_papers_length_and_the_mask_goes_where_it_is_told() {
    let folder = folder(TEXTS.as_bytes());
    done(&tokens(folder.path(), &["--mask", "m.npy"]));
    assert_eq!(array::<f32>(&folder.path().join("m.npy")).0, [4, 128]);
    assert!(!folder.path().join("ids.mask.npy").exists());
}

#[test]
fn without_a_tokenizer_it_tells_how_to_get_one() {
    let folder = folder(b"text");
    let output = amst(folder.path(), &["tokens", "posts.txt", "--out", "ids.npy"]);
    refused(
        &output,
        USAGE,
        &[
            "`--tokenizer roberta-base`",
            "tokenizer.json",
            "cargo xtask fetch roberta-base",
        ],
    );
    let output = amst(
        folder.path(),
        &[
            "tokens",
            "posts.txt",
            "--out",
            "ids.npy",
            "--tokenizer",
            "elsewhere",
        ],
    );
    refused(
        &output,
        DATA,
        &["elsewhere", "`vocab.json` and `merges.txt`"],
    );
    assert!(!folder.path().join("ids.npy").exists());
}

#[test]
fn texts_that_cannot_be_read_are_refused_with_what_helps() {
    let latin = folder(b"fine\ncaf\xe9\n");
    refused(
        &tokens(latin.path(), &[]),
        DATA,
        &["posts.txt", "byte 8", "line 2", "UTF-8", "iconv"],
    );
    refused(
        &tokens(folder(b"").path(), &[]),
        DATA,
        &["posts.txt", "no texts"],
    );
    refused(
        &tokens(tempfile::tempdir().unwrap().path(), &[]),
        DATA,
        &["posts.txt", "cannot be read"],
    );
    assert!(!latin.path().join("ids.npy").exists());
}

#[test]
fn a_length_without_a_token_for_text_and_files_that_would_overwrite_each_other_are_refused() {
    let folder = folder(b"text");
    refused(
        &tokens(folder.path(), &["--max-length", "2"]),
        USAGE,
        &["no token for text", "at least 3"],
    );
    refused(
        &tokens(folder.path(), &["--max-length", "99999999999"]),
        USAGE,
        &["beyond"],
    );
    refused(
        &tokens(folder.path(), &["--mask", "ids.npy"]),
        USAGE,
        &["three files"],
    );
    refused(
        &tokens(folder.path(), &["--mask", "posts.txt"]),
        USAGE,
        &["three files"],
    );
    refused(
        &tokens(folder.path(), &["--mask", "no/such/folder.npy"]),
        DATA,
        &["no/such/folder.npy", "--mask"],
    );
    assert_eq!(
        std::fs::read(folder.path().join("posts.txt")).unwrap(),
        b"text"
    );
}
