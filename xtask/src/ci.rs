//! The checks: the same here as on the CI server.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context, bail, ensure};

use crate::workspace::{cargo, root};

/// Where distributions put the description of Mesa's lavapipe, a Vulkan driver that computes on the
/// processor.
const LAVAPIPE: [&str; 3] = [
    "/usr/share/vulkan/icd.d/lvp_icd.x86_64.json",
    "/usr/share/vulkan/icd.d/lvp_icd.aarch64.json",
    "/usr/share/vulkan/icd.d/lvp_icd.json",
];

/// The recorded run that every check trains on `--device wgpu`, a test of amst-cli: both modules
/// and three modalities.
const RECORDED: &str = "both_modules_with_three_modalities_follow_the_recorded_run";

/// How many checks.
#[derive(clap::Args, Debug)]
pub struct Args {
    /// Also what takes long: a project outside the workspace that trains, recorded weights, a type
    /// check of burn's CUDA device, and of `--device wgpu` lints, all tests and a whole table.
    /// Property tests draw other inputs each time.
    #[arg(long)]
    full: bool,
}

/// A finished table must be found and printed, not trained again.
const AT_ONCE: Duration = Duration::from_secs(10);

struct Step {
    name: &'static str,
    command: Command,
    limit: Option<Duration>,
    /// A file that the command changes and that is put back.
    kept: Option<PathBuf>,
}

impl Step {
    fn new(name: &'static str, command: Command) -> Self {
        Self {
            name,
            command,
            limit: None,
            kept: None,
        }
    }
}

