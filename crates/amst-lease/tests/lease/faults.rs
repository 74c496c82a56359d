//! Folders that cannot be written.

use std::path::Path;

use amst_lease::{Lease, LeaseError, Options};

use crate::child::{Start, can_run, without_flock};

/// Starts a process that claims a small file system of its own, after `before` was done there.
fn claim_in_own_file_system(before: &str) -> Option<String> {
    let mount = format!(
        "mount -t tmpfs -o size=16k tmpfs \"$AMST_LEASE_DIR\" && cd \"$AMST_LEASE_DIR\" && \
         {before} && cd / && exec \"$@\""
    );
    if !can_run(
        &[
            "unshare",
            "-rm",
            "sh",
            "-c",
            "mount -t tmpfs none /mnt && exec \"$@\"",
            "sh",
        ],
        "a full disk and a read-only folder",
    ) {
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let programs = ["unshare", "-rm", "sh", "-c", &mount, "sh"];
    let mut child = Start::through(&programs, "hold", folder.path(), 60_000).spawn();
    Some(child.heard().unwrap())
}

#[test]
fn on_a_full_disk_nothing_is_left_and_the_remedy_is_told() {
    // It is let in once there is space again, so half a lease was not left.
    let Some(told) =
        claim_in_own_file_system("{ dd if=/dev/zero of=full bs=4k 2>/dev/null; true; }")
    else {
        return;
    };
    assert!(told.starts_with("refused cannot write"), "{told}");
    assert!(
        told.contains("/lease: ") && told.contains("free some space"),
        "{told}"
    );
}

#[test]
fn a_read_only_folder_is_refused_by_name_with_the_remedy() {
    let Some(told) = claim_in_own_file_system("mount -o remount,ro \"$AMST_LEASE_DIR\"") else {
        return;
    };
    assert!(told.starts_with("refused cannot create"), "{told}");
    assert!(told.contains("make it readable and writable"), "{told}");
}

#[test]
fn half_a_lease_is_not_left_on_a_full_disk() {
    let free = "{ dd if=/dev/zero of=full bs=4k 2>/dev/null; \"$@\" >/dev/null </dev/null; \
                test ! -e lease && rm full; }";
    let Some(told) = claim_in_own_file_system(free) else {
        return;
    };
    assert_eq!(told, "claimed");
}

#[test]
fn a_folder_that_does_not_exist_is_named() {
    for options in [without_flock(60_000), Options::default()] {
        let error = Lease::claim(Path::new("/nowhere/at/all"), &options).unwrap_err();
        assert!(matches!(error, LeaseError::Io { .. }), "{error}");
        let text = error.to_string();
        assert!(
            text.contains("/nowhere/at/all") && text.contains("make the folder"),
            "{text}"
        );
    }
}
