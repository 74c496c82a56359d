//! Files written whole or not at all, SHA-256, hexadecimal digits, and file names for a shell.
//!
//! | for | there is |
//! |---|---|
//! | a file from bytes | [`write_file`], [`write_file_synced`] |
//! | a file written piece by piece | [`NewFile`] |
//! | SHA-256 | [`sha256`], [`sha256_hex`], [`hash_file`] |
//! | a reader, block by block | [`read_block`] |
//! | names in commands that are meant to be pasted | [`shell_quoted`], [`shell_word`], [`ffmpeg_file`] |
//! | lower-case hexadecimal digits | [`hex`], the crate of that name |
//!
//! ```
//! use amst_files::{hash_file, hex, sha256, sha256_hex, write_file};
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("greeting.txt");
//! write_file(&path, b"hello\n")?;
//!
//! let file = hash_file(&path)?;
//! assert_eq!((file.bytes, file.sha256), (6, sha256(b"hello\n")));
//! assert_eq!(sha256_hex(b"hello\n"), hex::encode(file.sha256));
//! # Ok::<(), std::io::Error>(())
//! ```

#![warn(missing_docs)]

mod hash;
mod shell;
mod write;

pub use hash::{FileHash, hash_file, read_block, sha256, sha256_hex};
pub use hex;
pub use shell::{ffmpeg_file, shell_quoted, shell_word};
pub use write::{NewFile, WriteError, folder_of, write_file, write_file_synced};
