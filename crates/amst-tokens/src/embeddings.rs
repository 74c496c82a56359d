//! Whether a tokenizer and a text encoder's weights belong together.

use crate::{Tokenizer, TokensError};

/// What a text encoder's embedding tables can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Embeddings {
    /// Rows of the token table, `vocab_size` in `config.json`.
    pub vocabulary: usize,
    /// Rows of the position table, `max_position_embeddings` in `config.json`.
    pub positions: usize,
    /// The row of the first token's position.
    pub first_position: usize,
    /// The padding token's id, `pad_token_id` in `config.json`.
    pub padding: u32,
}

impl Embeddings {
    /// RoBERTa counts positions from the row after the padding id: with 514
    /// rows and padding 1, a text has 512 tokens at most.
    pub fn roberta(vocabulary: usize, positions: usize, padding: u32) -> Self {
        Self {
            vocabulary,
            positions,
            first_position: padding as usize + 1,
            padding,
        }
    }

    /// BERT counts positions from row 0.
    pub fn bert(vocabulary: usize, positions: usize, padding: u32) -> Self {
        Self {
            vocabulary,
            positions,
            first_position: 0,
            padding,
        }
    }

    /// The longest text in tokens, special ones included.
    pub fn longest(&self) -> usize {
        self.positions.saturating_sub(self.first_position)
    }
}

impl Tokenizer {
    /// Whether every row that this tokenizer can produce finds its embeddings.
    ///
    /// # Errors
    /// The largest id has no row, the length exceeds the positions, or the
    /// padding ids differ. Rows that no token uses are fine: published tables
    /// are often rounded up.
    pub fn fits(&self, weights: &Embeddings) -> Result<(), TokensError> {
        if self.largest_id() as usize >= weights.vocabulary {
            return Err(TokensError::Vocabulary {
                largest: self.largest_id(),
                rows: weights.vocabulary,
            });
        }
        if self.max_length() > weights.longest() {
            return Err(TokensError::Positions {
                max_length: self.max_length(),
                positions: weights.longest(),
            });
        }
        if self.pad_id() != weights.padding {
            return Err(TokensError::Padding {
                pad: self.pad_id(),
                expected: weights.padding,
            });
        }
        Ok(())
    }
}
