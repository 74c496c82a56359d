//! Files that are whole or absent: written beside their place, then renamed into it.

use std::fs::File;
use std::io::{self, ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use thiserror::Error;

/// A file that cannot be written.
#[derive(Debug, Error)]
#[error("cannot write {}: {cause}", path.display())]
pub struct WriteError {
    /// The file, by the name that it was to have.
    pub path: PathBuf,
    /// What the operating system answered; the message holds it.
    pub cause: io::Error,
}

/// Without the path, for functions that add it themselves.
impl From<WriteError> for io::Error {
    fn from(error: WriteError) -> Self {
        error.cause
    }
}

/// A file without its name yet: a temporary file `.making-…` in the same folder, which is removed
/// if it is dropped.
#[derive(Debug)]
pub struct NewFile {
    file: NamedTempFile,
    path: PathBuf,
}

impl NewFile {
    /// Begins a file that will be called `path`. It is as readable as any other new file.
    ///
    /// # Errors
    ///
    /// The folder is missing or cannot be written, or `path` is a folder.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".making-");
        // tempfile's own default is that only the owner may read it.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let created = if path.is_dir() {
            Err(ErrorKind::IsADirectory.into())
        } else {
            builder.tempfile_in(folder_of(path))
        };
        let path = path.to_path_buf();
        match created {
            Ok(file) => Ok(Self { file, path }),
            Err(cause) => Err(WriteError { path, cause }),
        }
    }

    /// Gives the file its name, in the place of an older one. Its bytes may still be lost in a
    /// power cut.
    ///
    /// # Errors
    ///
    /// It cannot be renamed.
    pub fn persist(self) -> Result<(), WriteError> {
        let Self { file, path } = self;
        match file.persist(&path) {
            Ok(_) => Ok(()),
            Err(error) => Err(WriteError {
                path,
                cause: error.error,
            }),
        }
    }

    /// [`persist`](Self::persist), once the bytes are on the disk.
    ///
    /// # Errors
    ///
    /// They cannot be written, or the file not renamed.
    pub fn persist_synced(self) -> Result<(), WriteError> {
        let path = self.path.clone();
        if let Err(cause) = self.file.as_file().sync_all() {
            return Err(WriteError { path, cause });
        }
        self.persist()?;
        // The name, too, should survive a power cut. Not every system can sync a folder.
        if let Ok(folder) = File::open(folder_of(&path)) {
            let _ = folder.sync_all();
        }
        Ok(())
    }

    fn filled(path: &Path, bytes: &[u8]) -> Result<Self, WriteError> {
        let mut new = Self::create(path)?;
        match new.write_all(bytes) {
            Ok(()) => Ok(new),
            Err(cause) => Err(WriteError {
                path: new.path,
                cause,
            }),
        }
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Seek for NewFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.file.seek(to)
    }
}

/// Writes a file: all of it or nothing, by [`NewFile::persist`].
///
/// # Errors
///
/// The system's.
pub fn write_file(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), WriteError> {
    NewFile::filled(path, bytes.as_ref())?.persist()
}

/// Writes a file: all of it or nothing, by [`NewFile::persist_synced`].
///
/// # Errors
///
/// The system's.
pub fn write_file_synced(path: &Path, bytes: impl AsRef<[u8]>) -> Result<(), WriteError> {
    NewFile::filled(path, bytes.as_ref())?.persist_synced()
}

/// The folder that a file is in: `.` where its path names none.
pub fn folder_of(path: &Path) -> &Path {
    path.parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_whole_or_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let entries = || std::fs::read_dir(&folder).unwrap().count();

        let mut new = NewFile::create(&path).unwrap();
        new.write_all(b"half").unwrap();
        assert_eq!((path.exists(), entries()), (false, 1));
        drop(new);
        assert_eq!(entries(), 0, "what was not finished is gone");

        write_file(&path, "one").unwrap();
        write_file_synced(&path, "two").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"two");
        assert_eq!(entries(), 1);
    }

    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("nowhere/file");
        let error = write_file(&path, "").unwrap_err();
        assert_eq!(error.path, path);
        assert!(error.to_string().contains("nowhere"), "{error}");

        let error = write_file(folder.path(), "").unwrap_err();
        assert_eq!(error.cause.kind(), ErrorKind::IsADirectory);
    }

    #[test]
    #[cfg(unix)]
    fn others_may_read_it_as_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, plain) = (folder.path().join("ours"), folder.path().join("plain"));
        write_file(&ours, "").unwrap();
        std::fs::write(&plain, "").unwrap();
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_bare_name_is_in_this_folder() {
        assert_eq!(folder_of(Path::new("file")), Path::new("."));
        assert_eq!(folder_of(Path::new("a/file")), Path::new("a"));
    }
}
