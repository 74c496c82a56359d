#![doc = include_str!("../README.md")]
//!
//! Text goes in, [`Annotation`]s come out. [`parse_list`] reads one published split file and
//! [`read_lists`] the three of a [`Dataset`]; what else the owners ship has a module each:
//! [`crema_d`] (names of files), [`ave`] (`Annotations.txt`), [`mvsa`] (labels of pairs, captions),
//! [`iemocap`] (turns, transcripts), [`ur_funny`] (the owners' folds). No media file is opened. A
//! file with wrong lines is refused with all of them, not the first ([`AnnotationError::Lines`]).
//! [`audit`] finds what is wrong with the lists themselves, and [`select`] makes splits without it.
//!
//! Formats: the data sets' owners; published split files: CXianRen/AMST at 71d414f, `code/data`.
//! See docs/paper.md §2.7.

#![warn(missing_docs)]

mod annotation;
mod audit;
pub mod ave;
pub mod crema_d;
mod dataset;
mod encoding;
mod error;
pub mod iemocap;
mod lfs_pointer;
mod lines;
pub mod mvsa;
mod published;
mod relabel;
mod selection;
pub mod ur_funny;

pub use amst_files::{shell_quoted, shell_word};
pub use annotation::{Annotation, Span, Split};
pub use audit::{AuditRules, Balance, Facts, Finding, Report, audit};
pub use dataset::Dataset;
pub use encoding::utf8_text;
pub use error::{AnnotationError, BadLine};
pub use lfs_pointer::lfs_pointer;
pub use published::{LISTS_FOLDER, parse_list, published_line, read_files, read_lists};
pub use relabel::{Conflict, Mention, later_label_wins};
pub use selection::{Dropped, Reason, Selection, Splitting, select};
