//! Each crate on its own: projects outside the workspace, with a `Cargo.toml` of their own, that
//! depend on one crate and nothing else.
//!
//! They share the workspace's target folder and lock file, so that versions are the same and a
//! second run finds what the first one built. The one that trains links burn, whose features differ
//! where nothing but `amst` asks for it, so that it is built again: `cargo xtask ci --full` runs it,
//! or `cargo test --workspace --test single_crates -- --ignored`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const VERSION: &str = env!("CARGO_PKG_VERSION");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .into()
}

/// The folder that these tests were compiled into: `target`, or another one that was asked for.
fn target() -> PathBuf {
    let profile = Path::new(env!("CARGO_BIN_EXE_xtask")).parent().unwrap();
    profile.parent().unwrap().into()
}

/// In the workspace other crates ask for more features of what these depend on, so that most of what
/// is compiled there cannot be used again: what is built here is built quickly.
const PROFILE: &str = "[profile.dev]\nopt-level = 0\ndebug = false\nincremental = false\n";

/// Runs cargo in a folder. What it needs is there, unless this is the first build with an empty
/// cache: then it may ask the registry.
fn cargo(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", target())
        .env("CARGO_NET_OFFLINE", "true");
    let mut found = command.output().unwrap();
    if !found.status.success() && String::from_utf8_lossy(&found.stderr).contains("offline") {
        found = command.env_remove("CARGO_NET_OFFLINE").output().unwrap();
    }
    let message = String::from_utf8_lossy(&found.stderr);
    assert!(found.status.success(), "{message}");
    found
}

/// Builds and runs a project with these dependencies, and returns what it printed.
fn run(dependencies: &str, main: &str) -> String {
    let project = tempfile::tempdir().unwrap();
    std::fs::create_dir(project.path().join("src")).unwrap();
    let manifest = format!(
        "[package]\nname = \"outside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\n{dependencies}\n\n[workspace]\n\n{PROFILE}"
    );
    let crates = root().join("crates").display().to_string();
    std::fs::write(
        project.path().join("Cargo.toml"),
        manifest.replace("CRATES", &crates),
    )
    .unwrap();
    std::fs::write(project.path().join("src/main.rs"), main).unwrap();
    std::fs::copy(root().join("Cargo.lock"), project.path().join("Cargo.lock")).unwrap();
    let output = cargo(&["run", "--quiet"], project.path());
    // What it was built from: cargo takes out of the lock file what is not used.
    let lock = std::fs::read_to_string(project.path().join("Cargo.lock")).unwrap();
    if !dependencies.contains("burn") {
        assert!(!lock.contains("name = \"burn"), "it builds no burn");
    }
    String::from_utf8(output.stdout).unwrap()
}

/// What a registry would be given of each crate: complete, its dependencies here by version, and not
/// too large.
#[test]
fn every_crate_can_be_packaged() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().to_str().unwrap();
    // Building every one from its package takes as long as building the workspace.
    let package = "package --workspace --exclude xtask --no-verify --allow-dirty --target-dir";
    let arguments: Vec<&str> = package.split(' ').chain([folder]).collect();
    cargo(&arguments, &root());
    for name in crates() {
        let file = out.path().join(format!("package/{name}-{VERSION}.crate"));
        let bytes = std::fs::metadata(&file)
            .unwrap_or_else(|e| panic!("{name}: {e}"))
            .len();
        // crates.io takes no larger ones.
        assert!(bytes < 10 << 20, "{name}: {bytes} bytes");
    }
}

/// The names of the crates in `crates`.
fn crates() -> Vec<String> {
    let folder = std::fs::read_dir(root().join("crates")).unwrap();
    folder
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.path().join("Cargo.toml").is_file())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[test]
fn a_project_with_amst_fbank_alone_computes_features() {
    let said = run(
        "amst-fbank = { path = \"CRATES/amst-fbank\" }",
        r#"
use amst_fbank::{FbankConfig, Wave, fbank};

fn main() -> Result<(), amst_fbank::FbankError> {
    let wave = Wave { samples: vec![0.25; 16_000], channels: 1, sample_rate: 16_000 };
    let features = fbank(&wave, &FbankConfig::default())?;
    println!("{} x {}", features.frames, features.mels);
    Ok(())
}
"#,
    );
    assert_eq!(said, "98 x 128\n");
}

#[test]
fn a_project_with_amst_frames_alone_reads_and_resizes_a_picture() {
    let said = run(
        "amst-frames = { path = \"CRATES/amst-frames\" }",
        r#"
use amst_frames::{EvalTransform, FrameConfig, Picture};

fn main() -> Result<(), amst_frames::FrameError> {
    let jpeg = Picture { width: 40, height: 20, rgb: vec![128; 40 * 20 * 3] }.to_jpeg(90)?;
    let picture = Picture::decode(&jpeg, "grey.jpg")?;
    let config = FrameConfig { size: [8, 8], ..FrameConfig::default() };
    let mut frame = vec![0.0; config.volume()];
    EvalTransform::new(&config)?.apply(&picture, &mut frame)?;
    println!("{} x {}, {} values", picture.width, picture.height, frame.len());
    Ok(())
}
"#,
    );
    assert_eq!(said, "40 x 20, 192 values\n");
}

/// The example of an encoder of one's own, which trains and asserts that it learnt.
#[test]
#[ignore = "builds burn again with its own features: some three minutes of processor time"]
fn a_project_that_trains_through_amst_needs_no_other_crate_of_the_program() {
    let example = root().join("crates/amst/examples/custom_encoder.rs");
    let said = run(
        "amst = { path = \"CRATES/amst\" }\n\
         amst-encoders = { path = \"CRATES/amst-encoders\" }\n\
         amst-recipe = { path = \"CRATES/amst-recipe\" }\n\
         burn = { version = \"=0.22.1\", default-features = false, features = \
         [\"flex\", \"rayon\", \"simd\", \"std\"] }",
        &std::fs::read_to_string(example).unwrap(),
    );
    assert!(said.contains("unseen samples"), "{said}");
}
