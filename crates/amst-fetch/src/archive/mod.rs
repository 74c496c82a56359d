//! Archives into folders that they cannot leave.

mod names;
mod reason;
mod tar;
mod unpacking;
mod zip;

use std::fs::File;
use std::path::Path;

pub use reason::Unsafe;
pub use unpacking::{Limits, Unpacked};

use crate::FetchError;
use unpacking::Unpacking;

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
    let file = File::open(archive).map_err(FetchError::io("read", archive))?;
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
        return Err(unpacking.damaged("", "its name ends in none of .zip, .tar, .tar.gz, .tgz"));
    }
    unpacking.finish()
}
