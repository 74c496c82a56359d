//! What a SHA-256 is kept in, and what it is of.

use sha2::{Digest, Sha256};

/// A SHA-256.
pub(crate) type Hash = [u8; 32];

/// Adds a text after its length, so that no two sequences of texts hash alike.
pub(crate) fn update_with_text(hash: &mut Sha256, text: &str) {
    hash.update((text.len() as u64).to_le_bytes());
    hash.update(text);
}
