#![doc = include_str!("../README.md")]
//!
//! * [`prepare`] reads a data set's manifest or published lists ([`layout`]), turns its recordings,
//!   videos, pictures and texts into features in parallel and keeps them in one checked,
//!   memory-mapped file a modality; doing so again finds the files. [`Preparation`] says how many
//!   samples may be left out. [`Prepared::synthetic`] generates data instead.
//! * [`Split`] is one part of it, a `Dataset` of burn's.
//! * [`Loader`] reads a split in [`HostBatch`]es, prefetched and in order. It reads the modalities
//!   that are active and touches no others.
//! * [`Preprocessor`] makes the same batches of files that belong to no data set, and [`Damage`]
//!   damages inputs on purpose.
//! * [`Stream`] is the only source of randomness: a pure function of seed, purpose, epoch and
//!   index, so neither threads nor history change what is read.
//! * [`DataError`] says what is wrong and what to do.
#![warn(missing_docs)]

mod batch;
mod batches;
mod collator;
mod damage;
mod error;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod hash;
pub mod layout;
mod left_out;
mod loader;
mod preparation;
mod prepared;
mod preprocess;
mod progress;
mod random_inputs;
mod record;
mod sample;
mod samples;
mod spelling;
mod split;
mod store;
mod stream;
mod synthetic;
mod tokenizer;

pub use batch::{Features, HostBatch};
pub use batches::Batches;
pub use damage::Damage;
pub use error::{DataError, ErrorKind, Fault, Listing, Lost, Problem};
pub use layout::{Clip, Raw, Row, SplitName};
pub use left_out::LeftOut;
pub use loader::{BatchObserver, BatchTiming, Loader, LoaderConfig};
pub use preparation::{Preparation, prepare};
pub use prepared::Prepared;
pub use preprocess::{Preprocessor, Source};
pub use progress::Progress;
pub use record::text::PAD;
pub use sample::{HostInput, Sample};
pub use split::Split;
pub use store::key::StoreKey;
pub use stream::{Purpose, Stream};

#[doc(no_inline)]
pub use burn_dataset::Dataset;
