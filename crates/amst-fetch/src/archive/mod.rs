//! Archives into folders that they cannot leave.

mod names;
mod tar;
mod unpacking;
mod zip;

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::FetchError;
use unpacking::Unpacking;

/// What an archive may cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Files and folders.
    pub entries: usize,
    /// Bytes of all files together, as they come out.
    pub bytes: u64,
    /// How many times larger than the archive that may be. It counts from [`Limits::small`] bytes
    /// on.
    pub ratio: u64,
    /// Up to so many bytes any ratio will do: a text of a few kilobytes may well shrink to nothing.
    pub small: u64,
}

impl Default for Limits {
    /// A million entries, 256 GiB, 200 times the archive: above what deflate does to sound,
    /// pictures and text.
    fn default() -> Self {
        Self {
            entries: 1_000_000,
            bytes: 256 << 30,
            ratio: 200,
            small: 64 << 20,
        }
    }
}

/// What came out of an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Unpacked {
    /// Files, relative to the folder, in the archive's order.
    pub files: Vec<PathBuf>,
    /// Their bytes together.
    pub bytes: u64,
}

/// Why an archive is not unpacked. Nothing of it stays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsafe {
    /// An entry's name leads out of the folder.
    Leaves,
    /// An entry's name starts at the root of a file system.
    Absolute,
    /// An entry's name is empty, not UTF-8, or holds a character that some system takes for more
    /// than a letter.
    Name,
    /// A symbolic or hard link.
    Link,
    /// A device, a pipe, or anything else that is neither file nor folder.
    Special,
    /// Two entries with one name, be it in another case, or one inside a file.
    Duplicate,
    /// Entries share bytes of the archive.
    Overlap,
    /// More entries than allowed.
    Entries(usize),
    /// More bytes than allowed.
    Bytes(u64),
    /// So many times more bytes than the archive has.
    Ratio(u64),
    /// Needs a password.
    Encrypted,
    /// The archive ends early or contradicts itself.
    Damaged(String),
}

impl fmt::Display for Unsafe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Leaves => f.write_str("its name leads out of the folder"),
            Self::Absolute => f.write_str("its name is an absolute path"),
            Self::Name => f.write_str("its name cannot be a file's name everywhere"),
            Self::Link => f.write_str("it is a link"),
            Self::Special => f.write_str("it is neither a file nor a folder"),
            Self::Duplicate => f.write_str("its place is taken by another entry"),
            Self::Overlap => f.write_str("entries share bytes, as in a decompression bomb"),
            Self::Entries(limit) => write!(f, "there are more than {limit} entries"),
            Self::Bytes(limit) => write!(f, "there would be more than {limit} bytes"),
            Self::Ratio(limit) => {
                write!(
                    f,
                    "it grows to more than {limit} times its size, as a decompression bomb does"
                )
            }
            Self::Encrypted => f.write_str("it needs a password"),
            Self::Damaged(why) => write!(f, "it is damaged ({why})"),
        }
    }
}

/// Unpacks a `.zip`, `.tar`, `.tar.gz` or `.tgz` into a folder, which may hold other things but
/// none of the archive's topmost names.
///
/// Everything is unpacked beside its place first, so that what appears in the folder is complete,
/// whatever interrupts this; but nothing is forced onto the disk, so a machine that loses power may
/// lose it. Only files and folders come out: no links, no permissions, no owners.
///
/// # Errors
/// [`FetchError::Archive`] with the entry and the reason, [`FetchError::Occupied`] where something
/// is there already, and whatever reading and writing can fail with. Nothing stays behind.
pub fn unpack(archive: &Path, into: &Path, limits: &Limits) -> Result<Unpacked, FetchError> {
    let file = File::open(archive).map_err(|source| FetchError::io("read", archive, source))?;
    let mut unpacking = Unpacking::new(archive, &file, into, limits)?;
    let name = archive
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .to_ascii_lowercase();
    if name.ends_with(".zip") {
        zip::unpack(file, &mut unpacking)?;
    } else if name.ends_with(".tar") {
        tar::unpack(file, &mut unpacking)?;
    } else if name.ends_with(".tar.gz") || name.ends_with(".tgz") {
        tar::unpack(flate2::read::MultiGzDecoder::new(file), &mut unpacking)?;
    } else {
        let why = Unsafe::Damaged("its name ends in none of .zip, .tar, .tar.gz, .tgz".into());
        return Err(unpacking.refuse("", why));
    }
    unpacking.finish()
}
