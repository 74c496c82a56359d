#![doc = include_str!("../README.md")]
//!
//! A [`Tokenizer`] is read from the files that Hugging Face's models ship
//! ([`Tokenizer::read`]: `tokenizer.json`, or `vocab.json` and `merges.txt`,
//! or `vocab.txt`), or trained on the texts of a training split
//! ([`Tokenizer::train_bpe`]). It turns a text into [`Tokens`] of one fixed
//! length: special tokens around it, cut at the end or padded, with a mask
//! that tells the two apart. The length is [`DEFAULT_LENGTH`] unless
//! [`Tokenizer::with_max_length`] says otherwise.
//!
//! The work is done by the `tokenizers` crate, Hugging Face's own;
//! `tests/fixtures` holds the ids and masks of `transformers` for 2,457
//! texts.
//!
//! ```
//! use amst_tokens::{Embeddings, Tokenizer};
//!
//! let posts = ["what a goal", "what a match", "no goal, no match"];
//! let tokenizer = Tokenizer::train_bpe(posts, 300)?.with_max_length(8)?;
//! let tokens = tokenizer.encode("what a match")?;
//! assert_eq!((tokens.ids.len(), tokens.ids[0]), (8, tokenizer.start_id().unwrap()));
//! assert_eq!(tokens.ids[tokens.len()..], vec![tokenizer.pad_id(); 8 - tokens.len()]);
//! assert_eq!(tokens.mask.iter().map(|&m| usize::from(m)).sum::<usize>(), tokens.len());
//!
//! // Weights with 300 rows of token embeddings and 12 of positions, of which RoBERTa uses 10.
//! tokenizer.fits(&Embeddings::roberta(300, 12, tokenizer.pad_id()))?;
//! # Ok::<(), amst_tokens::TokensError>(())
//! ```

#![warn(missing_docs)]

mod bert;
mod consistency;
mod embeddings;
mod error;
mod json;
mod limits;
mod read;
mod roberta;
mod supported;
mod text;
mod tokenizer;
mod train;

pub use embeddings::Embeddings;
pub use error::TokensError;
pub use limits::{DEFAULT_LENGTH, MAX_TOKENS, MIN_VOCABULARY, SPECIAL_TOKENS};
pub use text::{lines, utf8};
pub use tokenizer::{Tokenizer, Tokens};
