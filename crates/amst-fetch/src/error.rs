//! What can go wrong between a server and a folder.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Everything this crate refuses, with the remedy in the message. No message holds a token or the
/// query of an address.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FetchError {
    /// A file or folder cannot be read or written.
    #[error("cannot {what} {}: {source}; check the path and its permissions", path.display())]
    Io {
        /// `read`, `write`, …
        what: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system answered.
        source: std::io::Error,
    },
    /// The file system is full.
    #[error(
        "not enough disk space for {}: {needed} bytes are needed{}; free some, or choose a folder \
         on another disk",
        path.display(), available.map(|free| format!(" and {free} are free")).unwrap_or_default()
    )]
    Space {
        /// The file to be written.
        path: PathBuf,
        /// Bytes still to be written.
        needed: u64,
        /// Bytes that are free, where that could be asked.
        available: Option<u64>,
    },
    /// A file is not here, and the network must not be used.
    #[error(
        "{} is not here, and the network is switched off (AMST_OFFLINE or HF_HUB_OFFLINE is set); \
         unset it, or put the file there by hand: it is {url}", path.display()
    )]
    Offline {
        /// Where the file belongs.
        path: PathBuf,
        /// Where it comes from.
        url: String,
    },
    /// A source has no digest.
    #[error("{url} has neither a SHA-256 nor a git blob hash to check it by; give one")]
    NothingToVerify {
        /// The address.
        url: String,
    },
    /// An address that cannot be used.
    #[error("the address `{url}` {why}; give an absolute http or https address")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        why: String,
    },
    /// The server could not be reached, or broke off again and again.
    #[error(
        "{url} could not be downloaded: {why} (attempt {attempts}, the last); check the connection \
         and run the command again: it goes on where it stopped"
    )]
    Unreachable {
        /// The address.
        url: String,
        /// Attempts without a new byte.
        attempts: u32,
        /// The last failure.
        why: String,
    },
    /// 401.
    #[error(
        "{url} asks who you are (401){}: make a token at https://huggingface.co/settings/tokens, \
         then set HF_TOKEN or write it to the file `token` in HF_HOME (~/.cache/huggingface)",
        if *.token_sent { ", and does not take the token it was sent" } else { "" }
    )]
    Unauthorised {
        /// The address.
        url: String,
        /// Whether there was one.
        token_sent: bool,
    },
    /// 403.
    #[error(
        "{url} may not be read (403){}: accept the conditions on its page, or use an account or a \
         token that may",
        if *.token_sent { " with the token that was sent" } else { "" }
    )]
    Forbidden {
        /// The address.
        url: String,
        /// Whether there was a token.
        token_sent: bool,
    },
    /// 404 or 410.
    #[error(
        "{url} is not there ({status}): its owner may have moved it; check the name and the \
         revision"
    )]
    NotFound {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// The server asks to come back later than a download waits.
    #[error(
        "{url} is busy ({status}) and asks to come back in {seconds} s; run the command again then"
    )]
    Busy {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server asks for.
        seconds: u64,
    },
    /// Any other answer that is no file.
    #[error(
        "{url} answers {status}, which is not a file; open the address in a browser to see what it \
         says"
    )]
    Refused {
        /// The address.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// A redirect that is not followed.
    #[error("{url} redirects {why}; that is not followed: check the address")]
    Redirect {
        /// The address that was asked.
        url: String,
        /// To where, or how.
        why: String,
    },
    /// The server's file has another length than was expected.
    #[error(
        "{url} has {found} bytes where {expected} were expected; it is another file or another \
         version: nothing was kept"
    )]
    Length {
        /// The address.
        url: String,
        /// The length that is known.
        expected: u64,
        /// What the server says or sends, at least.
        found: u64,
    },
    /// A complete file is not the one that was asked for.
    #[error(
        "what {url} sent is not the file that was asked for: {difference}; it was put aside as {}: \
         run the command again, and if it stays so, the file was changed at its source or on its \
         way",
        quarantine.display()
    )]
    Wrong {
        /// The address.
        url: String,
        /// What is wrong.
        difference: Box<crate::Difference>,
        /// Where the bytes are.
        quarantine: PathBuf,
    },
    /// A text that is no digest.
    #[error("`{text}` is not a {kind} hash; write {digits} hexadecimal digits")]
    Hash {
        /// The text.
        text: String,
        /// Which digest.
        kind: &'static str,
        /// How many digits it has.
        digits: usize,
    },
    /// A token that cannot be sent.
    #[error(
        "the Hub's token is empty or has characters that no token has; check HF_TOKEN or the token \
         file"
    )]
    Token,
    /// A name that no known model has.
    #[error("no model is called `{name}`; known are {known}")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A name that no known data set has.
    #[error(
        "no data set is called `{name}`; known are {known}, or give the path of a recipe that ends \
         in .toml"
    )]
    UnknownDataset {
        /// What was asked for.
        name: String,
        /// What there is.
        known: String,
    },
    /// A recipe of downloads that is wrong.
    #[error("the recipe of downloads is wrong: {why}; docs/datasets.md lists its keys")]
    Recipe {
        /// What is wrong.
        why: String,
    },
    /// Files of a model are not here.
    #[error("{0}")]
    Missing(Box<crate::hub::Missing>),
    /// The Hub describes a file that is not the pinned one.
    #[error(
        "{repo} at revision {revision} does not hold the {file} that is known here: {difference}; \
         check HF_ENDPOINT, whose server answered"
    )]
    HubDiffers {
        /// `owner/name`.
        repo: String,
        /// The commit.
        revision: String,
        /// The file.
        file: String,
        /// What is wrong.
        difference: Box<crate::Difference>,
    },
    /// The Hub's description of a repository could not be used.
    #[error(
        "the Hub at {endpoint} does not say what {repo} holds: {why}; check HF_ENDPOINT and try \
         again"
    )]
    Metadata {
        /// The Hub's address.
        endpoint: String,
        /// `owner/name`.
        repo: String,
        /// What is wrong.
        why: String,
    },
    /// An archive that is not unpacked.
    #[error(
        "{} is not unpacked{}: {why}; nothing of it was kept: download it again, and if it stays \
         so, do not trust it",
        archive.display(), because_of(entry)
    )]
    #[cfg(feature = "archives")]
    Archive {
        /// The archive.
        archive: PathBuf,
        /// The entry, if it is one entry's fault.
        entry: String,
        /// Why.
        why: crate::archive::Unsafe,
    },
    /// Something is where an archive's content belongs.
    #[error(
        "{} is there already, and {} would replace it; move it away, or remove the archive if it \
         was unpacked before",
        path.display(), archive.display()
    )]
    Occupied {
        /// The archive.
        archive: PathBuf,
        /// What is in its way.
        path: PathBuf,
    },
    /// A file that should be a Git LFS pointer.
    #[error(
        "{} is not a Git LFS pointer; check out the repository without LFS (GIT_LFS_SKIP_SMUDGE=1)",
        path.display()
    )]
    NoPointer {
        /// The file.
        path: PathBuf,
    },
    /// A Git LFS server that does not answer as it should.
    #[error("the Git LFS server at {url} cannot be used: {why}; check the repository's address")]
    Lfs {
        /// The address.
        url: String,
        /// What is wrong.
        why: String,
    },
    /// The Git LFS server refuses one object.
    #[error(
        "the server does not hand out the object {oid}: {message} ({code}); its owner may have \
         removed it"
    )]
    ObjectRefused {
        /// SHA-256 of the object.
        oid: String,
        /// The server's code, 0 if it has none.
        code: u16,
        /// The server's words.
        message: String,
    },
    /// Some objects are not here; the others are.
    #[error(
        "{} of {} files could not be had; run the command again for these alone:{}",
        failed.len(), failed.len() + fetched, listed(failed)
    )]
    #[cfg(feature = "net")]
    Objects {
        /// Each with its reason.
        failed: Vec<crate::lfs::ObjectFailure>,
        /// How many are here.
        fetched: usize,
    },
}

