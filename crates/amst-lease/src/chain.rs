//! The files of a lease: `lease`, its successor, the successor of that one, and so on.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use crate::LeaseError;
use crate::identity::{Record, VERSION};
use crate::system::FileTime;

/// The first file of a chain.
pub(crate) const LEASE: &str = "lease";

/// More bytes are no lease.
const LARGEST: u64 = 64 << 10;

/// Expiries that a file may state, in milliseconds: up to a week.
const EXPIRIES_MS: std::ops::RangeInclusive<u64> = 1..=7 * 24 * 3600 * 1000;

/// One file of a chain.
#[derive(Debug)]
pub(crate) struct Entry {
    pub path: PathBuf,
    /// The UUID of its lease; of a file that is none, its inode and time.
    pub id: String,
    /// Its lease, or why there is none.
    pub record: Result<Record, String>,
    /// When it was last renewed, by the server's clock.
    pub renewed: FileTime,
}

/// The name of the file by which the lease `id` is taken over.
pub(crate) fn successor_of(dir: &Path, id: &str) -> PathBuf {
    dir.join(format!("{LEASE}.{id}.next"))
}

/// Reads a chain from `lease` to its end, which is the owner's. Empty where nothing is claimed.
pub(crate) fn read(dir: &Path) -> Result<Vec<Entry>, LeaseError> {
    for _ in 0..1000 {
        let chain = read_once(dir)?;
        // A new owner renames its file over the first one and so leaves out those between. If that
        // happened meanwhile, a successor was looked for under a name that had gone.
        let first = read_entry(&dir.join(LEASE))?;
        if first.map(|entry| entry.id) == chain.first().map(|entry| entry.id.clone()) {
            return Ok(chain);
        }
    }
    Err(LeaseError::Contended { dir: dir.into() })
}

fn read_once(dir: &Path) -> Result<Vec<Entry>, LeaseError> {
    // Opening the folder makes NFS ask the server whether names in it are still as remembered.
    File::open(dir).map_err(LeaseError::io("read", dir))?;
    let mut chain = Vec::new();
    let mut ids = BTreeSet::new();
    let mut path = dir.join(LEASE);
    while let Some(entry) = read_entry(&path)? {
        // Only copying files by hand could close a circle.
        if !ids.insert(entry.id.clone()) {
            break;
        }
        path = successor_of(dir, &entry.id);
        chain.push(entry);
    }
    Ok(chain)
}

/// Reads one file, if it is there.
pub(crate) fn read_entry(path: &Path) -> Result<Option<Entry>, LeaseError> {
    // A file that another machine removes between opening and reading is "stale" on NFS.
    for _ in 0..5 {
        match read_file(path) {
            Ok(entry) => return Ok(Some(entry)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) if error.kind() == ErrorKind::StaleNetworkFileHandle => {}
            Err(error) => return Err(LeaseError::io("read", path)(error)),
        }
    }
    let stale = ErrorKind::StaleNetworkFileHandle;
    Err(LeaseError::io("read", path)(stale.into()))
}

fn read_file(path: &Path) -> io::Result<Entry> {
    // Opening, not only asking for its times: NFS then asks the server instead of remembering.
    // Without waiting for a writer, should it be a pipe.
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(OFlags::NONBLOCK.bits() as i32)
        .open(path)?;
    let metadata = file.metadata()?;
    let renewed = FileTime::of(&metadata);
    let record = if !metadata.is_file() {
        Err("it is not a file".into())
    } else {
        let mut bytes = Vec::new();
        file.take(LARGEST + 1).read_to_end(&mut bytes)?;
        parse(&bytes)
    };
    let id = match &record {
        Ok(record) => record.uuid.to_string(),
        Err(_) => format!("{}-{}", metadata.ino(), renewed.number()),
    };
    Ok(Entry {
        path: path.into(),
        id,
        record,
        renewed,
    })
}

fn parse(bytes: &[u8]) -> Result<Record, String> {
    if bytes.is_empty() {
        return Err("it is empty".into());
    }
    if bytes.len() as u64 > LARGEST {
        return Err("it is too long".into());
    }
    let record: Record = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    if record.version != VERSION {
        return Err(format!("it is of version {}", record.version));
    }
    if !EXPIRIES_MS.contains(&record.expiry_ms) {
        return Err(format!("it expires after {} ms", record.expiry_ms));
    }
    Ok(record)
}

/// Makes a file of a chain, unless there is one already: of all processes that try at once exactly
/// one succeeds, on NFS too. Returns it, open for reading only.
pub(crate) fn create(path: &Path, record: &Record) -> Result<Option<File>, LeaseError> {
    let mut file = match OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(None),
        Err(error) => return Err(LeaseError::io("create", path)(error)),
    };
    match fill(&mut file, record).and_then(|()| reopened(&file, path)) {
        Ok(reopened) => Ok(Some(reopened)),
        Err(error) => {
            // Half a lease would keep others out until it expires.
            std::fs::remove_file(path).ok();
            Err(LeaseError::io("write", path)(error))
        }
    }
}

fn fill(file: &mut File, record: &Record) -> io::Result<()> {
    let text = serde_json::to_string(record)? + "\n";
    file.write_all(text.as_bytes())?;
    // A disk that is full may say so only now, if it is a server's.
    file.sync_all()
}

/// The same file for reading. An NFS client may keep the times of a file that it writes to itself
/// (a write delegation), and by its own clock; those of a file that it reads are the server's.
fn reopened(file: &File, path: &Path) -> io::Result<File> {
    let reopened = File::open(path)?;
    let (made, found) = (file.metadata()?, reopened.metadata()?);
    if (made.dev(), made.ino()) != (found.dev(), found.ino()) {
        return Err(io::Error::other("another file was put in its place"));
    }
    Ok(reopened)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rubbish_is_told_from_a_lease_with_a_reason() {
        let long = vec![b' '; LARGEST as usize + 1];
        let other_version = br#"{"version":2,"uuid":"00000000-0000-4000-8000-000000000000",
            "host":"h","machine":null,"boot":null,"pid":1,"namespaces":null,"process_start":null,
            "job":null,"started":0,"expiry_ms":1000,"flock":true}"#;
        let no_expiry = String::from_utf8_lossy(other_version)
            .replace("\"version\":2", "\"version\":1")
            .replace("1000", "0");
        let escape = no_expiry.replace("00000000-0000-4000-8000-000000000000", "../../x");
        for (bytes, why) in [
            (&b""[..], "empty"),
            (&long, "too long"),
            (b"{\"version\":1", "EOF"),
            (b"\xff\xfe\x00", "expected value"),
            (other_version, "version 2"),
            (no_expiry.as_bytes(), "0 ms"),
            (escape.as_bytes(), "UUID"),
        ] {
            let found = parse(bytes).unwrap_err();
            assert!(found.contains(why), "{found}");
        }
    }

    #[test]
    fn files_that_were_copied_into_a_circle_have_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let record = Record {
            version: VERSION,
            uuid: crate::system::random_uuid().unwrap(),
            owner: crate::identity::Identity::this_process(),
            expiry_ms: 1000,
            flock: false,
        };
        let first = folder.path().join(LEASE);
        create(&first, &record).unwrap().unwrap();
        let copy = successor_of(folder.path(), &record.uuid.to_string());
        std::fs::copy(&first, copy).unwrap();
        assert_eq!(read(folder.path()).unwrap().len(), 1);
        assert!(create(&first, &record).unwrap().is_none(), "it is there");
    }
}
