//! The tokenizer in use: texts in, rows of ids out.

use rayon::prelude::*;
use tokenizers::{PostProcessor, TruncationParams};

use crate::limits::{DEFAULT_LENGTH, MAX_LENGTH};
use crate::{TokensError, text};

/// A text as a row of fixed length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Token ids, `[max_length]`, padded at the end.
    pub ids: Vec<u32>,
    /// 1 for a token and 0 for padding, `[max_length]`.
    pub mask: Vec<u8>,
}

impl Tokens {
    /// Tokens before the padding, special ones included.
    pub fn len(&self) -> usize {
        self.mask.iter().filter(|&&m| m == 1).count()
    }

    /// Whether there is nothing but padding.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Turns texts into [`Tokens`]; can be shared between threads.
#[derive(Clone, Debug)]
pub struct Tokenizer {
    /// Truncates to `max_length` and never pads.
    pub(crate) inner: tokenizers::Tokenizer,
    max_length: usize,
    special: usize,
    start: Option<u32>,
    pad: Padding,
    largest: u32,
}

/// The token that fills a row.
#[derive(Clone, Debug)]
pub(crate) struct Padding {
    pub(crate) token: String,
    pub(crate) id: u32,
}

impl Tokenizer {
    /// From an inner tokenizer whose parts are known to fit together.
    pub(crate) fn from_parts(
        mut inner: tokenizers::Tokenizer,
        pad: Padding,
    ) -> Result<Self, TokensError> {
        inner.with_padding(None);
        inner.with_truncation(None)?;
        let special = inner
            .get_post_processor()
            .map_or(0, |p| p.added_tokens(false));
        let start = inner.encode_fast("", true)?.get_ids().first().copied();
        let largest = inner.get_vocab(true).into_values().max().unwrap_or(0);
        let max_length = DEFAULT_LENGTH.max(special + 1);
        Self {
            inner,
            max_length,
            special,
            start,
            pad,
            largest,
        }
        .with_max_length(max_length)
    }

    /// The same tokenizer with rows of another length in tokens.
    ///
    /// # Errors
    /// The length leaves no token for text beside the special ones, or is beyond every position
    /// table.
    pub fn with_max_length(mut self, max_length: usize) -> Result<Self, TokensError> {
        if max_length <= self.special {
            return Err(TokensError::MaxLength {
                max_length,
                special: self.special,
            });
        }
        if max_length > MAX_LENGTH {
            return Err(TokensError::LongLength {
                max_length,
                most: MAX_LENGTH,
            });
        }
        let truncation = TruncationParams {
            max_length,
            ..TruncationParams::default()
        };
        self.inner.with_truncation(Some(truncation))?;
        self.max_length = max_length;
        Ok(self)
    }

    /// A text's ids with its special tokens, cut to the maximum length and
    /// not padded: what a store keeps.
    ///
    /// # Errors
    /// [`TokensError::Failed`], for a tokenizer without an unknown token.
    pub fn ids(&self, text: &str) -> Result<Vec<u32>, TokensError> {
        Ok(self.inner.encode_fast(text, true)?.get_ids().to_vec())
    }

    /// A text as a row of [`max_length`](Self::max_length) ids and its mask.
    ///
    /// The name of a special token in the text becomes that token, as in
    /// Hugging Face's tokenizers.
    pub fn encode(&self, text: &str) -> Result<Tokens, TokensError> {
        let mut ids = self.ids(text)?;
        let mut mask = vec![1; ids.len()];
        ids.resize(self.max_length, self.pad.id);
        mask.resize(self.max_length, 0);
        Ok(Tokens { ids, mask })
    }

    /// A text that is still bytes; `name` is for the message.
    pub fn encode_bytes(&self, bytes: &[u8], name: &str) -> Result<Tokens, TokensError> {
        self.encode(text::utf8(bytes, name)?)
    }

    /// Many texts on rayon's threads, in their order.
    pub fn encode_batch<S: AsRef<str> + Sync>(
        &self,
        texts: &[S],
    ) -> Result<Vec<Tokens>, TokensError> {
        texts
            .par_iter()
            .map(|text| self.encode(text.as_ref()))
            .collect()
    }

    /// Tokens in a row.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Tokens that are added to every text.
    pub fn special(&self) -> usize {
        self.special
    }

    /// The first token of every row (`<s>`, `[CLS]`), if it is a special one.
    pub fn start_id(&self) -> Option<u32> {
        self.start
    }

    /// The id that fills a row.
    pub fn pad_id(&self) -> u32 {
        self.pad.id
    }

    /// The name of the token that fills a row.
    pub fn pad_token(&self) -> &str {
        &self.pad.token
    }

    /// The id of a token, by its name in the vocabulary.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.inner.token_to_id(token)
    }

    /// Tokens in the vocabulary, special ones included.
    pub fn vocabulary(&self) -> usize {
        self.inner.get_vocab_size(true)
    }

    /// The largest id of the vocabulary; more than its size where there are holes.
    pub fn largest_id(&self) -> u32 {
        self.largest
    }
}
