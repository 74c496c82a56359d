//! The active Python: its torch, and its pip.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, bail};

/// Says version and folder without importing torch, which takes seconds and may fail for want of a
/// driver.
const FIND: &str = "import importlib.metadata as m, importlib.util as u\n\
                    s = u.find_spec('torch')\n\
                    print(m.version('torch')); print(list(s.submodule_search_locations)[0])";

/// The torch of the Python that `python3` starts, if there is one: its folder.
pub fn torch() -> Option<PathBuf> {
    let output = Command::new("python3").args(["-c", FIND]).output().ok()?;
    if !output.status.success() {
        return None;
    }
    let said = String::from_utf8(output.stdout).ok()?;
    said.lines().nth(1).map(PathBuf::from)
}

/// Installs wheels into a folder of their own, without what they depend on.
pub fn install(wheels: &[String], into: &std::path::Path) -> anyhow::Result<()> {
    let mut pip = Command::new("python3");
    pip.args([
        "-m",
        "pip",
        "install",
        "--no-deps",
        "--disable-pip-version-check",
        "--target",
    ])
    .arg(into);
    // The C++ libraries are the same in the wheels of every Python, so that any Python will do.
    pip.args([
        "--only-binary=:all:",
        "--implementation",
        "cp",
        "--python-version",
        "3.11",
    ]);
    for platform in [
        "manylinux_2_28_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux2014_x86_64",
    ] {
        pip.args(["--platform", platform]);
    }
    pip.args(wheels);
    let status = pip
        .status()
        .context("`python3` does not start: install Python 3 with pip, or set LIBTORCH")?;
    if !status.success() {
        bail!(
            "pip installed no LibTorch ({status}; its reason is above); or set LIBTORCH to a LibTorch 2.9"
        );
    }
    Ok(())
}
