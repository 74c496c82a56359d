//! Why an archive is not unpacked.

use thiserror::Error;

/// Why an archive is not unpacked. Nothing of it stays.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Unsafe {
    /// An entry's name leads out of the folder.
    #[error("its name leads out of the folder")]
    Leaves,
    /// An entry's name starts at the root of a file system.
    #[error("its name is an absolute path")]
    Absolute,
    /// An entry's name is empty, not UTF-8, or holds a character that some system takes for more
    /// than a letter.
    #[error("its name cannot be a file's name everywhere")]
    Name,
    /// A symbolic or hard link.
    #[error("it is a link")]
    Link,
    /// A device, a pipe, or anything else that is neither file nor folder.
    #[error("it is neither a file nor a folder")]
    Special,
    /// Two entries with one name, be it in another case, or one inside a file.
    #[error("its place is taken by another entry")]
    Duplicate,
    /// Entries share bytes of the archive.
    #[error("entries share bytes, as in a decompression bomb")]
    Overlap,
    /// More entries than allowed.
    #[error("there are more than {0} entries")]
    Entries(usize),
    /// More bytes than allowed.
    #[error("there would be more than {0} bytes")]
    Bytes(u64),
    /// So many times more bytes than the archive has.
    #[error("it grows to more than {0} times its size, as a decompression bomb does")]
    Ratio(u64),
    /// Needs a password.
    #[error("it needs a password")]
    Encrypted,
    /// The archive ends early or contradicts itself.
    #[error("it is damaged ({0})")]
    Damaged(String),
}
