//! The page in a browser, where there is one.

use std::path::Path;
use std::process::Command;

use amst_html_report::render;

use crate::sample::{report, write_runs};

/// Chromium draws the page at 390 and 1280 pixels, light and dark: no error in the console, no
/// request, no scrolling sideways, no violation that axe-core finds, and pictures as recorded.
///
/// It needs `chromium`, `node` and `npm`, and says so where they are not there.
#[test]
fn a_browser_shows_the_page_to_everyone() {
    let missing: Vec<&str> = ["chromium", "node", "npm"]
        .into_iter()
        .filter(|program| Command::new(program).arg("--version").output().is_err())
        .collect();
    if !missing.is_empty() {
        println!("skipped: {} not installed", missing.join(", "));
        return;
    }
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser");
    if !here.join("node_modules/axe-core").is_dir() {
        let installed = Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--ignore-scripts"])
            .current_dir(&here)
            .output()
            .unwrap();
        if !installed.status.success() {
            println!(
                "skipped: `npm ci` failed: {}",
                String::from_utf8_lossy(&installed.stderr)
            );
            return;
        }
    }
    let folder = tempfile::tempdir().unwrap();
    write_runs(&folder.path().join("runs"));
    // Relative folders, so that the page is the same on every machine.
    let mut report = report(folder.path());
    for run in &mut report.runs {
        run.folder = run.folder.strip_prefix(folder.path()).unwrap().into();
    }
    let page = folder.path().join("report.html");
    std::fs::write(&page, render(&report, None).unwrap()).unwrap();
    let checked = Command::new("node")
        .arg("check.mjs")
        .arg(&page)
        .current_dir(&here)
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}{}",
        String::from_utf8_lossy(&checked.stdout),
        String::from_utf8_lossy(&checked.stderr)
    );
}
