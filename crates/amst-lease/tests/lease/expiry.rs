//! Leases that are not renewed, and files that are none.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use amst_lease::{Lease, LeaseError, LostReason, holder};
use serde_json::{Value, json};

use crate::child::{names, without_flock};

/// A lease of a process on another machine, renewed so many seconds ago by the server's clock; in
/// the future if negative.
pub fn of_another_machine(path: &Path, seconds_ago: i64) -> Value {
    let lease = json!({
        "version": 1,
        "uuid": format!("00000000-0000-4000-8000-{:012x}", fastrand(path)),
        "host": "node17",
        "machine": "00",
        "boot": "of another machine",
        "pid": 4711,
        "namespaces": "pid:[1]",
        "process_start": 1,
        "job": {"id": "99", "array": "98", "task": "3"},
        "started": 1_700_000_000,
        "expiry_ms": 300_000,
        "flock": false,
    });
    fs::write(path, lease.to_string()).unwrap();
    age(path, seconds_ago);
    lease
}

/// Another number for each path.
fn fastrand(path: &Path) -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    path.hash(&mut hasher);
    hasher.finish() >> 16
}

/// Sets a file's time.
pub fn age(path: &Path, seconds_ago: i64) {
    let ago = Duration::from_secs(seconds_ago.unsigned_abs());
    let now = SystemTime::now();
    let time = if seconds_ago < 0 {
        now + ago
    } else {
        now - ago
    };
    File::open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn a_lease_is_taken_over_when_it_has_expired_and_not_before() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, path) = (folder.path(), folder.path().join("lease"));
    let options = without_flock(300_000);
    let lease = of_another_machine(&path, 250);
    let refused = Lease::claim(dir, &options).unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("process 4711 on node17"), "{text}");
    let LeaseError::Held {
        left: Some(left), ..
    } = refused
    else {
        panic!("{text}")
    };
    assert!(
        (40..=51).contains(&left.as_secs()),
        "{left:?} of 300 s are left"
    );
    assert_eq!(holder(dir).unwrap().host, "node17");
    assert_eq!(fs::read_to_string(&path).unwrap(), lease.to_string());
    assert_eq!(names(dir), ["lease"], "the probe is gone");

    age(&path, 301);
    assert_eq!(holder(dir), None);
    let taken = Lease::claim(dir, &options).unwrap();
    taken.check().unwrap();
    assert_eq!(names(dir), ["lease"], "its own, under the first name");
    drop(taken);
    assert!(names(dir).is_empty());
}

#[test]
fn the_expiry_is_the_one_that_the_owner_wrote() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lease");
    let mut lease = of_another_machine(&path, 250);
    lease["expiry_ms"] = json!(200_000);
    fs::write(&path, lease.to_string()).unwrap();
    age(&path, 250);
    Lease::claim(folder.path(), &without_flock(300_000)).unwrap();
}

/// As after the server's clock was set back by an hour: it is waited for, and said how long.
#[test]
fn a_lease_of_the_future_is_held_until_then() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lease");
    of_another_machine(&path, -3600);
    let refused = Lease::claim(folder.path(), &without_flock(300_000)).unwrap_err();
    let LeaseError::Held {
        left: Some(left), ..
    } = refused
    else {
        panic!("{refused}")
    };
    assert!((3880..=3900).contains(&left.as_secs()), "{left:?}");
}

