//! What signals do to a run.
#![cfg(unix)]

mod process;

use std::time::{Duration, Instant};

use process::{Cell, assert_done, signal, stderr, until};

/// A run of some seconds, so that it can be hit.
const LONG: [&str; 4] = [
    "method=amst-full",
    "skip.audio=2",
    "epochs=40",
    "probes=true",
];

/// Steps of many seconds, so that a signal finds one going on.
const SLOW: [&str; 7] = [
    "method=naive",
    "audio.width=64",
    "visual.width=64",
    "audio.target_frames=128",
    "audio.mels=128",
    "batch_size=96",
    "synthetic.train=96",
];

#[test]
fn a_run_that_is_asked_to_stop_finishes_the_step_says_so_and_goes_on_when_called_again() {
    let whole = tempfile::tempdir().unwrap();
    let reference = Cell::new(&LONG, whole.path());
    assert_done(&reference.run());
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&LONG, out.path()).with(&["--checkpoint-every", "never"]);
    for (name, code) in [("INT", 130), ("TERM", 143), ("USR1", 75)] {
        // Each process adds a line when it begins, and by then listens to signals.
        let before = length_of_events(out.path());
        let child = cell.start();
        until("the run", || length_of_events(out.path()) > before);
        // Well into the steps.
        std::thread::sleep(Duration::from_millis(400));
        signal(&child, name);
        let output = child.wait_with_output().unwrap();
        let message = stderr(&output);
        assert_eq!(output.status.code(), Some(code), "SIG{name}: {message}");
        assert!(
            message.contains(&format!("stopped by SIG{name}")) && message.contains("goes on"),
            "{message}"
        );
        assert!(!message.contains("error"), "{message}");
        let events = String::from_utf8(cell.file("events.jsonl")).unwrap();
        assert!(
            events
                .lines()
                .last()
                .unwrap()
                .contains("\"kind\":\"stopped\""),
            "{events}"
        );
        assert_eq!(
            std::fs::read_dir(cell.dir().join("checkpoints"))
                .unwrap()
                .count(),
            if name == "INT" { 1 } else { 2 }
        );
    }
    let last = cell.run();
    assert_done(&last);
    assert!(String::from_utf8_lossy(&last.stdout).contains("\"kind\":\"resumed\""));
    for name in ["result.json", "predictions.csv"] {
        assert!(cell.file(name) == reference.file(name), "{name} differs");
    }
    assert_eq!(cell.epochs(), reference.epochs());
    let times = |cell: &Cell<'_>| -> serde_json::Value {
        serde_json::from_slice(&cell.file("timing.json")).unwrap()
    };
    let (timing, alone) = (times(&cell), times(&reference));
    // The times of all sittings, not of the last one alone; machines differ from one moment to the
    // next.
    let forward = |timing: &serde_json::Value| timing["phases"]["forward"].as_f64().unwrap();
    assert!(forward(&timing) > 0.3 * forward(&alone), "{timing} {alone}");
    assert!(timing["seconds"].as_f64().unwrap() >= forward(&timing));
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&SLOW, out.path());
    let mut child = cell.start();
    until("the run", || {
        walk(out.path())
            .iter()
            .any(|path| path.ends_with("events.jsonl"))
    });
    std::thread::sleep(Duration::from_millis(300));
    signal(&child, "TERM");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(
        child.try_wait().unwrap(),
        None,
        "the first one waits for the step"
    );
    let start = Instant::now();
    signal(&child, "INT");
    let status = child.wait().unwrap();
    assert_eq!(status.code(), Some(130));
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{:?}",
        start.elapsed()
    );
    assert!(!cell.dir().join("checkpoints").exists());
}

#[test]
fn the_second_of_two_processes_is_refused_and_the_first_goes_on() {
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&LONG, out.path());
    let mut first = cell.start();
    until("the run", || {
        walk(out.path())
            .iter()
            .any(|path| path.ends_with("events.jsonl"))
    });
    for options in [&[][..], &["--fresh"]] {
        let second = Cell::new(&LONG, out.path()).with(options).run();
        assert_eq!(second.status.code(), Some(7), "{}", stderr(&second));
        assert!(
            stderr(&second).contains(&format!("process {}", first.id())),
            "{}",
            stderr(&second)
        );
    }
    let status = std::process::Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    let mut status = { status };
    let told = status
        .args(["status", "--json"])
        .arg(out.path())
        .output()
        .unwrap();
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(
        (&told[0]["state"], &told[0]["by"]["pid"]),
        (&"running".into(), &first.id().into()),
        "{told}"
    );
    // Its holder crashes, and the next process gets the lock.
    first.kill().unwrap();
    first.wait().unwrap();
    assert_done(&cell.run());
}

/// Bytes of the one `events.jsonl` below a folder, 0 where there is none yet.
fn length_of_events(folder: &std::path::Path) -> u64 {
    let files = walk(folder);
    let mut events = files.iter().filter(|path| path.ends_with("events.jsonl"));
    let length = |path: &std::path::PathBuf| std::fs::metadata(path).map_or(0, |file| file.len());
    events.next().map_or(0, length)
}

/// Every file below a folder.
fn walk(dir: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for path in std::fs::read_dir(dir)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
    {
        if path.is_dir() {
            files.extend(walk(&path))
        } else {
            files.push(path)
        }
    }
    files
}

/// As on a shared disk on which locks do nothing.
#[test]
fn a_run_that_another_process_took_over_ends_with_its_own_code_and_writes_nothing_more() {
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&["method=amst-full", "epochs=400"], out.path())
        .with(&["--checkpoint-every", "1step"]);
    let child = cell
        .command()
        .env("AMST_NO_FLOCK", "1")
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lease = || walk(out.path()).into_iter().find(|p| p.ends_with("lease"));
    until("the lease", || lease().is_some());
    let second = cell.command().env("AMST_NO_FLOCK", "1").output().unwrap();
    assert_eq!(second.status.code(), Some(7), "{}", stderr(&second));
    assert!(stderr(&second).contains("process"), "{}", stderr(&second));
    // Another owner's lease in the place of the first.
    let file = lease().unwrap();
    let mut record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    record["uuid"] = "00000000-0000-4000-8000-000000000000".into();
    let other = file.with_file_name("other");
    std::fs::write(&other, record.to_string()).unwrap();
    std::fs::rename(&other, &file).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(6), "{}", stderr(&output));
    let left = walk(out.path());
    assert!(!left.iter().any(|p| p.ends_with("result.json")), "{left:?}");
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(kept, record.to_string(), "the other's lease stays");
}
