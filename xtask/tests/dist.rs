//! `cargo xtask dist`, with a program that is on every Linux instead of `amst`, so that nothing is
//! built: `echo` shows what it was called with.
#![cfg(all(target_os = "linux", target_arch = "x86_64", target_env = "gnu"))]

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use amst_files::{hash_file, hex, sha256};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

const PROGRAM: &str = "/bin/echo";
const VERSION: &str = env!("CARGO_PKG_VERSION");

fn dist(program: &str, out: &Path) -> std::process::Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["dist", "--program", program, "--out"])
        .arg(out)
        .output()
        .unwrap()
}

/// Packages of the stand-in.
struct Packed {
    folder: PathBuf,
    archive: PathBuf,
    wheel: PathBuf,
    /// What the command printed.
    said: String,
}

impl Packed {
    fn new(folder: PathBuf) -> Self {
        let output = dist(PROGRAM, &folder);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{message}");
        Self {
            archive: only_file(&folder, ".tar.gz"),
            wheel: only_file(&folder, ".whl"),
            said: String::from_utf8(output.stdout).unwrap(),
            folder,
        }
    }
}

fn only_file(folder: &Path, suffix: &str) -> PathBuf {
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut found: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().ends_with(suffix))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Packages that all tests look at, made once: that takes seconds.
fn packed() -> &'static Packed {
    static PACKED: OnceLock<Packed> = OnceLock::new();
    PACKED.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("dist");
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        Packed::new(folder)
    })
}

/// Mode and bytes of every file in the archive.
fn archived(archive: &Path) -> BTreeMap<String, (u32, Vec<u8>)> {
    let gzip = flate2::read::GzDecoder::new(std::fs::File::open(archive).unwrap());
    let mut files = BTreeMap::new();
    for entry in tar::Archive::new(gzip).entries().unwrap() {
        let mut entry = entry.unwrap();
        assert_eq!(entry.header().mtime().unwrap(), 0);
        let path = entry.path().unwrap().to_string_lossy().into_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        files.insert(path, (entry.header().mode().unwrap(), bytes));
    }
    files
}

/// Bytes of every file in the wheel.
fn zipped(wheel: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut zip = zip::ZipArchive::new(std::fs::File::open(wheel).unwrap()).unwrap();
    let mut files = BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        files.insert(file.name().unwrap().into_owned(), bytes);
    }
    files
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn both_packages_hold_the_program_its_data_and_the_licences() {
    let archive = archived(&packed().archive);
    let top = format!("amst-{VERSION}-x86_64-linux");
    let (mode, program) = &archive[&format!("{top}/bin/amst")];
    assert_eq!((*mode, &program[..4]), (0o755, &b"\x7fELF"[..]));
    let recipe = "share/amst/datasets/spoken-digits/dataset.toml";
    let tracked = std::fs::read(root().join("datasets/spoken-digits/dataset.toml")).unwrap();
    assert_eq!(archive[&format!("{top}/{recipe}")], (0o644, tracked));
    let third_party = String::from_utf8_lossy(&archive[&format!("{top}/THIRD-PARTY.txt")].1);
    assert!(third_party.contains("\nburn-flex 0."), "what it links");
    assert!(!third_party.contains("\ncriterion 0."), "nothing of tests");
    assert!(third_party.contains("Permission is hereby granted"));

    let wheel = zipped(&packed().wheel);
    let data = format!("amst-{VERSION}.data");
    assert_eq!(&wheel[&format!("{data}/scripts/amst")], program);
    let inside = |path: &str| archive[&format!("{top}/{path}")].1.clone();
    assert_eq!(wheel[&format!("{data}/data/{recipe}")], inside(recipe));
    for module in [
        "__init__.py",
        "dataset.py",
        "runs.py",
        "store.py",
        "py.typed",
    ] {
        assert!(wheel.contains_key(&format!("amst/{module}")), "{module}");
    }
    let licence = format!("amst-{VERSION}.dist-info/licenses/LICENSE-MIT");
    assert_eq!(wheel[&licence], inside("LICENSE-MIT"));
    assert_eq!(
        archive
            .keys()
            .filter(|path| path.contains("/share/"))
            .count(),
        wheel.keys().filter(|path| path.contains("/share/")).count()
    );
}

