//! Everything that can go wrong between a text and its ids.

use std::io;
use std::path::PathBuf;

/// What was wrong, and what to do about it.
///
/// `name` is the path of the file in question, or the name given by the caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TokensError {
    /// A file cannot be read or written.
    #[error("{}: cannot be {verb} ({source}); check that the path exists and is permitted", path.display())]
    Io {
        /// `read` or `written`.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// The operating system's error.
        source: io::Error,
    },
    /// A path where no tokenizer is.
    #[error(
        "{}: no tokenizer here; put the model's `tokenizer.json` into this folder, or both `vocab.json` and \
         `merges.txt` (RoBERTa), or `vocab.txt` (BERT)",
        path.display()
    )]
    Missing {
        /// The folder, or a path that does not exist.
        path: PathBuf,
    },
    /// One of two files that belong together is not there.
    #[error(
        "{}: `{found}` is there and `{missing}` is not; put the `{missing}` of the same model beside it",
        folder.display()
    )]
    MissingBeside {
        /// The folder.
        folder: PathBuf,
        /// The file that is there.
        found: &'static str,
        /// The file that is not.
        missing: &'static str,
    },
    /// A file that cannot be parsed, or not as what it should be.
    #[error("{name}: {reason}; the file is cut off or another one: fetch it again")]
    Corrupt {
        /// The file.
        name: String,
        /// The parser's error.
        reason: String,
    },
    /// Parts of a tokenizer that do not belong together.
    #[error(
        "{name}: contradicts itself: {reason}; take all files of a tokenizer from the same model and revision"
    )]
    Contradiction {
        /// The file.
        name: String,
        /// What does not fit.
        reason: String,
    },
    /// A sound tokenizer of a kind that is not used here.
    #[error("{name}: {reason}; {remedy}")]
    Unsupported {
        /// The file.
        name: String,
        /// What is not supported.
        reason: String,
        /// What to do instead.
        remedy: &'static str,
    },
    /// It is unknown which token fills a row.
    #[error(
        "{name}: names no padding token; add a `padding` section with `pad_id` and `pad_token` to tokenizer.json, or \
         put a `tokenizer_config.json` with `pad_token` beside it"
    )]
    NoPadding {
        /// The file.
        name: String,
    },
    /// A length that leaves no token for text.
    #[error(
        "a maximum length of {max_length} leaves no token for text beside {special} special tokens; use at least {least}",
        least = special + 1
    )]
    MaxLength {
        /// The length asked for.
        max_length: usize,
        /// Tokens that are added to every text.
        special: usize,
    },
    /// A length that no position table has.
    #[error(
        "a maximum length of {max_length} tokens is beyond {most}; no text encoder has as many positions"
    )]
    LongLength {
        /// The length asked for.
        max_length: usize,
        /// The largest that is taken.
        most: usize,
    },
    /// Bytes that are not text.
    #[error(
        "{name}: byte {offset} (line {line}) is not UTF-8; find the encoding with `file {name}` and convert it, as in \
         `iconv -f WINDOWS-1252 -t UTF-8`"
    )]
    NotUtf8 {
        /// The file, or what the caller called the bytes.
        name: String,
        /// The first byte that is wrong, counted from 0.
        offset: usize,
        /// Its line, counted from 1.
        line: usize,
    },
    /// A file of texts with none in it.
    #[error("{name}: holds no texts; write one a line")]
    Empty {
        /// The file.
        name: String,
    },
    /// A vocabulary that does not even hold the bytes, or more than any encoder has rows for.
    #[error(
        "a vocabulary of {asked} tokens cannot be trained; use {least} (the 256 bytes and 5 special tokens) to {most}",
        least = crate::MIN_VOCABULARY,
        most = crate::MAX_TOKENS
    )]
    VocabularySize {
        /// The size asked for.
        asked: usize,
    },
    /// Nothing to learn merges from.
    #[error("no texts to train a tokenizer on; give it those of the training split")]
    NoTexts,
    /// Ids beyond the weights' embedding table.
    #[error(
        "the tokenizer's ids go up to {largest} and the weights have {rows} token embeddings; take tokenizer and \
         weights from the same model"
    )]
    Vocabulary {
        /// The tokenizer's largest id.
        largest: u32,
        /// Rows of the weights' table.
        rows: usize,
    },
    /// Texts longer than the weights' position table.
    #[error(
        "a maximum length of {max_length} tokens and {positions} positions in the weights; set a maximum \
         length of at most {positions}"
    )]
    Positions {
        /// The tokenizer's length.
        max_length: usize,
        /// Positions that the weights have for text.
        positions: usize,
    },
    /// Tokenizer and weights disagree about padding.
    #[error(
        "the tokenizer pads with id {pad} and the weights expect {expected} (`pad_token_id`); take tokenizer and \
         weights from the same model"
    )]
    Padding {
        /// The tokenizer's.
        pad: u32,
        /// That of the weights.
        expected: u32,
    },
    /// The tokenizer itself refused a text or could not be written out.
    #[error(
        "the tokenizer failed ({reason}); check its tokenizer.json against the model's original"
    )]
    Failed {
        /// Its error.
        reason: String,
    },
}

impl TokensError {
    pub(crate) fn contradiction(name: &str, reason: impl Into<String>) -> Self {
        Self::Contradiction {
            name: name.into(),
            reason: reason.into(),
        }
    }

    pub(crate) fn corrupt(name: &str, reason: impl ToString) -> Self {
        Self::Corrupt {
            name: name.into(),
            reason: reason.to_string(),
        }
    }
}

/// Of the `tokenizers` crate.
impl From<tokenizers::Error> for TokensError {
    fn from(error: tokenizers::Error) -> Self {
        Self::Failed {
            reason: error.to_string(),
        }
    }
}
