//! Who gets a directory, and who does not.

use std::time::Duration;

use amst_lease::{Holder, Lease, LeaseError, Options, holder};

use crate::child::{Start, can_run, names, without_flock};
use crate::expiry::age;

const MINUTE: u64 = 60_000;

fn with_flock() -> Options {
    Options {
        flock: true,
        ..without_flock(MINUTE)
    }
}

#[test]
fn a_directory_has_one_owner_and_is_free_when_it_is_gone() {
    for options in [with_flock(), without_flock(MINUTE)] {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        assert_eq!(holder(dir), None);
        let lease = Lease::claim(dir, &options).unwrap();
        lease.check().unwrap();
        lease.renew().unwrap();
        let here = holder(dir).expect("it is held");
        assert_eq!(here.pid, std::process::id());
        let refused = Lease::claim(dir, &options).unwrap_err();
        assert!(matches!(refused, LeaseError::Held { .. }), "{refused}");
        let text = refused.to_string();
        for part in [&*dir.to_string_lossy(), &here.to_string(), "wait for it"] {
            assert!(text.contains(part), "{text}");
        }
        drop(lease);
        assert_eq!(holder(dir), None);
        let left: &[&str] = if options.flock { &["lock"] } else { &[] };
        assert_eq!(names(dir), left, "the lease is gone");
        Lease::claim(dir, &options).unwrap();
    }
}

/// Versions without leases look at `lock` and its text only.
#[test]
fn a_process_of_an_older_version_is_kept_out_and_keeps_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lock");
    let text = r#"{"pid":42,"host":"there","started":1700000000}"#;
    std::fs::write(&path, text).unwrap();
    let file = std::fs::File::open(&path).unwrap();
    file.try_lock().unwrap();
    let refused = Lease::claim(folder.path(), &with_flock()).unwrap_err();
    assert!(
        refused.to_string().contains("process 42 on there"),
        "{refused}"
    );
    assert_eq!(holder(folder.path()).map(|holder| holder.pid), Some(42));
    drop(file);
    let _lease = Lease::claim(folder.path(), &with_flock()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let written: Holder = serde_json::from_str(&text).unwrap();
    assert_eq!(written.pid, std::process::id());
    let file = std::fs::File::open(&path).unwrap();
    assert!(file.try_lock().is_err());
}

#[test]
fn without_flock_the_lease_alone_keeps_a_second_process_out() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut other = Start::role("hold", dir, MINUTE).spawn();
    assert_eq!(other.heard().as_deref(), Some("claimed"));
    let refused = Lease::claim(dir, &without_flock(MINUTE)).unwrap_err();
    let text = refused.to_string();
    assert!(
        text.contains(&format!("process {} on", other.id())),
        "{text}"
    );
    assert!(text.contains("its lease ends in"), "{text}");
    // Nor does it help to have `flock`, which the other one does not.
    let refused = Lease::claim(dir, &with_flock()).unwrap_err();
    assert!(matches!(refused, LeaseError::Held { .. }), "{refused}");
    assert_eq!(holder(dir).map(|holder| holder.pid), Some(other.id()));
    other.kill();
    // Its number is no process's any more: no waiting.
    let lease = Lease::claim(dir, &without_flock(MINUTE)).unwrap();
    lease.check().unwrap();
    assert_eq!(names(dir), ["lease", "lock"]);
}

#[test]
fn two_processes_in_two_mount_namespaces_without_flock_exclude_each_other() {
    let at_another_path =
        "mount --bind \"$AMST_LEASE_DIR\" /mnt && AMST_LEASE_DIR=/mnt exec \"$@\"";
    let programs = ["unshare", "-rm", "sh", "-c", at_another_path, "sh"];
    let folder = tempfile::tempdir().unwrap();
    if !can_run(&["unshare", "-rm"], "two mount namespaces") {
        return;
    }
    let start = || Start::through(&programs, "hold", folder.path(), MINUTE).spawn();
    let mut first = start();
    assert_eq!(first.heard().as_deref(), Some("claimed"));
    let told = start().heard().unwrap();
    assert!(
        told.starts_with("refused /mnt is in use by process"),
        "{told}"
    );
    first.tell("end");
    assert_eq!(first.heard().as_deref(), Some("mine"));
    assert_eq!(first.heard(), None);
    assert_eq!(start().heard().as_deref(), Some("claimed"));
}

/// Process 1 of a container is not the process 1 that others see.
#[test]
fn a_process_in_another_container_is_not_taken_for_dead() {
    let programs = ["unshare", "-rpf", "--kill-child", "--mount-proc"];
    if !can_run(&programs, "two namespaces of processes") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut inside = Start::through(&programs, "hold", folder.path(), MINUTE).spawn();
    assert_eq!(inside.heard().as_deref(), Some("claimed"));
    let refused = Lease::claim(folder.path(), &without_flock(MINUTE)).unwrap_err();
    assert!(refused.to_string().contains("process 1 on"), "{refused}");
    inside.kill();
    // No other process can tell that it is gone, until it expires.
    let refused = Lease::claim(folder.path(), &without_flock(MINUTE)).unwrap_err();
    assert!(matches!(refused, LeaseError::Held { .. }), "{refused}");
    age(&folder.path().join("lease"), 61);
    Lease::claim(folder.path(), &without_flock(MINUTE)).unwrap();
}

#[test]
fn a_file_system_that_refuses_flock_is_told_once_and_the_lease_holds() {
    let programs = [
        "strace",
        "-f",
        "-qq",
        "-o",
        "/dev/null",
        "-e",
        "inject=flock:error=ENOLCK",
    ];
    if !can_run(&programs, "a file system without flock") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let start = || {
        Start::through(&programs, "hold", folder.path(), MINUTE)
            .with_flock()
            .spawn()
    };
    let mut first = start();
    let warning = first.heard().unwrap();
    assert!(
        warning.contains("lock cannot be locked") && warning.starts_with("warning"),
        "{warning}"
    );
    assert_eq!(first.heard().as_deref(), Some("claimed"));
    let refused = start().heard().unwrap();
    assert!(refused.starts_with("refused"), "{refused}");
    // Nor for one that can lock.
    assert!(Lease::claim(folder.path(), &with_flock()).is_err());
}

#[test]
fn the_lease_of_a_directory_that_its_owner_renamed_is_released_there() {
    let folder = tempfile::tempdir().unwrap();
    let (before, after) = (folder.path().join("run"), folder.path().join("run.1"));
    std::fs::create_dir(&before).unwrap();
    let lease = Lease::claim(&before, &with_flock()).unwrap();
    std::fs::rename(&before, &after).unwrap();
    lease.release_renamed(&after);
    assert_eq!(names(&after), ["lock"]);
}

#[test]
fn times_that_do_not_fit_together_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let short = Options {
        settle: Duration::from_secs(1),
        ..without_flock(1000)
    };
    for options in [short, without_flock(0), without_flock(u64::MAX / 4)] {
        let refused = Lease::claim(folder.path(), &options).unwrap_err();
        assert!(matches!(refused, LeaseError::Times { .. }), "{refused}");
    }
    let mut lease = Lease::claim(folder.path(), &without_flock(1000)).unwrap();
    let refused = lease.heartbeat(Duration::from_millis(500)).unwrap_err();
    assert!(refused.to_string().contains("at most a third"), "{refused}");
    lease.check().unwrap();
}
