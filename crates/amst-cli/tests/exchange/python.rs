//! The Python package, on what this program writes.

use std::path::Path;
use std::process::Command;

/// The package's own tests, `crates/amst-python/tests`. What Python lacks they skip themselves, by
/// name: pandas, torch, safetensors, Pillow.
#[test]
fn the_python_package_reads_runs_and_stores() {
    let python = std::env::var_os("AMST_PYTHON").unwrap_or_else(|| "python3".into());
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("../amst-python");
    let has_pytest = Command::new(&python).args(["-c", "import pytest"]).output();
    if !has_pytest.is_ok_and(|output| output.status.success()) {
        eprintln!(
            "skipped: the_python_package_reads_runs_and_stores: {} has no pytest; `python3 -m pip \
             install pytest pandas torch safetensors pillow`, or name another with AMST_PYTHON",
            python.display()
        );
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(&python)
        .args(["-m", "pytest", "-p", "no:cacheprovider", "-rs", "--quiet"])
        .arg("--basetemp")
        .arg(folder.path().join("pytest"))
        .current_dir(&package)
        .env("AMST_PROGRAM", assert_cmd::cargo::cargo_bin!("amst"))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // Every test may be skipped (5), where Python has pytest alone.
    assert!(
        matches!(output.status.code(), Some(0 | 5)),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    for line in said.lines().filter(|line| line.starts_with("SKIPPED")) {
        eprintln!("skipped: the_python_package_reads_runs_and_stores: {line}");
    }
}
