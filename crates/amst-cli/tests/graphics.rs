//! `--device wgpu` on an adapter of this machine, which may be a processor that imitates a GPU
//! (Mesa's lavapipe). `cargo test --workspace --features amst-cli/wgpu`; without the feature each is
//! listed as ignored, and without an adapter each says that it was skipped.

mod process;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use amst_replay::read_tensors;
use process::{Cell, assert_done, stderr};
use serde_json::Value;

/// What a recorded run's losses and this device's may differ by.
const LOSS: f64 = 1e-5;

/// `amst` with these arguments.
fn amst(arguments: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("amst"));
    command.args(arguments);
    quiet(&mut command);
    command
}

/// Without the layer by which Mesa orders cards, which complains where there is no screen.
fn quiet(command: &mut Command) {
    command.env("NODEVICE_SELECT", "1");
}

/// `amst devices --json`.
fn devices(command: &mut Command) -> Value {
    let output = command.args(["devices", "--json"]).output().unwrap();
    assert_done(&output);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Whether there is an adapter; if not, that is said, past the test harness, which keeps what a test
/// prints to itself. `AMST_REQUIRE_ADAPTER=1` makes that a failure.
fn has_adapter(test: &str) -> bool {
    let listing = devices(&mut amst(&[]));
    let is_usable =
        |listed: &Value| listed["device"] == "wgpu:0" && listed["unusable"] == Value::Null;
    if listing["devices"].as_array().unwrap().iter().any(is_usable) {
        return true;
    }
    assert!(
        std::env::var_os("AMST_REQUIRE_ADAPTER").is_none(),
        "no adapter: {listing:#}"
    );
    let mut console = std::io::stderr();
    writeln!(console, "skipped {test}: {}", listing["absent"]).unwrap();
    false
}

fn refused(output: &Output, parts: &[&str]) {
    let message = stderr(output);
    assert_eq!(output.status.code(), Some(2), "{message}");
    assert!(message.contains("error: device `"), "{message}");
    for part in parts {
        assert!(message.contains(part), "`{part}` is missing in: {message}");
    }
    assert!(output.stdout.is_empty());
}

fn case(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-replay/tests/fixtures/trajectories")
        .join(name)
}

fn read_json(path: &Path) -> Value {
    let text = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    serde_json::from_slice(&text).unwrap()
}

/// Replays a recorded run on the device; its losses and weights are PyTorch's.
fn follows(name: &str) {
    let out = tempfile::tempdir().unwrap();
    let expect = case(name).join("expect");
    let output = amst(&["replay", "--device", "wgpu", "--out"])
        .arg(out.path())
        .arg(case(name))
        .output()
        .unwrap();
    assert_done(&output);
    let [want, got] = [&expect, out.path()].map(|folder| read_json(&folder.join("result.json")));
    for kind in ["steps", "epochs"] {
        let [want, got] = [&want, &got].map(|run| run[kind].as_array().unwrap());
        assert_eq!(want.len(), got.len(), "{name} {kind}");
        for (at, (want, got)) in want.iter().zip(got).enumerate() {
            for (output, loss) in got["loss"].as_object().unwrap() {
                let apart = (loss.as_f64().unwrap() - want["loss"][output].as_f64().unwrap()).abs();
                assert!(
                    apart <= LOSS,
                    "{name}, {kind} {at}: loss of {output} differs by {apart:.1e}"
                );
            }
        }
    }
    let [want, got] = [&expect, out.path()]
        .map(|folder| read_tensors(&folder.join("weights.safetensors")).unwrap());
    for (key, (shape, values)) in &want {
        assert_eq!(*shape, got[key].0, "{name} {key}");
        let apart = values
            .iter()
            .zip(&got[key].1)
            .fold(0f32, |most, (a, b)| most.max((a - b).abs()));
        assert!(apart <= 1e-4, "{name}: {key} differs by {apart:.1e}");
    }
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn the_alternating_module_follows_the_recorded_run() {
    if has_adapter("the_alternating_module_follows_the_recorded_run") {
        follows("alt-av-fast");
    }
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn the_joint_module_follows_the_recorded_run() {
    if has_adapter("the_joint_module_follows_the_recorded_run") {
        follows("joint-av-official");
    }
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn both_modules_with_three_modalities_follow_the_recorded_run() {
    if has_adapter("both_modules_with_three_modalities_follow_the_recorded_run") {
        follows("full-avt-fast");
    }
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn the_devices_are_listed_with_name_and_limits() {
    if !has_adapter("the_devices_are_listed_with_name_and_limits") {
        return;
    }
    let listing = devices(&mut amst(&[]));
    assert!(
        listing["compiled"]
            .as_array()
            .unwrap()
            .contains(&"wgpu".into())
    );
    let first = listing["devices"]
        .as_array()
        .unwrap()
        .iter()
        .find(|listed| listed["device"] == "wgpu:0")
        .unwrap();
    for known in ["name", "class", "interface"] {
        assert!(!first[known].as_str().unwrap().is_empty(), "{first}");
    }
    assert!(
        first["largest_tensor_bytes"].as_u64().unwrap() >= 128 << 20,
        "{first}"
    );
    let output = amst(&["devices"]).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("flex ") && text.contains(first["name"].as_str().unwrap()),
        "{text}"
    );
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn a_number_that_does_not_exist_is_refused_with_those_that_do() {
    if !has_adapter("a_number_that_does_not_exist_is_refused_with_those_that_do") {
        return;
    }
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&[], out.path()).with(&["--device", "wgpu:9"]);
    refused(
        &cell.run(),
        &["`wgpu:9` does not exist", "wgpu:0", "amst devices"],
    );
    // Not even where cubecl is told of another default.
    let mut command = cell.command();
    command.env("CUBECL_WGPU_DEFAULT_DEVICE", "Cpu");
    refused(&command.output().unwrap(), &["`wgpu:9` does not exist"]);
    assert!(
        !out.path().join("synthetic").exists(),
        "nothing was written"
    );
}

#[test]
#[cfg(target_os = "linux")]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn without_a_driver_there_is_no_device_and_a_remedy() {
    let out = tempfile::tempdir().unwrap();
    for device in ["wgpu", "wgpu:0", "vulkan"] {
        let cell = Cell::new(&[], out.path()).with(&["--device", device]);
        let mut command = cell.command();
        command.env("VK_DRIVER_FILES", "/nonexistent");
        refused(
            &command.output().unwrap(),
            &[
                "no adapter",
                "VK_DRIVER_FILES",
                "mesa-vulkan-drivers",
                "--device flex",
            ],
        );
    }
    let cell = Cell::new(&[], out.path()).with(&["--device", "metal"]);
    refused(
        &cell.run(),
        &["this system has no metal", "`--device wgpu`"],
    );
    let listing = devices(amst(&[]).env("VK_DRIVER_FILES", "/nonexistent"));
    assert_eq!(listing["absent"][0]["device"], "wgpu", "{listing}");
}

#[test]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn a_precision_that_shaders_lack_is_refused() {
    let out = tempfile::tempdir().unwrap();
    for precision in ["tf32", "bf16"] {
        let options = ["--device", "wgpu", "--precision", precision];
        refused(
            &Cell::new(&[], out.path()).with(&options).run(),
            &[precision, "f32 alone"],
        );
    }
}

#[test]
#[cfg(unix)]
#[cfg_attr(not(feature = "wgpu"), ignore = "needs --features amst-cli/wgpu")]
fn a_run_that_was_killed_goes_on_to_the_same_result() {
    if !has_adapter("a_run_that_was_killed_goes_on_to_the_same_result") {
        return;
    }
    let settings = ["method=amst-full", "skip.audio=2"];
    let options = ["--device", "wgpu", "--checkpoint-every", "1step"];
    let whole = tempfile::tempdir().unwrap();
    let reference = Cell::new(&settings, whole.path()).with(&options);
    assert_done(&reference.run());
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&settings, out.path()).with(&options);
    let mut child = cell.start();
    // Kernels are chosen by measurement first, which takes a processor a minute or two.
    let patience = Instant::now();
    while told_epochs(out.path()) == 0 {
        assert!(
            patience.elapsed() < Duration::from_secs(600),
            "no epoch comes"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!cell.dir().join("result.json").exists(), "it was too fast");
    assert_done(&cell.run());
    assert_eq!(cell.epochs(), reference.epochs());
    let [got, want] = [&cell, &reference]
        .map(|cell| serde_json::from_slice::<Value>(&cell.file("result.json")).unwrap());
    for (output, want) in want["test"]["outputs"].as_object().unwrap() {
        let apart = (got["test"]["outputs"][output]["loss"].as_f64().unwrap()
            - want["loss"].as_f64().unwrap())
        .abs();
        assert!(
            apart <= 1e-4,
            "test loss of {output} differs by {apart:.1e}"
        );
    }
}

/// How many epochs the events of a run tell of so far.
fn told_epochs(out: &Path) -> usize {
    let events = walk(out)
        .into_iter()
        .find(|path| path.ends_with("events.jsonl"));
    let text = events.and_then(|path| std::fs::read_to_string(path).ok());
    text.map_or(0, |text| text.matches("\"kind\":\"epoch\"").count())
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    entries
        .flatten()
        .flat_map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                walk(&path)
            } else {
                vec![path]
            }
        })
        .collect()
}
