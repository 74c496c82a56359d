//! A LibTorch: found, looked at, or installed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};

use super::{fragment, python};
use crate::exit::Usage;
use crate::workspace::root;

/// The series that burn-tch 0.22 (torch-sys 0.22) is generated from.
const SERIES: &str = "2.9";
/// What is installed: the wheel, and the two libraries that its CPU half is linked against. PyPI's
/// Linux wheel is the CUDA build; the rest of CUDA, six gigabytes, is left out.
const WHEELS: [&str; 3] = [
    "torch==2.9.1",
    "nvidia-cuda-runtime-cu12==12.8.90",
    "nvidia-cuda-cupti-cu12==12.8.90",
];

/// Where a LibTorch is from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// `--libtorch` or the environment, now or in an earlier call.
    Named,
    /// The active Python.
    Python,
    /// This workspace's own copy of PyPI's wheel.
    Wheel,
}

impl Source {
    /// How it is called in output.
    pub fn word(self) -> &'static str {
        match self {
            Self::Named => "as named",
            Self::Python => "the active Python's torch",
            Self::Wheel => "PyPI's wheel, CPU only",
        }
    }
}

/// A LibTorch that can be built against.
#[derive(Debug)]
pub struct LibTorch {
    /// What `LIBTORCH` must say: the folder that holds `lib` and `include`.
    pub folder: PathBuf,
    /// Its version as it says, such as `2.9.1+cu128`.
    pub version: String,
    /// Where it is from.
    pub source: Source,
    /// Whether it can compute on CUDA devices.
    pub cuda: bool,
}

/// The first that fits of: the one named, `LIBTORCH`, that of an earlier call, the active Python's,
/// the workspace's own; else that is installed.
pub fn locate(
    named: Option<&Path>,
    any_version: bool,
    no_install: bool,
) -> anyhow::Result<LibTorch> {
    let environment = std::env::var_os("LIBTORCH")
        .map(PathBuf::from)
        .filter(|it| Some(it) != fragment::named().as_ref());
    // One that a person named is taken or refused, never passed over.
    if let Some(folder) = named.map(Path::to_path_buf).or(environment) {
        return inspect(&std::path::absolute(folder)?, Source::Named, any_version);
    }
    let own = own().join("torch");
    // What an earlier call chose stays chosen.
    let before = fragment::named().filter(|folder| *folder != own);
    let mut passed_over = Vec::new();
    for (folder, source) in [
        (before, Source::Named),
        (python::torch(), Source::Python),
        (Some(own), Source::Wheel),
    ] {
        match folder
            .filter(|folder| folder.exists())
            .map(|folder| inspect(&folder, source, any_version))
        {
            Some(Ok(found)) => return Ok(found),
            Some(Err(why)) => passed_over.push(format!("{why:#}")),
            None => {}
        }
    }
    for why in passed_over {
        eprintln!("passed over: {why}");
    }
    if no_install {
        bail!(Usage(format!(
            "no LibTorch {SERIES} is here: set LIBTORCH, or leave out --no-install"
        )));
    }
    install()
}

/// Looks at a folder: is it a LibTorch, which one?
fn inspect(folder: &Path, source: Source, any_version: bool) -> anyhow::Result<LibTorch> {
    let library = folder.join("lib").join(format!(
        "{}torch_cpu{}",
        std::env::consts::DLL_PREFIX,
        std::env::consts::DLL_SUFFIX
    ));
    for needed in [&library, &folder.join("include/torch")] {
        if !needed.exists() {
            bail!(Usage(format!(
                "{} is no LibTorch: it has no {}",
                folder.display(),
                needed.display()
            )));
        }
    }
    let version = version(folder)?;
    if !any_version
        && version
            .split(['.', '+'])
            .take(2)
            .collect::<Vec<_>>()
            .join(".")
            != SERIES
    {
        bail!(Usage(format!(
            "LibTorch {version} in {}: burn-tch 0.22 needs {SERIES}; `python3 -m pip install torch==2.9.1`, or unset LIBTORCH \
             and let this command bring it, or --any-version",
            folder.display()
        )));
    }
    let cuda = library.with_file_name("libtorch_cuda.so").exists();
    Ok(LibTorch {
        folder: folder.to_path_buf(),
        version,
        source,
        cuda,
    })
}

/// The archives of pytorch.org say their version in `build-version`, the wheels in `version.py`.
fn version(folder: &Path) -> anyhow::Result<String> {
    if let Ok(text) = fs::read_to_string(folder.join("build-version")) {
        return Ok(text.trim().to_owned());
    }
    let text = fs::read_to_string(folder.join("version.py")).unwrap_or_default();
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("__version__ = "));
    let version = line.map(|value| value.trim().trim_matches(['\'', '"']).to_owned());
    version.with_context(|| {
        format!(
            "{} says no version: it has neither build-version nor version.py",
            folder.display()
        )
    })
}

