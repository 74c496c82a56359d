//! Ctrl-C while a table is trained, as a terminal sends it: to the whole group of processes.
#![cfg(unix)]

mod bench;

use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bench::Bench;

#[test]
fn ctrl_c_waits_for_the_run_that_saves_itself_starts_no_other_and_says_how_to_go_on() {
    let bench = Bench::new();
    bench.stash(&[]);
    std::fs::write(bench.path("stash").join("waits-6-1"), "").unwrap();
    let mut command = bench.command(&["--jobs", "1", "--experiments", "6"]);
    let child = command
        .process_group(0)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let start = Instant::now();
    while !bench.path("stash").join("waiting").exists() {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "the run does not begin"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    std::thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    let group = format!("-{}", child.id());
    assert!(
        Command::new("kill")
            .args(["-INT", "--", &group])
            .status()
            .unwrap()
            .success()
    );
    let output = child.wait_with_output().unwrap();
    assert!(start.elapsed() < Duration::from_secs(30));
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("1 stopped and saved") && said.contains("the same command goes on"),
        "{said}"
    );
    assert!(!said.contains("failed"), "{said}");
    // Seed 1 was stopped; seed 2 would have been next.
    let trained: Vec<_> = bench
        .calls()
        .into_iter()
        .filter(|call| call.starts_with("train"))
        .collect();
    assert_eq!(trained.last().unwrap(), "train 6 1", "{trained:?}");
    std::fs::remove_file(bench.path("stash").join("waits-6-1")).unwrap();
    bench.reproduce(&["--experiments", "6"]).success();
}
