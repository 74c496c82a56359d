//! Tables through a real SLURM, where it is installed.
#![cfg(unix)]

use std::path::Path;
use std::process::Command;

#[test]
fn tables_through_a_real_slurm_end_in_the_same_bytes() {
    let installed = ["slurmctld", "slurmd", "munged"].iter().all(|name| {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        folders
            .into_iter()
            .any(|folder| folder.join(name).is_file())
    });
    if !installed {
        eprintln!("skipped: slurmctld is not installed");
        return;
    }
    let xtask = Path::new(env!("CARGO_BIN_EXE_xtask"));
    // It is there where the whole workspace is tested.
    if !xtask.with_file_name("amst").is_file() {
        eprintln!("skipped: `amst` is not built; `cargo build -p amst-cli` does it");
        return;
    }
    let output = Command::new(xtask).arg("test-slurm").output().unwrap();
    assert!(
        output.status.success(),
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