/// The folder of the workspace's own copy; git ignores it.
fn own() -> PathBuf {
    root().join("third_party/libtorch")
}

fn install() -> anyhow::Result<LibTorch> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(Usage(format!(
            "no LibTorch {SERIES} is here, and only on Linux x86-64 is it installed: `python3 -m pip install torch==2.9.1` \
             in the active Python, or set LIBTORCH"
        )));
    }
    eprintln!("installing LibTorch from PyPI (0.9 GB to download, 0.6 GB stay) …");
    let own = own();
    let parent = own.parent().context("the workspace has no folder")?;
    let beside = parent.join(format!(".libtorch-{}", std::process::id()));
    fs::create_dir_all(parent).with_context(|| format!("{} cannot be made", parent.display()))?;
    let made = python::install(&WHEELS.map(String::from), &beside)
        .and_then(|()| leave_cuda_out(&beside.join("torch")))
        .and_then(|()| replace(&beside, &own));
    if made.is_err() {
        // Half an installation is of no use to the next call.
        let _ = fs::remove_dir_all(&beside);
    }
    made?;
    inspect(&own.join("torch"), Source::Wheel, false)
}

/// Without `libtorch_cuda.so` torch-sys and burn-tch build for the CPU alone, which needs none of
/// CUDA's libraries; and `libtorch.so`, which would ask for it, becomes another name of the CPU's.
fn leave_cuda_out(torch: &Path) -> anyhow::Result<()> {
    for entry in fs::read_dir(torch)? {
        let entry = entry?;
        let keep = ["lib", "include", "version.py"]
            .iter()
            .any(|name| entry.file_name() == *name);
        match (keep, entry.file_type()?.is_dir()) {
            (true, _) => {}
            (false, true) => fs::remove_dir_all(entry.path())?,
            (false, false) => fs::remove_file(entry.path())?,
        }
    }
    let lib = torch.join("lib");
    for entry in fs::read_dir(&lib)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !["libtorch_cpu.so", "libc10.so", "libgomp.so"]
            .iter()
            .any(|kept| name.starts_with(kept))
            && !entry.file_type()?.is_dir()
        {
            fs::remove_file(entry.path())?;
        }
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink("libtorch_cpu.so", lib.join("libtorch.so"))?;
    Ok(())
}

fn replace(new: &Path, place: &Path) -> anyhow::Result<()> {
    if place.exists() {
        fs::remove_dir_all(place)
            .with_context(|| format!("{} cannot be replaced", place.display()))?;
    }
    fs::rename(new, place).with_context(|| format!("{} cannot be written", place.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn libtorch(version_file: &str, text: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let library = format!(
            "{}torch_cpu{}",
            std::env::consts::DLL_PREFIX,
            std::env::consts::DLL_SUFFIX
        );
        fs::create_dir_all(folder.path().join("include/torch")).unwrap();
        fs::create_dir_all(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("lib").join(library), "").unwrap();
        fs::write(folder.path().join(version_file), text).unwrap();
        folder
    }

    #[test]
    fn both_ways_of_saying_a_version_are_read() {
        let archive = libtorch("build-version", "2.9.0+cpu\n");
        let wheel = libtorch(
            "version.py",
            "from typing import Optional\n__version__ = '2.9.1+cu128'\ndebug = False\n",
        );
        assert_eq!(
            inspect(archive.path(), Source::Named, false)
                .unwrap()
                .version,
            "2.9.0+cpu"
        );
        assert_eq!(
            inspect(wheel.path(), Source::Named, false).unwrap().version,
            "2.9.1+cu128"
        );
    }

    #[test]
    fn another_version_is_refused_with_the_remedy() {
        for version in ["2.11.0+cu130", "2.90.1", "1.13.1"] {
            let other = libtorch("build-version", version);
            let why = inspect(other.path(), Source::Named, false)
                .unwrap_err()
                .to_string();
            assert!(
                why.contains(version) && why.contains("torch==2.9.1"),
                "{why}"
            );
            assert_eq!(
                inspect(other.path(), Source::Named, true).unwrap().version,
                version
            );
        }
    }

    #[test]
    fn a_folder_that_is_no_libtorch_says_what_it_lacks() {
        let folder = tempfile::tempdir().unwrap();
        let why = inspect(folder.path(), Source::Named, false)
            .unwrap_err()
            .to_string();
        assert!(why.contains("torch_cpu"), "{why}");
    }
}
