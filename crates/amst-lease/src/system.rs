//! What is asked of the operating system: clock, times of files, processes, kind of a file system.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

use rustix::fs::{Timespec, Timestamps, UTIME_NOW, UTIME_OMIT, futimens};
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use rustix::rand::{GetRandomFlags, getrandom};
use rustix::time::{ClockId, clock_gettime};
use uuid::Uuid;

/// Time of this machine that no one can set, and that goes on while the machine is suspended.
pub(crate) fn boottime() -> Duration {
    #[cfg(target_os = "linux")]
    let time = clock_gettime(ClockId::Boottime);
    #[cfg(not(target_os = "linux"))]
    let time = clock_gettime(ClockId::Monotonic);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Sets a file's modification time to the present of the machine that holds the file: the server's
/// on a network file system (NFS has `SET_TO_SERVER_TIME` for this).
pub(crate) fn touch(file: &File) -> io::Result<()> {
    let times = Timestamps {
        last_access: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_OMIT,
        },
        last_modification: Timespec {
            tv_sec: 0,
            tv_nsec: UTIME_NOW,
        },
    };
    Ok(futimens(file, &times)?)
}

/// A modification time in nanoseconds since 1970 by the clock of the machine that holds the file.
/// Only differences between times of files of one file system mean anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct FileTime(i128);

impl FileTime {
    /// That of a file.
    pub fn of(metadata: &Metadata) -> Self {
        Self(i128::from(metadata.mtime()) * 1_000_000_000 + i128::from(metadata.mtime_nsec()))
    }

    /// Nanoseconds from `earlier` to this one; negative where `earlier` is the later one.
    pub fn nanoseconds_since(self, earlier: Self) -> i128 {
        self.0 - earlier.0
    }

    /// As a number for a file's name.
    pub fn number(self) -> i128 {
        self.0
    }
}

/// Whether there is a process of this number, of any user.
pub(crate) fn process_exists(pid: u32) -> bool {
    let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    test_kill_process(pid) != Err(Errno::SRCH)
}

/// A random UUID, version 4.
pub(crate) fn random_uuid() -> io::Result<Uuid> {
    let mut bytes = [0; 16];
    // 16 bytes are never cut short.
    getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(uuid::Builder::from_random_bytes(bytes).into_uuid())
}

/// Whether `flock` on a file system keeps out every process that can see the file.
///
/// Only file systems of one machine that are known are local. FUSE, network and cluster file
/// systems, and those that are not known, are not: there `flock` can succeed for everybody.
#[cfg(target_os = "linux")]
pub(crate) fn is_local(dir: &Path) -> io::Result<bool> {
    Ok(is_local_magic(rustix::fs::statfs(dir)?.f_type as u64))
}

/// Other systems do not number their file systems: there `flock` is trusted where it works.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_local(_: &Path) -> io::Result<bool> {
    Ok(true)
}

/// `f_type` of statfs(2), of file systems that one machine alone mounts.
#[cfg(target_os = "linux")]
fn is_local_magic(magic: u64) -> bool {
    const LOCAL: [u64; 13] = [
        0xEF53,      // ext2, ext3, ext4
        0x5846_5342, // XFS
        0x9123_683E, // Btrfs
        0x0102_1994, // tmpfs
        0x8584_58F6, // ramfs
        0x2FC1_2FC1, // ZFS
        0x794C_7630, // overlayfs
        0xF2F5_2010, // F2FS
        0xCA45_1A4E, // bcachefs
        0x5265_4973, // ReiserFS
        0x3153_464A, // JFS
        0x4D44,      // FAT
        0x2011_BAB0, // exFAT
    ];
    // On some machines the field is 32 bits wide and signed.
    LOCAL.contains(&(magic & 0xFFFF_FFFF))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn network_cluster_fuse_and_unknown_file_systems_are_not_local() {
        let shared = [
            ("NFS", 0x6969),
            ("Lustre", 0x0BD0_0BD0),
            ("GPFS", 0x4750_4653),
            ("CIFS", 0xFF53_4D42),
            ("SMB2", 0xFE53_4D42),
            ("FUSE", 0x6573_5546),
            ("CephFS", 0x00C3_6400),
            ("BeeGFS", 0x1983_0326),
            ("9p", 0x0102_1997),
            ("AFS", 0x5346_414F),
            ("one that is not known", 0x1234_5678),
        ];
        for (name, magic) in shared {
            assert!(!is_local_magic(magic), "{name}");
        }
        assert!(is_local_magic(0xEF53));
        // Signed 32 bits, widened.
        assert!(is_local_magic(0x9123_683E_u32 as i32 as u64));
    }

    #[test]
    fn this_process_exists_and_one_beyond_the_largest_number_does_not() {
        assert!(process_exists(std::process::id()));
        assert!(process_exists(1), "of another user too");
        assert!(!process_exists(0x7FFF_FFFF));
        assert!(!process_exists(u32::MAX));
        assert!(!process_exists(0));
    }

    #[test]
    fn touching_moves_the_time_of_a_file_that_is_open_for_reading() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "").unwrap();
        let file = File::open(&path).unwrap();
        let long_ago = std::time::UNIX_EPOCH + Duration::from_secs(1000);
        (File::options().write(true).open(&path).unwrap())
            .set_modified(long_ago)
            .unwrap();
        let before = FileTime::of(&file.metadata().unwrap());
        touch(&file).unwrap();
        let after = FileTime::of(&file.metadata().unwrap());
        assert!(after.nanoseconds_since(before) > 1_000_000_000);
    }
}
