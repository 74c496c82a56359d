//! Features prepared once and kept in one checked, memory-mapped file a modality.
//!
//! * [`key`]: what a store is made of, as a hash: it names the file.
//! * [`hash_cache`]: remembers the content hash of source files that did not change.
//! * [`lock`]: one process at a time makes stores in a folder.
//! * [`format`]: the bytes of a store file.
//! * [`read`]: opens, checks and maps one.
//! * [`record_maker`]: makes records, several at once.
//! * [`writer`]: has the records made that are missing, and writes a store.
//! * [`journal`]: records that are made and in no store yet.
//! * [`earlier`]: records that another store has.

mod earlier;
pub(crate) mod format;
pub(crate) mod hash_cache;
mod journal;
pub(crate) mod key;
pub(crate) mod lock;
pub(crate) mod read;
pub(crate) mod record_maker;
pub(crate) mod writer;
