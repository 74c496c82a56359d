//! `cargo xtask dist`: the program as an archive and as a Python wheel, for machines without Rust.
//!
//! What is packed, and why so: `docs/decisions/0021-distribution.md`.

mod archive;
mod elf;
mod licences;
mod payload;
mod wheel;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use amst_files::{sha256_hex, write_file};
use anyhow::{Context, bail};

use crate::build::program;
use crate::exit::Usage;
use crate::workspace::root;
use elf::LinkedProgram;
use payload::Payload;
use wheel::{Project, Wheel};

/// What to pack.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Pack this program instead of building one for release
    #[arg(long, value_name = "PATH")]
    program: Option<PathBuf>,
    /// Folder of the packages, target/dist of the workspace by default
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let program = match &args.program {
        Some(given) => given.clone(),
        None => program("amst-cli", "amst", &["--release"])?,
    };
    let linked = linked(&program)?;
    let project = Project::read(&root())?;
    let payload = Payload::collect(&root(), stripped(&program)?, &licences::texts()?)?;

    let out = match &args.out {
        Some(given) => std::path::absolute(given)?,
        None => root().join("target/dist"),
    };
    std::fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let archive = format!("amst-{}-x86_64-linux.tar.gz", project.version);
    let archive = Package {
        bytes: archive::tar_gz(&payload, archive.trim_end_matches(".tar.gz"))?,
        name: archive,
    };
    let wheel = Wheel::new(&project, &linked)?;
    let wheel = Package {
        name: wheel.file_name(),
        bytes: wheel.bytes(&payload)?,
    };
    let packages = [archive, wheel];
    write(&packages, &out)?;
    print!("{}", report(&packages, &payload, &linked, &out));
    Ok(ExitCode::SUCCESS)
}

/// A file to hand out.
struct Package {
    name: String,
    bytes: Vec<u8>,
}

fn linked(program: &Path) -> anyhow::Result<LinkedProgram> {
    let refused = |why: String| Usage(format!("{}: {why}", program.display()));
    if !program.is_file() {
        return Err(refused("there is no such program".into()).into());
    }
    Ok(LinkedProgram::parse(&payload::read(program)?).map_err(refused)?)
}

/// A copy of a program without its symbols, which nothing reads where it is used.
pub fn stripped(program: &Path) -> anyhow::Result<Vec<u8>> {
    let folder = tempfile::tempdir()?;
    let copy = folder.path().join("amst");
    let status = Command::new("strip")
        .arg("--strip-all")
        .arg("-o")
        .arg(&copy)
        .arg(program)
        .status()
        .context("cannot start `strip`, which comes with a C compiler: install binutils")?;
    if !status.success() {
        bail!("`strip` refused {} ({status})", program.display());
    }
    std::fs::read(&copy).with_context(|| format!("cannot read {}", copy.display()))
}

fn write(packages: &[Package], out: &Path) -> anyhow::Result<()> {
    let mut sums = String::new();
    for package in packages {
        write_file(&out.join(&package.name), &package.bytes)?;
        // As `sha256sum --check` reads it.
        sums += &format!("{}  {}\n", sha256_hex(&package.bytes), package.name);
    }
    write_file(&out.join("SHA256SUMS"), sums)?;
    Ok(())
}

fn report(packages: &[Package], payload: &Payload, linked: &LinkedProgram, out: &Path) -> String {
    let mut lines = vec![
        format!("program: {}", mebibytes(payload.program().len())),
        format!(
            "needs: glibc {} or later; {}",
            linked.glibc,
            linked.libraries.join(", ")
        ),
    ];
    for package in packages {
        let path = out.join(&package.name);
        lines.push(format!(
            "{}: {}",
            path.display(),
            mebibytes(package.bytes.len())
        ));
    }
    lines.push(format!("{}", out.join("SHA256SUMS").display()));
    lines.join("\n") + "\n"
}

fn mebibytes(bytes: usize) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}