#[test]
fn a_file_that_is_no_lease_is_held_until_it_expires_and_then_taken_over() {
    for rubbish in [
        "",
        "{\"version\":1,\"uu",
        "\u{0}\u{0}\u{0}",
        "years of work",
    ] {
        let folder = tempfile::tempdir().unwrap();
        let (dir, path) = (folder.path(), folder.path().join("lease"));
        fs::write(&path, rubbish).unwrap();
        let refused = Lease::claim(dir, &without_flock(300_000)).unwrap_err();
        assert!(
            matches!(refused, LeaseError::Unreadable { .. }),
            "{refused}"
        );
        let text = refused.to_string();
        for part in [
            &*path.to_string_lossy(),
            " s, when it has expired",
            "remove",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(holder(dir).is_some());
        assert_eq!(fs::read_to_string(&path).unwrap(), rubbish);
        age(&path, 301);
        assert_eq!(holder(dir), None);
        let lease = Lease::claim(dir, &without_flock(300_000)).unwrap();
        lease.check().unwrap();
        assert_eq!(names(dir), ["lease"]);
    }
}

#[test]
fn a_folder_called_lease_is_left_alone_and_does_not_stop_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let (dir, path) = (folder.path(), folder.path().join("lease"));
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.tex"), "years of work").unwrap();
    let refused = Lease::claim(dir, &without_flock(300_000)).unwrap_err();
    assert!(refused.to_string().contains("not a file"), "{refused}");
    age(&path, 301);
    let lease = Lease::claim(dir, &without_flock(300_000)).unwrap();
    lease.check().unwrap();
    let refused = Lease::claim(dir, &without_flock(300_000)).unwrap_err();
    assert!(matches!(refused, LeaseError::Held { .. }), "{refused}");
    drop(lease);
    assert!(path.join("thesis.tex").exists());
}

#[test]
fn owners_that_crashed_one_after_the_other_leave_one_file() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut path = dir.join("lease");
    for _ in 0..5 {
        let lease = of_another_machine(&path, 400);
        path = dir.join(format!("lease.{}.next", lease["uuid"].as_str().unwrap()));
    }
    // The last one was killed between creating its file and writing it.
    fs::write(&path, "").unwrap();
    age(&path, 400);
    let lease = Lease::claim(dir, &without_flock(300_000)).unwrap();
    lease.check().unwrap();
    assert_eq!(names(dir), ["lease"]);
}

#[test]
fn who_was_taken_over_cannot_renew_check_or_remove_and_harms_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let old = Lease::claim(dir, &without_flock(300)).unwrap();
    std::thread::sleep(Duration::from_millis(320));
    let new = Lease::claim(dir, &without_flock(60_000)).unwrap();
    let text = fs::read_to_string(dir.join("lease")).unwrap();
    for lost in [old.renew(), old.check(), old.renew()] {
        assert!(matches!(lost, Err(LeaseError::Lost { .. })), "{lost:?}");
    }
    drop(old);
    new.check().unwrap();
    new.renew().unwrap();
    assert_eq!(fs::read_to_string(dir.join("lease")).unwrap(), text);
    drop(new);
    assert!(names(dir).is_empty());
}

#[test]
fn a_lease_that_nobody_took_over_is_lost_all_the_same_once_it_expired() {
    let folder = tempfile::tempdir().unwrap();
    let lease = Lease::claim(folder.path(), &without_flock(300)).unwrap();
    std::thread::sleep(Duration::from_millis(320));
    let Err(LeaseError::Lost { why, .. }) = lease.renew() else {
        panic!("it expired")
    };
    assert!(matches!(why, LostReason::Expired { .. }), "{why}");
    assert!(lease.check().is_err(), "for good");
}

#[test]
fn heartbeats_keep_a_lease_for_longer_than_its_expiry() {
    let folder = tempfile::tempdir().unwrap();
    let mut lease = Lease::claim(folder.path(), &without_flock(3000)).unwrap();
    lease.heartbeat(Duration::from_millis(100)).unwrap();
    std::thread::sleep(Duration::from_millis(3500));
    lease.check().unwrap();
    let refused = Lease::claim(folder.path(), &without_flock(3000)).unwrap_err();
    assert!(matches!(refused, LeaseError::Held { .. }), "{refused}");
}

#[test]
fn a_lease_that_is_removed_or_overwritten_is_lost_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lease");
    let lease = Lease::claim(folder.path(), &without_flock(60_000)).unwrap();
    fs::remove_file(&path).unwrap();
    let lost = lease.check().unwrap_err();
    assert!(lost.to_string().contains("its file was removed"), "{lost}");
    let lease = Lease::claim(folder.path(), &without_flock(60_000)).unwrap();
    fs::write(&path, "rubbish").unwrap();
    let lost = lease.renew().unwrap_err();
    assert!(lost.to_string().contains("stands in its place"), "{lost}");
    drop(lease);
    assert_eq!(fs::read_to_string(&path).unwrap(), "rubbish");
}
