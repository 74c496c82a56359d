//! What a file says of its length, where that is not what it holds.

use std::fmt;

/// The samples that are there were read; this says what was announced.
///
/// A file that was cut short looks like this, and so does one whose length was never written or
/// written wrongly, as by a recorder that writes to a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderMismatch {
    /// A WAV file whose samples take another number of bytes than its header says.
    Bytes {
        /// Bytes of samples that the header states.
        announced: u64,
        /// Bytes that are there, of whole sampling instants.
        found: u64,
    },
    /// A compressed file that ends before the samples that its header announces.
    Samples {
        /// Sampling instants that the header states.
        announced: u64,
        /// Sampling instants that are there.
        found: u64,
    },
    /// A compressed file without its end, which does not say how long it should be.
    NoEnd {
        /// Sampling instants that are there.
        found: u64,
    },
}

impl fmt::Display for HeaderMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes { announced, found } => write!(
                f,
                "its header states {announced} bytes of samples and {found} are there in whole \
                 sampling instants"
            ),
            Self::Samples { announced, found } => write!(
                f,
                "its header states {announced} sampling instants and {found} are there"
            ),
            Self::NoEnd { found } => {
                write!(f, "it ends in the middle, after {found} sampling instants")
            }
        }
    }
}
