//! What a file's content is known by: its length, SHA-256, and git's name for it.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use amst_files::{hex, read_block};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::Digest as _;

use crate::FetchError;

/// Bytes read from a file at once.
const BLOCK: usize = 256 << 10;

/// A digest of `N` bytes; read from and written as hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Digest<const N: usize>([u8; N]);

/// SHA-256 of a file's bytes.
pub type Sha256 = Digest<32>;

/// The name git gives a file's content: SHA-1 over `blob <length>\0` and the bytes.
///
/// The Hub names small files so. It guards against damage, not against forgery.
pub type GitBlob = Digest<20>;

impl<const N: usize> FromStr for Digest<N> {
    type Err = FetchError;

    fn from_str(text: &str) -> Result<Self, FetchError> {
        let mut bytes = [0; N];
        match hex::decode_to_slice(text, &mut bytes) {
            Ok(()) => Ok(Self(bytes)),
            Err(_) => Err(FetchError::Hash {
                text: text.into(),
                kind: if N == 32 { "SHA-256" } else { "git blob" },
                digits: 2 * N,
            }),
        }
    }
}

impl<const N: usize> TryFrom<String> for Digest<N> {
    type Error = FetchError;

    fn try_from(text: String) -> Result<Self, FetchError> {
        text.parse()
    }
}

impl<const N: usize> From<Digest<N>> for String {
    fn from(digest: Digest<N>) -> String {
        hex::encode(digest.0)
    }
}

impl<const N: usize> fmt::Display for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl<const N: usize> fmt::Debug for Digest<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Length and both digests of some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Content {
    /// Bytes.
    pub size: u64,
    /// SHA-256.
    pub sha256: Sha256,
    /// Git's name.
    pub git_blob: GitBlob,
}

impl Content {
    /// That of a file, which is read to its end.
    ///
    /// # Errors
    /// [`FetchError::Io`] where the file cannot be read, or changes its length meanwhile.
    pub fn of_file(path: &Path) -> Result<Self, FetchError> {
        let failed = FetchError::io("read", path);
        let mut file = std::fs::File::open(path).map_err(failed)?;
        let length = file.metadata().map_err(failed)?.len();
        let mut hashing = Hashing::new(length);
        let mut block = vec![0; BLOCK];
        loop {
            match read_block(&mut file, &mut block).map_err(failed)? {
                0 => break,
                read => hashing.update(&block[..read]),
            }
        }
        let content = hashing.finish();
        if content.size != length {
            let changed = "its length changed while it was read";
            return Err(failed(std::io::Error::other(changed)));
        }
        Ok(content)
    }

    /// That of bytes in memory.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut hashing = Hashing::new(bytes.len() as u64);
        hashing.update(bytes);
        hashing.finish()
    }
}

struct Hashing {
    size: u64,
    sha256: sha2::Sha256,
    git: Sha1,
}

impl Hashing {
    /// Git hashes the length first, so it must be known.
    fn new(length: u64) -> Self {
        let mut git = Sha1::new();
        git.update(format!("blob {length}\0"));
        Self {
            size: 0,
            sha256: sha2::Sha256::new(),
            git,
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        self.sha256.update(bytes);
        self.git.update(bytes);
    }

    fn finish(self) -> Content {
        Content {
            size: self.size,
            sha256: Digest(self.sha256.finalize().into()),
            git_blob: Digest(self.git.finalize().into()),
        }
    }
}

/// What is known of a file before it is here. Whatever is given is checked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    /// SHA-256.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<Sha256>,
    /// Git's name for the content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git_blob: Option<GitBlob>,
}

impl Expected {
    /// A length and a SHA-256.
    pub fn pinned(size: u64, sha256: Sha256) -> Self {
        Self {
            size: Some(size),
            sha256: Some(sha256),
            git_blob: None,
        }
    }

    /// Whether there is a digest to check the content by; a length alone is not enough.
    pub fn names_content(&self) -> bool {
        self.sha256.is_some() || self.git_blob.is_some()
    }

    /// The first way in which a content is not what was expected.
    pub fn differs(&self, found: &Content) -> Option<Difference> {
        self.contradicts(&Self {
            size: Some(found.size),
            sha256: Some(found.sha256),
            git_blob: Some(found.git_blob),
        })
    }

    /// The first way in which two descriptions cannot both be of one file.
    pub(crate) fn contradicts(&self, other: &Self) -> Option<Difference> {
        fn between<T: PartialEq + ToString>(
            what: &'static str,
            expected: Option<T>,
            found: Option<T>,
        ) -> Option<Difference> {
            let (expected, found) = (expected?, found?);
            (expected != found).then(|| Difference {
                what,
                expected: expected.to_string(),
                found: found.to_string(),
            })
        }
        between("length in bytes", self.size, other.size)
            .or_else(|| between("SHA-256", self.sha256, other.sha256))
            .or_else(|| between("git blob hash", self.git_blob, other.git_blob))
    }
}

/// One way in which a file is not the file that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which property.
    pub what: &'static str,
    /// What it should be.
    pub expected: String,
    /// What it is.
    pub found: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "its {} is {}, not {}",
            self.what, self.found, self.expected
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_are_those_of_sha256sum_and_git_hash_object() {
        // printf 'hello\n' | sha256sum; printf 'hello\n' | git hash-object --stdin
        let content = Content::of_bytes(b"hello\n");
        assert_eq!(
            content.sha256.to_string(),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!(
            content.git_blob.to_string(),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(content.size, 6);
    }

    #[test]
    fn hexadecimal_digits_of_either_case_are_read_and_nothing_else_is() {
        let text = "CE013625030ba8dba906f756967f9e9ca394464a";
        assert_eq!(
            text.parse::<GitBlob>().unwrap().to_string(),
            text.to_lowercase()
        );
        for wrong in [
            "",
            "ce01",
            &"g".repeat(40),
            &"é".repeat(20),
            &format!("{text}00"),
        ] {
            assert!(wrong.parse::<GitBlob>().is_err(), "{wrong}");
        }
        let error = "x".parse::<Sha256>().unwrap_err().to_string();
        assert!(error.contains("64 hexadecimal digits"), "{error}");
    }

    #[test]
    fn the_first_difference_is_named_with_both_values() {
        let found = Content::of_bytes(b"hello\n");
        assert_eq!(Expected::default().differs(&found), None);
        assert_eq!(Expected::pinned(6, found.sha256).differs(&found), None);
        let difference = Expected {
            size: Some(7),
            ..Expected::default()
        }
        .differs(&found)
        .unwrap();
        assert_eq!(difference.to_string(), "its length in bytes is 6, not 7");
        let other = Content::of_bytes(b"other\n");
        let difference = Expected {
            git_blob: Some(other.git_blob),
            ..Expected::default()
        }
        .differs(&found)
        .unwrap();
        assert_eq!(difference.what, "git blob hash");
    }
}
