#![doc = include_str!("../README.md")]
//!
//! | for | there is |
//! |---|---|
//! | a file from bytes | [`write_file`], [`write_file_synced`] |
//! | a file written piece by piece | [`NewFile`] |
//! | SHA-256 | [`sha256`], [`sha256_hex`], [`hash_file`] |
//! | a reader, block by block | [`read_block`] |
//! | names in commands that are meant to be pasted | [`shell_quoted`], [`shell_word`], [`ffmpeg_file`] |
//! | lower-case hexadecimal digits | [`hex`], the crate of that name |

#![warn(missing_docs)]

mod hash;
mod shell;
mod write;

pub use hash::{FileHash, hash_file, read_block, sha256, sha256_hex};
pub use hex;
pub use shell::{ffmpeg_file, shell_quoted, shell_word};
pub use write::{NewFile, WriteError, folder_of, write_file, write_file_synced};
