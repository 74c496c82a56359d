//! Entries of a zip archive.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;
use zip::result::ZipError;

use super::reason::Unsafe;
use super::unpacking::{Unpacking, shown};
use crate::FetchError;

/// What the upper bits of a Unix mode say.
const KIND: u32 = 0o170_000;
const LINK: u32 = 0o120_000;
const REGULAR: u32 = 0o100_000;
const FOLDER: u32 = 0o040_000;

pub(crate) fn unpack(file: File, unpacking: &mut Unpacking) -> Result<(), FetchError> {
    let mut end = file
        .try_clone()
        .map_err(|error| unpacking.damaged("", ZipError::from(error)))?;
    let mut archive = ZipArchive::new(file).map_err(|error| unpacking.damaged("", error))?;
    let announced = announced(&mut end, archive.comment().len() as u64);
    match announced.map_err(|error| unpacking.damaged("", ZipError::from(error)))? {
        // The library keeps the last of several entries with one name, without a word.
        Some(count) if count > archive.len() as u64 => {
            return Err(unpacking.refuse("", Unsafe::Duplicate));
        }
        Some(count) if count == archive.len() as u64 => {}
        _ => {
            return Err(unpacking.damaged("", "its last record is not at its end"));
        }
    }
    if archive
        .has_overlapping_entries()
        .map_err(|error| unpacking.damaged("", error))?
    {
        return Err(unpacking.refuse("", Unsafe::Overlap));
    }
    for index in 0..archive.len() {
        let raw = archive
            .by_index_raw(index)
            .map_err(|error| unpacking.damaged("", error))?;
        let (name, mode, size) = (
            raw.name_raw().to_vec(),
            raw.unix_mode().unwrap_or(0),
            raw.size(),
        );
        let (is_folder, encrypted) = (raw.is_dir(), raw.encrypted());
        drop(raw);
        if encrypted {
            return Err(unpacking.refuse(shown(&name), Unsafe::Encrypted));
        }
        match mode & KIND {
            0 | REGULAR | FOLDER => {}
            LINK => return Err(unpacking.refuse(shown(&name), Unsafe::Link)),
            _ => return Err(unpacking.refuse(shown(&name), Unsafe::Special)),
        }
        if is_folder {
            unpacking.folder(&name)?;
            continue;
        }
        let mut entry = archive
            .by_index(index)
            .map_err(|error| unpacking.damaged(shown(&name), error))?;
        unpacking.file(&name, size, &mut entry)?;
    }
    Ok(())
}

/// How many entries the record at the archive's end announces; nothing where there is none.
fn announced(file: &mut File, comment: u64) -> std::io::Result<Option<u64>> {
    const LENGTH: u64 = 22;
    const LOCATOR: u64 = 20;
    let Some(at) = file.seek(SeekFrom::End(0))?.checked_sub(LENGTH + comment) else {
        return Ok(None);
    };
    let record: [u8; 12] = read_at(file, at)?;
    if record[..4] != *b"PK\x05\x06" {
        return Ok(None);
    }
    let count = u16::from_le_bytes([record[10], record[11]]);
    let Some(locator) = at.checked_sub(LOCATOR).filter(|_| count == u16::MAX) else {
        return Ok(Some(count.into()));
    };
    // More entries than two bytes count: the 64-bit record has them, if there is one.
    let locator: [u8; 16] = read_at(file, locator)?;
    if locator[..4] != *b"PK\x06\x07" {
        return Ok(Some(count.into()));
    }
    let (_, offset) = locator.split_at(8);
    let record: [u8; 40] = read_at(
        file,
        u64::from_le_bytes(offset.try_into().unwrap_or_default()),
    )?;
    let total = u64::from_le_bytes(record[32..].try_into().unwrap_or_default());
    Ok((record[..4] == *b"PK\x06\x06").then_some(total))
}

fn read_at<const N: usize>(file: &mut File, at: u64) -> std::io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
