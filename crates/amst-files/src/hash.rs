//! SHA-256 of bytes and of files.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use sha2::{Digest, Sha256};

/// Bytes read from a file at once.
const BLOCK: usize = 256 << 10;

/// Length and SHA-256 of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileHash {
    /// Bytes.
    pub bytes: u64,
    /// SHA-256.
    pub sha256: [u8; 32],
}

/// SHA-256 of bytes in memory.
pub fn sha256(bytes: impl AsRef<[u8]>) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of bytes in memory, as 64 lower-case hexadecimal digits.
pub fn sha256_hex(bytes: impl AsRef<[u8]>) -> String {
    hex::encode(sha256(bytes))
}

/// Reads into a block, again where a signal interrupted it; 0 bytes are the end.
///
/// # Errors
///
/// The system's.
pub fn read_block(reader: &mut (impl Read + ?Sized), block: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(block) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            read => return read,
        }
    }
}

/// Reads a file to its end, which may be larger than memory.
///
/// # Errors
///
/// The file cannot be read.
pub fn hash_file(path: &Path) -> io::Result<FileHash> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut block = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        let read = read_block(&mut file, &mut block)?;
        if read == 0 {
            let sha256 = hash.finalize().into();
            return Ok(FileHash { bytes, sha256 });
        }
        hash.update(&block[..read]);
        bytes += read as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_that_of_sha256sum() {
        // printf 'hello\n' | sha256sum
        let known = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        assert_eq!(sha256_hex("hello\n"), known);
    }

    #[test]
    fn a_file_of_several_blocks_has_the_hash_of_its_bytes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, BLOCK, 2 * BLOCK + 1] {
            let bytes: Vec<u8> = (0..length).map(|i| i as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let found = hash_file(&path).unwrap();
            assert_eq!(found.bytes, length as u64);
            assert_eq!(found.sha256, sha256(&bytes));
        }
        assert!(hash_file(&folder.path().join("nowhere")).is_err());
    }
}
