//! Where the bytes of a recording come from.

use std::fs::File;
use std::io::{self, Cursor};
use std::path::Path;

use symphonia::core::io::MediaSource;

/// Bytes that can be read more than once.
pub(crate) enum Input<'b> {
    /// A regular file.
    File(File),
    Bytes(&'b [u8]),
    /// What a pipe held.
    Read(Vec<u8>),
}

impl Input<'_> {
    pub(crate) fn of_path(path: &Path) -> io::Result<Self> {
        let file = File::open(path)?;
        if file.metadata()?.is_file() {
            return Ok(Self::File(file));
        }
        // A pipe has no length and cannot be gone back in.
        std::fs::read(path).map(Self::Read)
    }

    /// The bytes from their start. Of a file, only the last one opened may be read.
    pub(crate) fn open(&self) -> io::Result<Box<dyn MediaSource + '_>> {
        Ok(match self {
            Self::File(file) => {
                let mut file = file.try_clone()?;
                io::Seek::rewind(&mut file)?;
                Box::new(file)
            }
            Self::Bytes(bytes) => Box::new(Cursor::new(*bytes)),
            Self::Read(bytes) => Box::new(Cursor::new(bytes.as_slice())),
        })
    }
}
