#![doc = include_str!("../README.md")]
//!
//! * [`download`] brings one file: into a temporary file beside its place, resumed after an
//!   interruption, checked by length and digest before it gets its name. [`Client`] does the same
//!   for many.
//! * [`hub`] knows models by name, pinned to a commit. [`hub::located`] says where their files lie
//!   or belong without opening a socket; [`hub::fetch`] brings them into the cache that Python's
//!   `huggingface_hub` uses.
//! * [`datasets`] says the same of the paper's data sets: what can be downloaded, what a person
//!   must do, and whether a folder of raw files is complete.
//! * [`lfs`] brings objects of a Git LFS repository, several at a time, each known by its pointer.
//! * [`archive`] unpacks zip and tar files into folders that they cannot leave.
//!
//! Nothing is trusted that has no digest: a [`Source`] without one is refused. A token goes to the
//! host it is meant for and into no message. `AMST_OFFLINE=1` and `HF_HUB_OFFLINE=1` switch the
//! network off.
//!
//! Features, all on: `net` for downloads, `hub` for the Hub, `archives`. Without them the crate
//! opens no socket and links no network library; looking up what is here works all the same.
#![warn(missing_docs)]

#[cfg(feature = "archives")]
pub mod archive;
pub mod datasets;
mod digest;
mod error;
pub mod hub;
pub mod lfs;
mod message;
mod source;
mod token;
#[cfg(feature = "net")]
mod transfer;

pub use digest::{Content, Difference, Digest, Expected, GitBlob, Sha256};
pub use error::FetchError;
pub use message::Message;
pub use source::{Source, Step, Verified};
pub use token::Token;
#[cfg(feature = "net")]
pub use transfer::{Client, Clock, Options, Retry, SystemClock, download};

/// Whether the environment switches the network off: `AMST_OFFLINE` or `HF_HUB_OFFLINE` is 1, true,
/// yes or on.
pub fn offline() -> bool {
    ["AMST_OFFLINE", "HF_HUB_OFFLINE"]
        .iter()
        .any(|name| std::env::var(name).is_ok_and(|text| is_on(&text)))
}

/// A switch of the environment, as `huggingface_hub` reads them.
pub(crate) fn is_on(text: &str) -> bool {
    ["1", "true", "yes", "on"].contains(&text.trim().to_ascii_lowercase().as_str())
}
