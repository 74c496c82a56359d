//! `cargo xtask bench gpu --prepare`: a folder that measures a card on a machine without Rust.

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Component, Path, PathBuf};

use amst_files::write_file;
use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::build::program;
use crate::dist::stripped;
use crate::workspace::root;

/// Recorded runs that are replayed on the card; `measure.py` has the same list.
const CASES: [&str; 3] = ["alt-av-fast", "joint-av-official", "full-avt-fast"];

/// What travels beside the program, from the top folder of the workspace.
const SCRIPTS: [&str; 4] = [
    "xtask/gpu/gpu.sh",
    "xtask/gpu/measure.py",
    "xtask/gpu/levers.py",
    "xtask/pytorch/amst_epoch.py",
];

/// More than this is too much to carry to a machine that is lent for minutes.
const MOST_BYTES: u64 = 64 << 20;

/// Builds the program unless one is given, and packs it with the scripts and the recorded runs in
/// `out`, a folder.
pub fn prepare(features: &str, given: Option<&Path>, out: Option<&Path>) -> anyhow::Result<()> {
    let program = match given {
        Some(given) => given.to_path_buf(),
        None => program("amst-cli", "amst", &["--release", "--features", features])?,
    };
    let folder = match out {
        Some(given) => std::path::absolute(given)?,
        None => root().join("target/gpu"),
    };
    let top = folder.join("amst-gpu");
    if top.exists() {
        std::fs::remove_dir_all(&top).with_context(|| format!("cannot empty {}", top.display()))?;
    }
    std::fs::create_dir_all(&top).with_context(|| format!("cannot make {}", top.display()))?;
    let amst = top.join("amst");
    write_file(&amst, stripped(&program)?)?;
    make_executable(&amst)?;
    for script in SCRIPTS {
        let name = Path::new(script)
            .file_name()
            .context("a script has a name")?;
        copy(&root().join(script), &top.join(name))?;
    }
    let recorded = root().join("crates/amst-replay/tests/fixtures/trajectories");
    for case in CASES {
        copy_case(&recorded, case, &top.join("cases"))?;
    }
    let built = json!({
        "features": features,
        "libtorch": std::env::var("LIBTORCH").ok(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    write_file(&top.join("built.json"), format!("{built}\n"))?;

    let archive = folder.join("amst-gpu.tar.gz");
    pack(&top, &archive)?;
    let bytes = std::fs::metadata(&archive)?.len();
    ensure!(
        bytes <= MOST_BYTES,
        "{} has {bytes} bytes, more than {MOST_BYTES}: build with fewer devices, for example \
         `--features tch`",
        archive.display()
    );
    println!(
        "{} ({:.1} MiB), and unpacked in {}\non a machine with a card, Python and torch: `tar xzf \
         amst-gpu.tar.gz && bash amst-gpu/gpu.sh`\nhere, on the processor: `bash {} --dry-run`",
        archive.display(),
        bytes as f64 / f64::from(1 << 20),
        top.display(),
        top.join("gpu.sh").display()
    );
    Ok(())
}

/// A recorded run and the files beside it that it names, at the same relative paths.
fn copy_case(recorded: &Path, case: &str, cases: &Path) -> anyhow::Result<()> {
    let file = recorded.join(case).join("case.json");
    let text = std::fs::read_to_string(&file)
        .with_context(|| format!("cannot read {}", file.display()))?;
    let described: Value =
        serde_json::from_str(&text).with_context(|| format!("{}", file.display()))?;
    let mut names = BTreeSet::from(["case.json".to_string(), "expect/result.json".to_string()]);
    let weights = described["weights"].as_object().into_iter().flatten();
    let inputs = std::iter::once(&described["inputs"]);
    names.extend(
        weights
            .map(|(_, path)| path)
            .chain(inputs)
            .filter_map(text_of),
    );
    for name in names {
        let from = recorded.join(case).join(&name);
        copy(
            &from,
            &cases.join(inside(Path::new(case), Path::new(&name))?),
        )?;
    }
    Ok(())
}

fn text_of(value: &Value) -> Option<String> {
    value.as_str().map(str::to_string)
}

/// `name` from `folder`, without `..`; it must not lead out of the folder of all cases.
fn inside(folder: &Path, name: &Path) -> anyhow::Result<PathBuf> {
    let mut path = folder.to_path_buf();
    for component in name.components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::ParentDir => ensure!(path.pop(), "{} leads out", name.display()),
            _ => {}
        }
    }
    Ok(path)
}

fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    if let Some(folder) = to.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

fn pack(top: &Path, archive: &Path) -> anyhow::Result<()> {
    let file =
        File::create(archive).with_context(|| format!("cannot write {}", archive.display()))?;
    let mut builder = tar::Builder::new(GzEncoder::new(file, Compression::best()));
    builder.append_dir_all("amst-gpu", top)?;
    builder.into_inner()?.finish()?.sync_all()?;
    Ok(())
}

fn make_executable(file: &Path) -> anyhow::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o755))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_a_case_stays_beside_it() {
        let found = inside(Path::new("alt"), Path::new("../inputs.safetensors")).unwrap();
        assert_eq!(found, Path::new("inputs.safetensors"));
        assert!(inside(Path::new("alt"), Path::new("../../secret")).is_err());
    }
}
