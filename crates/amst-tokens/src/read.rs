//! From a model's files to a tokenizer.

use std::path::Path;

use serde_json::Value;

use crate::{Tokenizer, TokensError, bert, json, roberta};

const CONFIG: &str = "tokenizer_config.json";

impl Tokenizer {
    /// Reads the tokenizer of a model from its folder or from one of its files.
    ///
    /// In a folder the first of these counts: `tokenizer.json`; `vocab.json`
    /// with `merges.txt` (RoBERTa's byte-level BPE); `vocab.txt` (BERT's
    /// WordPiece). The file of another name is read as a `tokenizer.json`.
    /// Of a `tokenizer_config.json` beside them, `pad_token` counts and, for
    /// the last two, `add_prefix_space`, `do_lower_case`, `strip_accents` and
    /// `tokenize_chinese_chars`.
    ///
    /// # Errors
    /// Files that are missing, cannot be read, are cut off or contradict each
    /// other.
    pub fn read(path: &Path) -> Result<Self, TokensError> {
        if path.is_dir() {
            return in_folder(path);
        }
        if !path.exists() {
            return Err(TokensError::Missing { path: path.into() });
        }
        let folder = path.parent().unwrap_or(Path::new(""));
        match path.file_name().and_then(|n| n.to_str()) {
            Some("vocab.json" | "merges.txt") => roberta_files(folder),
            Some("vocab.txt") => bert_file(folder),
            _ => json_file(path, folder),
        }
    }
}

fn in_folder(folder: &Path) -> Result<Tokenizer, TokensError> {
    for name in ["tokenizer.json", "vocab.json", "merges.txt", "vocab.txt"] {
        let path = folder.join(name);
        if path.is_file() {
            return Tokenizer::read(&path);
        }
    }
    Err(TokensError::Missing {
        path: folder.into(),
    })
}

fn json_file(path: &Path, folder: &Path) -> Result<Tokenizer, TokensError> {
    Tokenizer::from_json_and_config(&bytes(path)?, &config(folder)?, &path.display().to_string())
}

fn roberta_files(folder: &Path) -> Result<Tokenizer, TokensError> {
    let (vocab, merges) = (folder.join("vocab.json"), folder.join("merges.txt"));
    for (found, missing, path) in [
        ("vocab.json", "merges.txt", &merges),
        ("merges.txt", "vocab.json", &vocab),
    ] {
        if !path.is_file() {
            return Err(TokensError::MissingBeside {
                folder: folder.into(),
                found,
                missing,
            });
        }
    }
    let vocabulary = json::parse(&bytes(&vocab)?, &vocab.display().to_string())?;
    let merges = roberta::merges(&bytes(&merges)?, &merges.display().to_string())?;
    let config = config(folder)?;
    let name = format!("{} and merges.txt", vocab.display());
    let json = roberta::json(vocabulary, merges, &config, &name)?;
    Tokenizer::from_json_and_config(json.to_string().as_bytes(), &config, &name)
}

fn bert_file(folder: &Path) -> Result<Tokenizer, TokensError> {
    let path = folder.join("vocab.txt");
    let name = path.display().to_string();
    let config = config(folder)?;
    let json = bert::json(&bytes(&path)?, &config, &name)?;
    Tokenizer::from_json_and_config(json.to_string().as_bytes(), &config, &name)
}

fn config(folder: &Path) -> Result<Value, TokensError> {
    let path = folder.join(CONFIG);
    if path.is_file() {
        json::parse(&bytes(&path)?, &path.display().to_string())
    } else {
        Ok(Value::Null)
    }
}

fn bytes(path: &Path) -> Result<Vec<u8>, TokensError> {
    std::fs::read(path).map_err(|source| TokensError::Io {
        verb: "read",
        path: path.into(),
        source,
    })
}
