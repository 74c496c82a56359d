//! Progress of a preparation.

use amst_recipe::Modality;

/// What is reported while a data set is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Source files are looked at; those that changed are read.
    Looking {
        /// Files done.
        done: usize,
        /// Files in all.
        total: usize,
    },
    /// Another process prepares in the same folder; it is waited for.
    Waiting {
        /// Its process id, where it wrote it down.
        process: Option<u32>,
    },
    /// Features of one modality are made.
    Making {
        /// The modality.
        modality: Modality,
        /// Sources done; a recording shared by several samples counts once.
        done: usize,
        /// Sources that there were no features of.
        total: usize,
    },
    /// Something about sources that could be used all the same.
    Note(String),
}

/// Receives progress, from several threads.
pub(crate) type OnProgress<'a> = &'a (dyn Fn(Progress) + Sync);
