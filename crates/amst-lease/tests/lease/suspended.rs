//! A process that is stopped for longer than its lease stands.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use amst_lease::{Lease, LeaseError};
use rustix::process::Signal;

use crate::child::{Child, Start, dir, options, say, without_flock};

const EXPIRY: u64 = 2000;
const PAUSE: Duration = Duration::from_millis(600);

/// The role of a process that writes a file now and then, each after a check.
pub fn write_until_lost() {
    let mut lease = Lease::claim(&dir(), &options()).unwrap();
    lease.heartbeat(Duration::from_millis(100)).unwrap();
    say("claimed");
    for number in 0.. {
        match lease.check() {
            Ok(()) => fs::write(dir().join(format!("out-{number}")), "").unwrap(),
            Err(error @ LeaseError::Lost { .. }) => return say(format_args!("lost {error}")),
            Err(error) => panic!("{error}"),
        }
        std::thread::sleep(PAUSE);
    }
}

fn written(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("out-"))
        .count()
}

/// Stops a writer in the pause after a write, so that no check was passed and not used.
fn stop_in_its_pause(writer: &Child, dir: &Path) {
    for _ in 0..20 {
        let before = written(dir);
        let start = Instant::now();
        while written(dir) == before {
            assert!(start.elapsed() < Duration::from_secs(20), "it writes");
            std::thread::sleep(Duration::from_millis(2));
        }
        let wrote = Instant::now();
        writer.signal(Signal::STOP);
        while !writer.is_stopped() {
            std::thread::sleep(Duration::from_millis(2));
        }
        if wrote.elapsed() < PAUSE / 2 {
            return;
        }
        // On a busy machine it was too late.
        writer.signal(Signal::CONT);
    }
    panic!("it cannot be stopped in time");
}

fn suspended(is_taken_over: bool) {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let mut writer = Start::role("write", dir, EXPIRY).spawn();
    assert_eq!(writer.heard().as_deref(), Some("claimed"));
    stop_in_its_pause(&writer, dir);
    let before = written(dir);
    let refused = Lease::claim(dir, &without_flock(EXPIRY)).unwrap_err();
    assert!(
        matches!(refused, LeaseError::Held { .. }),
        "a process that is stopped is not dead: {refused}"
    );
    std::thread::sleep(Duration::from_millis(EXPIRY + 50));
    let new = is_taken_over.then(|| Lease::claim(dir, &without_flock(60_000)).unwrap());
    writer.signal(Signal::CONT);
    let told = writer.heard().unwrap();
    assert!(told.starts_with("lost the lease on"), "{told}");
    assert!(told.contains("writes nothing more"), "{told}");
    assert_eq!(writer.heard(), None, "it ends");
    assert_eq!(written(dir), before);
    if let Some(new) = new {
        new.check().unwrap();
        new.renew().unwrap();
    }
}

#[test]
fn a_suspended_owner_that_was_taken_over_writes_nothing_when_it_wakes_up() {
    suspended(true);
}

#[test]
fn a_suspended_owner_that_nobody_took_over_writes_nothing_either() {
    suspended(false);
}
