//! Byte-level BPE from the texts of a training split.

use std::collections::HashSet;

use tokenizers::AddedToken;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainer};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::processors::roberta::RobertaProcessing;

use crate::tokenizer::Padding;
use crate::{MAX_TOKENS, MIN_VOCABULARY, SPECIAL_TOKENS, Tokenizer, TokensError};

impl Tokenizer {
    /// Trains a byte-level BPE tokenizer with RoBERTa's special tokens.
    ///
    /// The vocabulary has `vocabulary` tokens, or fewer if no pair is left that
    /// occurs twice. The same texts give the same tokenizer, with any
    /// number of threads and in any order. Give it the training split alone:
    /// merges learnt on a test split are a leak.
    ///
    /// # Errors
    /// No texts, or a vocabulary outside [`MIN_VOCABULARY`] to [`MAX_TOKENS`].
    pub fn train_bpe<I>(texts: I, vocabulary: usize) -> Result<Self, TokensError>
    where
        I: IntoIterator<IntoIter: Send, Item: AsRef<str> + Send>,
    {
        if !(MIN_VOCABULARY..=MAX_TOKENS).contains(&vocabulary) {
            return Err(TokensError::VocabularySize { asked: vocabulary });
        }
        let mut texts = texts.into_iter().peekable();
        if texts.peek().is_none() {
            return Err(TokensError::NoTexts);
        }
        let mut inner = tokenizers::Tokenizer::new(BPE::default());
        inner.with_pre_tokenizer(Some(ByteLevel::new(false, true, true)));
        inner.with_decoder(Some(ByteLevel::default()));
        let special =
            SPECIAL_TOKENS.map(|token| AddedToken::from(token, true).lstrip(token == "<mask>"));
        let alphabet: HashSet<char> = ByteLevel::alphabet().into_iter().collect();
        let trainer = BpeTrainer::builder()
            .vocab_size(vocabulary)
            .min_frequency(2)
            .show_progress(false)
            .special_tokens(special.to_vec())
            .initial_alphabet(alphabet)
            .build();
        inner.train(&mut TrainerWrapper::from(trainer), texts)?;
        inner.with_post_processor(Some(
            RobertaProcessing::new(("</s>".into(), 2), ("<s>".into(), 0)).add_prefix_space(false),
        ));
        let padding = Padding {
            token: "<pad>".into(),
            id: 1,
        };
        // Written out and read, so that it differs in nothing from one that was saved.
        let trained = Self::from_parts(inner, padding)?;
        Self::from_json(trained.to_json()?.as_bytes(), "the trained tokenizer")
    }
}
