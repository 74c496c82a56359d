//! Bytes from the network into a file that is complete and right, or absent.

mod address;
mod attempt;
mod http;
mod options;
mod partial;
mod retry;

use std::path::Path;

use amst_files::folder_of;

pub use options::{Clock, Options, Retry, SystemClock};

use crate::{Content, Expected, FetchError, Source, Step, Token, Verified};
use address::parse;
use attempt::Transfer;
use http::Http;
use partial::Partial;

pub(crate) use address::shown_text;
#[cfg(feature = "hub")]
pub(crate) use {partial::quarantine, retry::Failure};

/// Downloads files, several at a time if asked from several threads, over connections that stay
/// open.
#[derive(Debug)]
pub struct Client {
    options: Options,
    http: Http,
}

impl Client {
    /// Opens no socket yet.
    pub fn new(options: Options) -> Self {
        Self {
            http: Http::new(&options),
            options,
        }
    }

    /// The options it was made with.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// As [`download`].
    ///
    /// # Errors
    /// As [`download`].
    pub fn download(
        &self,
        source: &Source,
        destination: &Path,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Verified, FetchError> {
        parse(&source.url)?;
        if !source.expected.names_content() {
            return Err(FetchError::NothingToVerify {
                url: shown_text(&source.url),
            });
        }
        if let Some(verified) = self.present(source.expected, destination, progress)? {
            return Ok(verified);
        }
        if self.options.offline {
            return Err(FetchError::Offline {
                path: destination.into(),
                url: shown_text(&source.url),
            });
        }
        let folder = folder_of(destination);
        std::fs::create_dir_all(folder).map_err(FetchError::io("make", folder))?;
        let partial = Partial::hold(destination, || progress(Step::Waiting))?;
        if let Some(verified) = self.present(source.expected, destination, progress)? {
            partial.remove()?;
            return Ok(verified);
        }
        if destination.exists() {
            let why = "it is not the file that was asked for".into();
            progress(Step::Quarantined {
                path: partial::quarantine(destination, destination)?,
                why,
            });
        }
        Transfer::new(source, destination, &self.http, &self.options, progress).run(partial)
    }

    /// The file at a place if it is what it should be; all of it is read. Opens no socket.
    ///
    /// # Errors
    /// [`FetchError::Io`] where it is there and cannot be read.
    pub fn present(
        &self,
        expected: Expected,
        path: &Path,
        progress: &mut dyn FnMut(Step),
    ) -> Result<Option<Verified>, FetchError> {
        let Ok(metadata) = std::fs::metadata(path) else {
            return Ok(None);
        };
        if expected.size.is_some_and(|size| size != metadata.len()) {
            return Ok(None);
        }
        progress(Step::Verifying);
        let content = Content::of_file(path)?;
        let right = expected.differs(&content).is_none();
        Ok(right.then(|| Verified {
            path: path.into(),
            content,
            received: 0,
        }))
    }

    /// Posts a document and reads the answer, as often as the options allow.
    pub(crate) fn post(
        &self,
        url: &str,
        media_type: &str,
        body: &[u8],
        token: Option<&Token>,
        longest: u64,
    ) -> Result<Vec<u8>, FetchError> {
        self.options.attempts(url, || {
            self.http
                .post(url, media_type, body, token, longest, &self.options)
        })
    }
}

/// Downloads a file to `destination`, resuming what an earlier call began, and returns when it is
/// there, complete, checked against everything that [`Expected`](crate::Expected) says of it, and
/// on the disk.
///
/// Until then there is only `<destination>.partial`, which survives an interruption. A file that is
/// there already is read and checked; if it is right, no socket is opened. Another process that
/// downloads the same file is waited for. A file whose content is wrong is renamed to
/// `<destination>.quarantine`.
///
/// # Errors
/// Nothing to check by, network switched off, a server that cannot be reached or refuses, a length
/// or digest that differs, a full disk, and folders that cannot be written.
pub fn download(
    source: &Source,
    destination: &Path,
    options: &Options,
    progress: &mut dyn FnMut(Step),
) -> Result<Verified, FetchError> {
    Client::new(options.clone()).download(source, destination, progress)
}