/// pip refuses a wheel whose list is wrong only sometimes; every other installer does.
#[test]
fn the_wheels_list_has_every_file_with_its_hash() {
    let wheel = &packed().wheel;
    let files = zipped(wheel);
    let info = format!("amst-{VERSION}.dist-info");
    let record = format!("{info}/RECORD");
    let listed = String::from_utf8(files[&record].clone()).unwrap();
    let mut expected = String::new();
    let mut names: Vec<&str> = Vec::new();
    for line in listed.lines() {
        let name = line.rsplitn(3, ',').nth(2).unwrap();
        names.push(name);
        expected += &match files.get(name) {
            _ if name == record => format!("{name},,\n"),
            Some(bytes) => {
                let hash = URL_SAFE_NO_PAD.encode(sha256(bytes));
                format!("{name},sha256={hash},{}\n", bytes.len())
            }
            None => panic!("{name} is listed and not there"),
        };
    }
    assert_eq!(listed, expected);
    names.sort_unstable();
    assert_eq!(names, files.keys().collect::<Vec<_>>());

    let name = wheel.file_name().unwrap().to_string_lossy().into_owned();
    let tag = name.strip_prefix(&format!("amst-{VERSION}-")).unwrap();
    let tag = tag.strip_suffix(".whl").unwrap();
    assert!(tag.starts_with("py3-none-manylinux_2_"), "{tag}");
    let about = String::from_utf8_lossy(&files[&format!("{info}/WHEEL")]).into_owned();
    assert!(about.contains(&format!("\nTag: {tag}\n")), "{about}");
    assert!(about.contains("Root-Is-Purelib: false"), "{about}");
}

#[test]
fn packing_again_gives_the_same_bytes_and_the_sums_are_right() {
    let second = tempfile::tempdir().unwrap();
    let (one, two) = (packed(), Packed::new(second.path().join("again")));
    let sums = std::fs::read_to_string(one.folder.join("SHA256SUMS")).unwrap();
    let again = std::fs::read_to_string(two.folder.join("SHA256SUMS")).unwrap();
    assert_eq!(sums, again);
    assert_eq!(sums.lines().count(), 2);
    for line in sums.lines() {
        let (sum, name) = line.split_once("  ").unwrap();
        let file = hash_file(&one.folder.join(name)).unwrap();
        assert_eq!(sum, hex::encode(file.sha256), "{name}");
    }
}

#[test]
fn the_output_says_what_the_program_needs() {
    let said = &packed().said;
    assert!(said.contains("needs: glibc 2."), "{said}");
    assert!(said.contains("libc.so.6"), "{said}");
}

#[test]
fn what_cannot_be_packed_is_refused_by_name() {
    let out = tempfile::tempdir().unwrap();
    let script = out.path().join("script");
    std::fs::write(&script, "#!/bin/sh\n").unwrap();
    for (program, why) in [
        ("/nowhere/amst", "there is no such program"),
        (script.to_str().unwrap(), "no program for x86_64 Linux"),
    ] {
        let output = dist(program, &out.path().join("packages"));
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{message}");
        assert!(
            message.contains(program) && message.contains(why),
            "{message}"
        );
        assert!(!out.path().join("packages").exists());
    }
}

/// Installed into an environment that has nothing, by pip, and started with nothing but it on PATH.
#[test]
fn an_installed_wheel_has_the_command_its_data_and_the_package() {
    let folder = tempfile::tempdir().unwrap();
    let environment = folder.path().join("venv");
    let made = Command::new("python3")
        .args(["-m", "venv"])
        .arg(&environment)
        .output();
    let made = made.is_ok_and(|output| output.status.success());
    if !made {
        eprintln!(
            "skipped: an_installed_wheel_has_the_command_its_data_and_the_package: \
             `python3 -m venv` does not work here"
        );
        return;
    }
    let wheel = &packed().wheel;
    let bin = environment.join("bin");
    let alone = |program: &str, arguments: &[&str]| {
        let output = Command::new(bin.join(program))
            .args(arguments)
            .env_clear()
            .env("PATH", &bin)
            .current_dir(folder.path())
            .output()
            .unwrap();
        let (said, message) = (
            String::from_utf8_lossy(&output.stdout).into_owned(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        );
        assert!(output.status.success(), "{said}{message}");
        said
    };
    let pip = ["-m", "pip", "install", "--quiet", "--no-index"];
    alone("python", &[&pip[..], &[wheel.to_str().unwrap()]].concat());
    assert_eq!(
        alone("amst", &["reproduce", "table2"]),
        "reproduce table2\n"
    );
    assert!(
        environment
            .join("share/amst/datasets/spoken-digits/dataset.toml")
            .is_file()
    );
    let script = "import amst\n\
                  print(amst.__version__)\n\
                  try:\n    amst.read_runs('.')\n\
                  except amst.MissingPackage as error:\n    print(error)\n";
    let said = alone("python", &["-c", script]);
    assert!(said.starts_with(&format!("{VERSION}\n")), "{said}");
    assert!(
        said.trim_end().ends_with("python -m pip install pandas"),
        "{said}"
    );
    let shown = alone("python", &["-m", "pip", "show", "--files", "amst"]);
    assert!(shown.contains("License-Expression: MIT OR Apache-2.0") || shown.contains("License:"));
    assert!(shown.contains("../../../bin/amst"), "{shown}");
}