/// Runs every check in order and stops at the first that fails.
pub fn run(args: &Args) -> anyhow::Result<ExitCode> {
    let smoke = root().join("target/ci/reproduce");
    if smoke.exists() {
        std::fs::remove_dir_all(&smoke)
            .with_context(|| format!("cannot empty {}", smoke.display()))?;
    }
    let steps = steps(args.full)?;
    let count = steps.len();
    for (i, step) in steps.into_iter().enumerate() {
        eprintln!("\n[{}/{count}] {}: {:?}", i + 1, step.name, step.command);
        if let Err(error) = check(step) {
            println!("{error:#}\n{i} passed, 1 failed");
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("{count} passed, 0 failed");
    Ok(ExitCode::SUCCESS)
}

/// Checks the invariants that `docs/architecture.md` states.
pub fn tidy() -> anyhow::Result<ExitCode> {
    let command = cargo_with("test --quiet -p xtask --test architecture");
    check(Step::new("tidy", command))?;
    Ok(ExitCode::SUCCESS)
}

fn steps(full: bool) -> anyhow::Result<Vec<Step>> {
    let readme =
        std::fs::read_to_string(root().join("README.md")).context("cannot read README.md")?;
    let tests = test_command(&readme).context(
        "README.md has no line `cargo test …` in a fenced block: the command that it shows is the \
         one that is checked",
    )?;
    let mut tests = cargo_with(&tests);
    if full {
        let seed = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        eprintln!("property tests draw their inputs with PROPTEST_RNG_SEED={seed}");
        tests.env("PROPTEST_RNG_SEED", seed.to_string());
    }
    let mut docs = cargo_with("doc --workspace --no-deps");
    docs.env("RUSTDOCFLAGS", "-D warnings");
    // The program that the tests were run with, which lies beside this one: another build, for
    // release, takes longer than all that it computes.
    let amst =
        std::env::current_exe()?.with_file_name(format!("amst{}", std::env::consts::EXE_SUFFIX));
    let mut steps = vec![
        Step::new("format", cargo_with("fmt --all --check")),
        Step::new(
            "lints",
            cargo_with("clippy --workspace --all-targets -- -D warnings"),
        ),
        Step::new("tests, as README runs them", tests),
        Step::new("documentation", docs),
        Step::new("smoke table 2", smoke("table2", &amst)),
        Step::new("smoke table 1", smoke("table1", &amst)),
        Step {
            limit: Some(AT_ONCE),
            ..Step::new("smoke table 1 again", smoke("table1", &amst))
        },
    ];
    if full {
        let ignored = "test --workspace --test single_crates --test reproducibility -- --ignored";
        steps.push(Step::new(
            "a project that trains through amst, and recorded weights",
            cargo_with(ignored),
        ));
        let lints = "clippy --workspace --all-targets --features amst-cli/wgpu -- -D warnings";
        steps.push(Step::new("lints of wgpu", cargo_with(lints)));
        steps.push(type_check_of_cuda());
    }
    // After what reads the program of the tests, which this replaces.
    match lavapipe() {
        Some(driver) => steps.extend(on_lavapipe(&driver, &amst, full)),
        None => eprintln!(
            "skipped: tests and a table on `--device wgpu`, because Mesa's lavapipe is not here \
             (`apt-get install mesa-vulkan-drivers libvulkan1`)"
        ),
    }
    Ok(steps)
}

/// Mesa's lavapipe, if it is here.
fn lavapipe() -> Option<PathBuf> {
    LAVAPIPE
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())
}

/// Profiles of the build with `wgpu`. It compiles these anew, and what they compute with is not used
/// there. Optimised, their compilation takes 140 s of processor time more.
const QUICKLY_BUILT: [&str; 3] = [
    "profile.dev.package.burn-flex.opt-level=0",
    "profile.dev.package.burn-dispatch.opt-level=0",
    "profile.dev.package.amst-kernels.opt-level=1",
];

/// What is checked of `--device wgpu` on a driver: all of it, or a recorded run and a table of one
/// row, since each process looks for its kernels anew, for a minute on a processor. The tests build
/// the program once more, with the feature, and the table uses it.
fn on_lavapipe(driver: &Path, amst: &Path, full: bool) -> Vec<Step> {
    let build = "test --workspace --features amst-cli/wgpu --test graphics";
    let table = "xtask reproduce table2 --dataset synthetic --seeds 0 --device wgpu";
    let (tests, table) = if full {
        let kernels = "--test upstream_faults --test batch_norm --test descent --test launches \
                       --test pooling";
        (format!("{build} {kernels}"), table.to_string())
    } else {
        let one_row = format!("{table} --experiments 6");
        (format!("{build} -- --exact {RECORDED}"), one_row)
    };
    let mut build = cargo();
    for setting in QUICKLY_BUILT {
        build.args(["--config", setting]);
    }
    build.args(tests.split_whitespace());
    // A folder of its own: a cell that another device has trained would not be trained again.
    let mut table = cargo_with(&format!("{table} --out target/ci/reproduce/wgpu --amst"));
    table.arg(amst);
    let mut steps = vec![
        Step::new("tests on wgpu", build),
        Step::new("smoke table 2 on wgpu", table),
    ];
    for step in &mut steps {
        step.command
            .env("VK_DRIVER_FILES", driver)
            .env("AMST_REQUIRE_ADAPTER", "1")
            // Coarser classes of shapes, so that fewer kernels are compared: a third less time.
            .env("CUBECL_AUTOTUNE_LEVEL", "minimal");
    }
    steps
}

/// burn's CUDA device, with the stand-in of `cargo xtask setup cuda` for what downloads LLVM. cargo
/// notes that in Cargo.lock, which is put back. All targets, as the lints, so that what both need
/// is checked once.
fn type_check_of_cuda() -> Step {
    let stand_in = root().join("xtask/cubecl-llvm");
    let mut command = cargo();
    command
        .arg("--config")
        .arg(format!(
            "patch.crates-io.cubecl-llvm.path={:?}",
            stand_in.display().to_string()
        ))
        .args(["check", "--workspace", "--all-targets"])
        .args(["--features", "amst-cli/cuda-nvrtc"]);
    Step {
        kept: Some(root().join("Cargo.lock")),
        ..Step::new("type check of cuda", command)
    }
}

/// A whole table on generated data, with all three choices of modalities.
fn smoke(table: &str, amst: &Path) -> Command {
    let columns = "--dataset synthetic --modalities own --modalities audio,visual,text \
                   --modalities visual,text";
    let mut command = cargo_with(&format!(
        "xtask reproduce {table} {columns} --out target/ci/reproduce --amst"
    ));
    command.arg(amst);
    command
}

fn cargo_with(arguments: &str) -> Command {
    let mut command = cargo();
    command.args(arguments.split_whitespace());
    command
}

/// The arguments of the first `cargo test` in a fenced block.
fn test_command(readme: &str) -> Option<String> {
    let mut fenced = false;
    for line in readme.lines() {
        let line = line.trim();
        fenced ^= line.starts_with("```");
        let command = line.strip_prefix("$ ").unwrap_or(line);
        if fenced && command.starts_with("cargo test") {
            let command = command.split('#').next().unwrap_or(command);
            return Some(command.trim_start_matches("cargo ").trim().to_string());
        }
    }
    None
}

fn check(mut step: Step) -> anyhow::Result<()> {
    let kept = step.kept.take().map(Kept::read).transpose()?;
    let start = Instant::now();
    let status = step
        .command
        .status()
        .with_context(|| format!("cannot start {:?}", step.command));
    if let Some(kept) = kept {
        kept.put_back()?;
    }
    let status = status?;
    let took = start.elapsed();
    if !status.success() {
        bail!(
            "{} failed ({status}) after {:.1} s",
            step.name,
            took.as_secs_f64()
        );
    }
    if let Some(limit) = step.limit {
        ensure!(
            took <= limit,
            "{} took {:.1} s, more than {} s",
            step.name,
            took.as_secs_f64(),
            limit.as_secs()
        );
    }
    println!("{}: ok in {:.1} s", step.name, took.as_secs_f64());
    Ok(())
}

/// A file as it was.
struct Kept {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Kept {
    fn read(path: PathBuf) -> anyhow::Result<Self> {
        let bytes =
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { path, bytes })
    }

    fn put_back(&self) -> anyhow::Result<()> {
        std::fs::write(&self.path, &self.bytes)
            .with_context(|| format!("cannot put {} back", self.path.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_test_command_is_the_one_in_a_fenced_block() {
        let readme =
            "Run cargo test.\n```sh\ncargo xtask ci\ncargo test --workspace   # 4 minutes\n```\n";
        assert_eq!(test_command(readme).as_deref(), Some("test --workspace"));
        assert_eq!(
            test_command("```\n$ cargo test -p amst\n```").as_deref(),
            Some("test -p amst")
        );
    }

    #[test]
    fn a_readme_that_only_mentions_the_tests_has_no_command() {
        assert_eq!(test_command("```\nls\n```\ncargo test --workspace\n"), None);
    }

    #[test]
    fn the_recorded_run_of_wgpu_is_there() {
        let tests = root().join("crates/amst-cli/tests/graphics.rs");
        let tests = std::fs::read_to_string(tests).unwrap();
        assert!(tests.contains(&format!("fn {RECORDED}()")));
    }

    #[test]
    fn a_file_that_a_step_changes_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        std::fs::write(&path, "before").unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", "echo after > lock"]);
        command.current_dir(folder.path());
        check(Step {
            kept: Some(path.clone()),
            ..Step::new("change", command)
        })
        .unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "before");
    }

    #[test]
    fn a_step_over_its_limit_fails_by_name() {
        let mut command = Command::new("sleep");
        command.arg("0.05");
        let error = check(Step {
            limit: Some(Duration::ZERO),
            ..Step::new("again", command)
        })
        .unwrap_err();
        assert!(error.to_string().starts_with("again took"), "{error}");
    }
}
