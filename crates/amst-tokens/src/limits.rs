//! Numbers that error messages and checks share.

/// The length in tokens that the paper's text encoder is fed with.
pub const DEFAULT_LENGTH: usize = 128;

/// The longest row that is made; far beyond every published position table.
pub(crate) const MAX_LENGTH: usize = 1 << 20;

/// The most tokens that a vocabulary can have; the largest published one has 0.9 million.
pub const MAX_TOKENS: usize = 1 << 20;

/// RoBERTa's special tokens; trained, they are ids 0 to 4. In published
/// vocabularies `<mask>` is the last id instead.
pub const SPECIAL_TOKENS: [&str; 5] = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"];

/// The smallest vocabulary that can be trained: every byte, and the special tokens.
pub const MIN_VOCABULARY: usize = 256 + SPECIAL_TOKENS.len();
