//! Features prepared once and kept in one checked, memory-mapped file a modality.
//!
//! * [`key`]: what a store is made of, as a hash: it names the file.
//! * [`ledger`]: remembers the content hash of source files that did not change.
//! * [`lock`]: one process at a time makes stores in a folder.
//! * [`format`]: the bytes of a store file.
//! * [`read`]: opens, checks and maps one.
//! * [`line`]: makes records, several at once.
//! * [`make`]: has the records made that are missing, and writes a store.
//! * [`journal`]: records that are made and in no store yet.
//! * [`earlier`]: records that another store has.

pub(crate) mod earlier;
pub(crate) mod format;
pub(crate) mod journal;
pub(crate) mod key;
pub(crate) mod ledger;
pub(crate) mod line;
pub(crate) mod lock;
pub(crate) mod make;
pub(crate) mod read;
