//! Every change of a run directory, behind a trait.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use amst_files::folder_of;

/// Writes what a file holds.
pub type Content<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// Everything that changes a run's directory, so that a test can let any of it fail. Errors are the
/// system's.
pub trait FileSystem: Send + Sync {
    /// Makes a folder and those above it.
    fn create_dir(&self, path: &Path) -> io::Result<()>;

    /// Makes a file, or a new one in the place of an old one, and hands it to the disk.
    /// After an error there may be half a file.
    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()>;

    /// Adds to the end of a file, which need not be there.
    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Cuts a file to a length.
    fn cut(&self, path: &Path, length: u64) -> io::Result<()>;

    /// Waits until the disk has a file or the entries of a folder.
    fn sync(&self, path: &Path) -> io::Result<()>;

    /// Gives a file or folder another name, at once.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Gives a file a second name.
    /// Some file systems cannot.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Removes a folder and what is in it.
    fn remove_dir(&self, path: &Path) -> io::Result<()>;

    /// Bytes that can still be written below a folder.
    fn available(&self, path: &Path) -> io::Result<u64>;
}

/// The disk itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Disk;

impl FileSystem for Disk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        fs::create_dir_all(path)
    }

    fn write(&self, path: &Path, content: Content<'_>) -> io::Result<()> {
        let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
        content(&mut file)?;
        file.into_inner()?.sync_all()
    }

    fn append(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)?
            .write_all(bytes)
    }

    fn cut(&self, path: &Path, length: u64) -> io::Result<()> {
        OpenOptions::new().write(true).open(path)?.set_len(length)
    }

    fn sync(&self, path: &Path) -> io::Result<()> {
        // A folder cannot be opened everywhere; where it cannot, there is nothing to wait for
        // either.
        match File::open(path) {
            Err(_) if path.is_dir() => Ok(()),
            opened => opened?.sync_all(),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, path: &Path) -> io::Result<()> {
        fs::remove_dir_all(path)
    }

    fn available(&self, path: &Path) -> io::Result<u64> {
        fs4::available_space(path)
    }
}

/// Writes a hidden file beside `path`, synchronises and renames it: the file is whole or absent. No
/// other process may write there at the same time.
pub(crate) fn write_whole(disk: &dyn FileSystem, path: &Path, bytes: &[u8]) -> io::Result<()> {
    let dir = folder_of(path);
    let partial = dir.join(format!(
        ".{}.partial",
        path.file_name().unwrap_or_default().to_string_lossy()
    ));
    disk.write(&partial, &mut |file| file.write_all(bytes))?;
    disk.rename(&partial, path)?;
    disk.sync(dir)
}
