//! Entries of a tar archive, compressed or not.

use std::io::Read;

use amst_files::read_block;
use tar::{Archive, EntryType};

use super::reason::Unsafe;
use super::unpacking::{Unpacking, shown};
use crate::FetchError;

pub(crate) fn unpack(reader: impl Read, unpacking: &mut Unpacking) -> Result<(), FetchError> {
    let mut archive = Archive::new(reader);
    let entries = archive
        .entries()
        .map_err(|error| unpacking.damaged("", error))?;
    for entry in entries {
        let mut entry = entry.map_err(|error| unpacking.damaged("", error))?;
        let (name, size) = (entry.path_bytes().into_owned(), entry.size());
        match entry.header().entry_type() {
            EntryType::Regular | EntryType::Continuous => {
                unpacking.file(&name, size, &mut entry)?
            }
            EntryType::Directory => unpacking.folder(&name)?,
            // A comment for all entries; its bytes count, or they could be endless.
            EntryType::XGlobalHeader => unpacking.grow(size, &shown(&name))?,
            EntryType::Symlink | EntryType::Link => {
                return Err(unpacking.refuse(shown(&name), Unsafe::Link));
            }
            _ => return Err(unpacking.refuse(shown(&name), Unsafe::Special)),
        }
    }
    // The checksum of a compressed archive stands behind its last byte.
    let mut rest = archive.into_inner();
    let mut block = [0; 4096];
    loop {
        match read_block(&mut rest, &mut block) {
            Ok(0) => return Ok(()),
            Ok(read) => unpacking.grow(read as u64, "")?,
            Err(error) => return Err(unpacking.damaged("", error)),
        }
    }
}
