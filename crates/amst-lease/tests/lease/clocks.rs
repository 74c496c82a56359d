//! Machines whose clocks are an hour apart.

use std::path::Path;
use std::process::Command;

use crate::child::Start;
use crate::expiry::of_another_machine;

/// A library that moves the clock of a process, loaded before the C library.
const SHIFTED_CLOCK: &str = r#"
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int clock_gettime(clockid_t clock, struct timespec *time) {
    long answer = syscall(SYS_clock_gettime, clock, time);
    const char *shift = getenv("SHIFT");
    if (clock == CLOCK_REALTIME && shift) time->tv_sec += atol(shift);
    return (int)answer;
}
"#;

fn shifted_clock(folder: &Path) -> Option<String> {
    let (source, library) = (folder.join("clock.c"), folder.join("clock.so"));
    std::fs::write(&source, SHIFTED_CLOCK).unwrap();
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .args([&library, &source])
        .status();
    let is_built = built.is_ok_and(|status| status.success());
    if !is_built {
        println!("not tested here, there is no C compiler: clocks an hour apart");
    }
    is_built.then(|| library.to_str().unwrap().into())
}

#[test]
fn clocks_that_are_an_hour_apart_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let Some(library) = shifted_clock(folder.path()) else {
        return;
    };
    for (name, shift) in [("ahead", "3600"), ("behind", "-3600")] {
        let dir = folder.path().join(name);
        std::fs::create_dir(&dir).unwrap();
        let claim = || {
            Start::role("hold", &dir, 300_000)
                .env("LD_PRELOAD", &library)
                .env("SHIFT", shift)
                .spawn()
        };
        of_another_machine(&dir.join("lease"), 250);
        let told = claim().heard().unwrap();
        // 1,700,000,000 is long ago for every clock; what is left is the server's.
        let left = told.split("its lease ends in ").nth(1).unwrap_or_default();
        let left: u64 = left.split(' ').next().unwrap().parse().expect(&told);
        assert!((35..=51).contains(&left), "{name}: {told}");
        of_another_machine(&dir.join("lease"), 310);
        let mut owner = claim();
        assert_eq!(owner.heard().as_deref(), Some("claimed"), "{name}");
        // The clock was really moved: it is in the message that says since when.
        let text = std::fs::read_to_string(dir.join("lease")).unwrap();
        let lease: serde_json::Value = serde_json::from_str(&text).unwrap();
        let here = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let apart = lease["started"].as_i64().unwrap() - here.unwrap().as_secs() as i64;
        assert!((3590..=3610).contains(&apart.abs()), "{apart} s apart");
        // A process with the right clock sees a lease that was just renewed.
        let told = Start::role("hold", &dir, 300_000).spawn().heard().unwrap();
        assert!(told.starts_with("refused"), "{told}");
        owner.kill();
    }
}

/// The local clock is read in one place, for messages.
#[test]
fn no_age_is_measured_by_the_local_clock() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut readers = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        let product = text.split("#[cfg(test)]").next().unwrap();
        for word in [
            "SystemTime::now",
            ".elapsed()",
            "Instant::now",
            "ClockId::Realtime",
        ] {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            readers.extend(product.matches(word).map(|_| (name.clone(), word)));
        }
    }
    assert_eq!(readers, [("identity.rs".to_string(), "SystemTime::now")]);
}
