//! `cargo xtask reproduce table3`, with a stand-in for `amst` that writes down how it was called.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use assert_cmd::Command;
use assert_cmd::assert::Assert;

/// A folder with the stand-in, which ends with the code in `code`.
fn stand_in(code: u8) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("amst");
    let script = format!(
        "#!/bin/sh\necho \"$@\" >> {}\necho timed\nexit {code}\n",
        calls(&folder).display()
    );
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn calls(folder: &tempfile::TempDir) -> std::path::PathBuf {
    folder.path().join("calls")
}

fn reproduce(folder: &Path, arguments: &[&str]) -> Assert {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("xtask"));
    command
        .arg("reproduce")
        .args(arguments)
        .arg("--amst")
        .arg(folder.join("amst"))
        .assert()
}

fn said(assert: &Assert) -> String {
    String::from_utf8_lossy(&assert.get_output().stderr).into_owned()
}

#[test]
fn every_data_set_is_timed_with_what_was_asked_for() {
    let folder = stand_in(0);
    let asked = [
        "table3",
        "--shapes",
        "crema-d",
        "--shapes",
        "mvsa",
        "--samples",
        "64",
        "--rounds",
        "2",
        "--limit",
        "90",
    ];
    let more = [
        "--experiments",
        "naive,amst-alt",
        "--set",
        "audio.width=8",
        "--execution",
        "fast",
    ];
    let assert = reproduce(folder.path(), &[&asked[..], &more].concat()).success();
    assert_eq!(
        String::from_utf8_lossy(&assert.get_output().stdout),
        "timed\ntimed\n"
    );
    let calls = std::fs::read_to_string(calls(&folder)).unwrap();
    let lines: Vec<&str> = calls.lines().collect();
    assert!(
        lines[0].starts_with("time --shapes crema-d --device flex"),
        "{calls}"
    );
    assert!(
        lines[1].starts_with("time --shapes mvsa-single --device flex"),
        "{calls}"
    );
    for part in [
        "--methods naive,amst-alt",
        "--samples 64",
        "--rounds 2",
        "--limit 90",
        "--execution fast",
    ] {
        assert!(
            lines.iter().all(|line| line.contains(part)),
            "`{part}`: {calls}"
        );
    }
    assert!(lines[0].contains("--set audio.width=8"), "{calls}");
}

#[test]
fn json_is_one_object_of_one_data_set() {
    let folder = stand_in(0);
    let one = ["table3", "--shapes", "crema-d", "--json"];
    reproduce(folder.path(), &one).success();
    assert!(
        std::fs::read_to_string(calls(&folder))
            .unwrap()
            .lines()
            .all(|line| line.contains("--json"))
    );
    reproduce(folder.path(), &[&one[..], &["--shapes", "mvsa"]].concat()).code(2);
}

#[test]
fn a_data_set_on_disk_is_named_as_amst_finds_it() {
    let folder = stand_in(0);
    reproduce(
        folder.path(),
        &[
            "table3",
            "--modalities",
            "own",
            "--modalities",
            "visual,text",
        ],
    )
    .success();
    let calls = std::fs::read_to_string(calls(&folder)).unwrap();
    let lines: Vec<&str> = calls.lines().collect();
    assert!(
        lines[0].starts_with("time --dataset spoken-digits --device"),
        "{calls}"
    );
    assert!(
        lines[1].starts_with("time --dataset spoken-digits --modalities text,visual --device"),
        "{calls}"
    );
}

#[test]
fn slips_are_answered_before_anything_is_built() {
    let folder = stand_in(0);
    for (arguments, why) in [
        (
            &["table3", "--shapes", "crema"][..],
            "did you mean `crema-d`?",
        ),
        (&["table3", "--experiments", "amst"], "amst-alt"),
        (&["table3", "--jobs", "2"], "would time each other"),
        (&["table3", "--seeds", "1"], "--rounds"),
        (&["table3", "--device", "gpu"], "unknown device"),
        (&["table1", "--shapes", "crema-d"], "table3"),
        (&["table2", "--rounds", "3"], "table3"),
    ] {
        let assert = reproduce(folder.path(), arguments).code(2);
        assert!(
            said(&assert).contains(why),
            "{arguments:?}: {}",
            said(&assert)
        );
    }
    assert!(!calls(&folder).exists());
}

#[test]
fn what_amst_returns_is_returned() {
    let folder = stand_in(3);
    let assert = reproduce(folder.path(), &["table3", "--shapes", "ave"]).code(3);
    assert!(
        said(&assert).contains("`amst time` returned 3"),
        "{}",
        said(&assert)
    );
}

#[test]
fn more_jobs_than_memory_allows_are_refused_with_the_number_that_fits() {
    let folder = stand_in(0);
    // Networks of the paper's width on the embedded data's pictures, in batches that no machine has
    // memory for.
    let huge = [
        "--set",
        "visual.width=64",
        "--set",
        "audio.width=64",
        "--set",
        "batch_size=4000000",
    ];
    let assert = reproduce(
        folder.path(),
        &[&["table2", "--jobs", "2"][..], &huge].concat(),
    )
    .code(2);
    let message = said(&assert);
    assert!(
        message.contains("2 runs at once need about") && message.contains("--jobs 1"),
        "{message}"
    );
}
