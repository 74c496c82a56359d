//! The unfinished file beside its destination. Its lock makes processes wait for each other; with
//! its notes a download goes on where an earlier one stopped.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use amst_files::folder_of;
use serde::{Deserialize, Serialize};

use crate::{Expected, FetchError};

/// What a server says of a file so that a part of it can be asked for later.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Notes {
    /// A strong entity tag, or a date of change where there is none.
    pub(crate) validator: Option<String>,
    /// What the file was to be; notes about another file are of no use.
    pub(crate) expected: Expected,
}

/// `<destination>.partial`, held by this process alone.
#[derive(Debug)]
pub(crate) struct Partial {
    file: File,
    destination: PathBuf,
    path: PathBuf,
    length: u64,
}

impl Partial {
    /// Opens and locks the unfinished file; waits for another process that holds it.
    ///
    /// There is no lock file to be left behind: the process that finishes first renames the locked
    /// file. One that waited finds that the name belongs to another file by then, and looks again.
    pub(crate) fn hold(destination: &Path, mut waiting: impl FnMut()) -> Result<Self, FetchError> {
        let path = beside(destination, ".partial");
        let failed = FetchError::io("write", &path);
        loop {
            let mut open = OpenOptions::new();
            let file = open
                .read(true)
                .write(true)
                .create(true)
                .truncate(false)
                .open(&path)
                .map_err(failed)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => {
                    waiting();
                    file.lock().map_err(failed)?;
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
            if is_at(&file, &path).map_err(failed)? {
                let length = file.metadata().map_err(failed)?.len();
                return Ok(Self {
                    file,
                    destination: destination.into(),
                    path,
                    length,
                });
            }
        }
    }

    /// Bytes that are here.
    pub(crate) fn length(&self) -> u64 {
        self.length
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// What an earlier attempt noted, if it was about the same file.
    pub(crate) fn notes(&self, expected: Expected) -> Option<Notes> {
        let text = std::fs::read(beside(&self.path, ".json")).ok()?;
        serde_json::from_slice(&text)
            .ok()
            .filter(|notes: &Notes| notes.expected == expected)
    }

    /// Notes what the server said before its bytes are written.
    pub(crate) fn note(&self, notes: &Notes) -> Result<(), FetchError> {
        let path = beside(&self.path, ".json");
        let failed = FetchError::io("write", &path);
        let text = serde_json::to_vec(notes).map_err(|e| failed(e.into()))?;
        std::fs::write(&path, text).map_err(failed)
    }

    /// Forgets all bytes.
    pub(crate) fn empty(&mut self) -> Result<(), FetchError> {
        self.forget_notes();
        self.file
            .set_len(0)
            .map_err(FetchError::io("write", &self.path))?;
        self.length = 0;
        Ok(())
    }

    /// Goes to the end, where the next byte belongs.
    pub(crate) fn seek_end(&mut self) -> Result<(), FetchError> {
        let sought = self.file.seek(SeekFrom::Start(self.length));
        sought
            .map(drop)
            .map_err(FetchError::io("write", &self.path))
    }

    pub(crate) fn append(&mut self, bytes: &[u8], still_needed: u64) -> Result<(), FetchError> {
        self.file
            .write_all(bytes)
            .map_err(|source| write_error(source, &self.destination, still_needed))?;
        self.length += bytes.len() as u64;
        Ok(())
    }

    /// Onto the disk, whatever happens to the machine.
    pub(crate) fn sync(&self) -> Result<(), FetchError> {
        self.file
            .sync_all()
            .map_err(|source| write_error(source, &self.destination, 0))
    }

    /// Gives the file its name; it has been checked.
    pub(crate) fn finish(self) -> Result<(), FetchError> {
        std::fs::rename(&self.path, &self.destination)
            .map_err(FetchError::io("write", &self.destination))?;
        self.forget_notes();
        sync_folder(&self.destination)
    }

    /// Puts the file aside: it is complete, and wrong.
    pub(crate) fn quarantine(self) -> Result<PathBuf, FetchError> {
        let aside = quarantine(&self.path, &self.destination)?;
        self.forget_notes();
        Ok(aside)
    }

    /// Takes it away: the destination is there already.
    pub(crate) fn remove(self) -> Result<(), FetchError> {
        self.forget_notes();
        std::fs::remove_file(&self.path).map_err(FetchError::io("remove", &self.path))
    }

    fn forget_notes(&self) {
        // Notes that stay behind are about bytes that are not there, and `notes` is only asked
        // where there are some.
        let _ = std::fs::remove_file(beside(&self.path, ".json"));
    }
}

/// Renames a file that is wrong to `<destination>.quarantine`.
pub(crate) fn quarantine(path: &Path, destination: &Path) -> Result<PathBuf, FetchError> {
    let aside = beside(destination, ".quarantine");
    std::fs::rename(path, &aside).map_err(FetchError::io("put aside", path))?;
    Ok(aside)
}

/// A name becomes permanent with its folder. Where folders cannot be opened (Windows), there is
/// nothing to do.
fn sync_folder(path: &Path) -> Result<(), FetchError> {
    let folder = folder_of(path);
    match File::open(folder) {
        Ok(open) if cfg!(unix) => open.sync_all().map_err(FetchError::io("write", folder)),
        _ => Ok(()),
    }
}

/// The path with something added to its name.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    let held = same_file::Handle::from_file(file.try_clone()?)?;
    match same_file::Handle::from_path(path) {
        Ok(named) => Ok(held == named),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A full disk is an error of its own.
fn write_error(source: std::io::Error, destination: &Path, needed: u64) -> FetchError {
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            FetchError::Space {
                path: destination.into(),
                needed,
                available: None,
            }
        }
        _ => FetchError::io("write", destination)(source),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn a_full_disk_is_named_with_the_path_and_the_bytes_that_are_missing() {
        let mut full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let source = full.write_all(b"abc").unwrap_err();
        let error = write_error(source, Path::new("some/file"), 300);
        assert!(
            matches!(error, FetchError::Space { needed: 300, .. }),
            "{error}"
        );
        assert!(
            error.to_string().contains("some/file") && error.to_string().contains("300 bytes"),
            "{error}"
        );
    }

    #[test]
    fn waiting_for_a_file_that_another_finishes_ends_with_a_new_one() {
        let folder = tempfile::tempdir().unwrap();
        let destination = folder.path().join("file");
        let mut first =
            Partial::hold(&destination, || panic!("no other process holds it")).unwrap();
        first.append(b"abc", 0).unwrap();
        let waiting = std::sync::mpsc::channel();
        let second = std::thread::spawn({
            let destination = destination.clone();
            move || {
                Partial::hold(&destination, || waiting.0.send(()).unwrap())
                    .unwrap()
                    .length()
            }
        });
        waiting.1.recv().unwrap();
        first.finish().unwrap();
        assert_eq!(second.join().unwrap(), 0);
        assert_eq!(std::fs::read(&destination).unwrap(), b"abc");
    }

    #[test]
    fn notes_of_another_file_are_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let partial = Partial::hold(&folder.path().join("file"), || ()).unwrap();
        let expected = Expected {
            size: Some(3),
            ..Expected::default()
        };
        let notes = Notes {
            validator: Some("\"a\"".into()),
            expected,
        };
        partial.note(&notes).unwrap();
        assert_eq!(partial.notes(expected), Some(notes));
        assert_eq!(partial.notes(Expected::default()), None);
    }
}
