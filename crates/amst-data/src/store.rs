//! Features prepared once and kept in one checked, memory-mapped file a modality.

pub(crate) mod contents;
mod earlier;
pub(crate) mod format;
pub(crate) mod hash_cache;
mod journal;
pub(crate) mod key;
pub(crate) mod lock;
pub(crate) mod read;
pub(crate) mod record_maker;
pub(crate) mod writer;
