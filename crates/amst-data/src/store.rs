//! Features prepared once and kept in one checked, memory-mapped file a modality.
//!
//! * [`key`]: what a store is made of, as a hash: it names the file.
//! * [`ledger`]: remembers the content hash of source files that did not change.
//! * [`format`]: the bytes of a store file.
//! * [`read`]: opens, checks and maps one.
//! * [`make`]: writes one.

pub(crate) mod format;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod make;
pub(crate) mod read;