#[cfg(feature = "archives")]
fn because_of(entry: &str) -> String {
    if entry.is_empty() {
        return String::new();
    }
    format!(" because of `{entry}`")
}

/// The first failures: hundreds of the same kind would fill the screen.
#[cfg(feature = "net")]
fn listed(failed: &[crate::lfs::ObjectFailure]) -> String {
    const SHOWN: usize = 10;
    let mut lines: String = failed
        .iter()
        .take(SHOWN)
        .map(|f| format!("\n  {}: {}", f.path.display(), f.error))
        .collect();
    if failed.len() > SHOWN {
        lines += &format!("\n  and {} more", failed.len() - SHOWN);
    }
    lines
}

impl FetchError {
    /// For `map_err`: what could not be done with a path.
    pub(crate) fn io(what: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Self + Copy {
        move |source| Self::Io {
            what,
            path: path.into(),
            source,
        }
    }

    /// By who must act: 2 the command line, 3 data that are not here or not what they should be, 1
    /// anything else.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::NothingToVerify { .. }
            | Self::Address { .. }
            | Self::Hash { .. }
            | Self::Token
            | Self::UnknownModel { .. }
            | Self::UnknownDataset { .. } => 2,
            Self::Io { .. }
            | Self::Space { .. }
            | Self::Offline { .. }
            | Self::NotFound { .. }
            | Self::Length { .. }
            | Self::Wrong { .. }
            | Self::Missing(_)
            | Self::HubDiffers { .. }
            | Self::Occupied { .. }
            | Self::NoPointer { .. }
            | Self::Recipe { .. }
            | Self::ObjectRefused { .. } => 3,
            #[cfg(feature = "archives")]
            Self::Archive { .. } => 3,
            // A broken line matters more than an object that is gone.
            #[cfg(feature = "net")]
            Self::Objects { failed, .. } => failed
                .iter()
                .map(|f| f.error.exit_code())
                .min()
                .unwrap_or(1),
            _ => 1,
        }
    }
}
