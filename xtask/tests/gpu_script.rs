//! `cargo xtask bench gpu --prepare`, and the script that it packs, on a processor.
#![cfg(unix)]

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn has_python() -> bool {
    let there = Command::new("python3").arg("--version").output();
    let there = there.is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("skipped: there is no python3");
    }
    there
}

/// The program of this build, where the whole workspace is tested.
fn amst() -> Option<PathBuf> {
    let amst = Path::new(XTASK).with_file_name("amst");
    if !amst.is_file() {
        eprintln!("skipped: `amst` is not built; `cargo build -p amst-cli` does it");
        return None;
    }
    Some(amst)
}

fn measure(folder: &Path, arguments: &[&str]) -> Output {
    Command::new("bash")
        .arg(folder.join("gpu.sh"))
        .args(arguments)
        .output()
        .unwrap()
}

fn rows(folder: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join("results/table.json")).unwrap();
    let table: Value = serde_json::from_str(&text).unwrap();
    table["rows"].as_array().unwrap().clone()
}

/// The row whose first column begins so.
fn row<'a>(rows: &'a [Value], begins: &str) -> &'a Value {
    let found = rows
        .iter()
        .find(|row| row["what"].as_str().unwrap().starts_with(begins));
    found.unwrap_or_else(|| panic!("no row begins with {begins}: {rows:#?}"))
}

#[test]
fn what_is_packed_runs_on_a_processor_and_says_what_it_could_not_measure() {
    let (true, Some(amst)) = (has_python(), amst()) else {
        return;
    };
    let out = tempfile::tempdir().unwrap();
    let packed = Command::new(XTASK)
        .args(["bench", "gpu", "--prepare", "--program"])
        .arg(&amst)
        .arg("--out")
        .arg(out.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&packed.stderr);
    assert!(packed.status.success(), "{said}");
    assert!(out.path().join("amst-gpu.tar.gz").is_file());

    let folder = out.path().join("amst-gpu");
    let output = measure(&folder, &["--dry-run", "--devices", "flex,cuda"]);
    let printed = String::from_utf8_lossy(&output.stdout);
    let rows = rows(&folder);
    for case in ["alt-av-fast", "joint-av-official", "full-avt-fast"] {
        let replayed = row(&rows, &format!("replay of {case} on flex"));
        assert_eq!(replayed["verdict"], "met", "{replayed}");
        assert!(replayed["value"].as_f64().unwrap() > 0.0);
    }
    // This program has no such device; it is said, not left out.
    let other = row(&rows, "replay of alt-av-fast on cuda");
    let verdict = other["verdict"].as_str().unwrap();
    assert!(
        verdict.starts_with("not measured: exit code 2: "),
        "{verdict}"
    );
    assert!(row(&rows, "epoch of amst-full on flex")["value"].as_f64() > Some(0.0));
    assert!(row(&rows, "waiting for data")["value"].as_f64() > Some(0.0));
    assert_eq!(output.status.code(), Some(1), "{printed}");
    assert!(
        printed.contains("not measured; all of it is in"),
        "{printed}"
    );
}

/// A folder with the scripts, and a program that copies what PyTorch recorded, changed.
fn folder_with(program: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    for script in ["gpu/gpu.sh", "gpu/measure.py", "gpu/levers.py"] {
        let from = workspace.join("xtask").join(script);
        std::fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
    }
    let recorded = workspace.join("crates/amst-replay/tests/fixtures/trajectories");
    for case in ["alt-av-fast", "joint-av-official", "full-avt-fast"] {
        let to = folder.path().join("cases").join(case).join("expect");
        std::fs::create_dir_all(&to).unwrap();
        let from = recorded.join(case).join("expect/result.json");
        std::fs::copy(from, to.join("result.json")).unwrap();
    }
    let amst = folder.path().join("amst");
    std::fs::write(&amst, program).unwrap();
    std::fs::set_permissions(&amst, std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[test]
fn a_loss_that_is_not_pytorchs_misses_the_target() {
    if !has_python() {
        return;
    }
    // The first digit behind a point of every number: losses differ by tenths. One case has a NaN.
    let folder = folder_with(
        r#"#!/bin/sh
[ "$1" = replay ] || exit 2
mkdir -p "$8"
case $2 in
*alt-av-fast) cp "$2/expect/result.json" "$8" ;;
*joint*) sed 's/\.[0-8]/.9/g' "$2/expect/result.json" > "$8/result.json" ;;
*) sed 's/: [0-9][0-9.]*\([,}]\)/: NaN\1/g' "$2/expect/result.json" > "$8/result.json" ;;
esac
"#,
    );
    measure(folder.path(), &["--dry-run"]);
    let rows = rows(folder.path());
    let verdict = |case: &str| row(&rows, &format!("replay of {case} on"))["verdict"].clone();
    assert_eq!(verdict("alt-av-fast"), "met");
    assert_eq!(verdict("joint-av-official"), "missed");
    assert_eq!(verdict("full-avt-fast"), "missed");
}

#[test]
fn a_folder_without_the_program_is_refused() {
    if !has_python() {
        return;
    }
    let folder = folder_with("");
    std::fs::remove_file(folder.path().join("amst")).unwrap();
    let output = measure(folder.path(), &["--dry-run"]);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cargo xtask bench gpu --prepare"), "{said}");
}

#[test]
fn a_card_is_measured_by_the_script_alone() {
    let output = Command::new(XTASK).args(["bench", "gpu"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("cargo xtask bench gpu --prepare"), "{said}");
}
