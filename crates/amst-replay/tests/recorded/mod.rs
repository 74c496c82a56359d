//! Holds a replay against what PyTorch recorded.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use amst_replay::{Case, Replay, Tensors, read_tensors, replay};
use burn::tensor::Device;
use serde_json::Value;

/// Fair for float32 (docs/paper.md §10): rounding alone moves these runs by 1e-5.
const LOSSES_AND_LOGITS: f64 = 1e-3;
/// Where a run is calmer than that, its logits are held to so many times what rounding moves
/// (`floor` in case.json): an approximate GELU moves `unimodal-t` by 6e-4 and rounding by 2e-6.
const CALM: f64 = 50.0;
const WEIGHTS: f64 = 1e-4;
/// Tighter within a step, because a loss through the head as it was before the batch, instead of
/// as the modalities before left it, moves it by as little as 5e-4 (`mutations.txt`).
const STEPS: f64 = 3e-4;
/// Of a tensor's largest magnitude: the velocities of first convolutions reach tens, and two
/// implementations in float32 are as far from float64 as from each other. Where rounding alone
/// moves them further (`floor`; 1.6e-4 in `naive-atv`), that far.
const VELOCITY: f64 = 1e-4;

/// The folder of a recorded run, from any crate of this workspace.
pub fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../amst-replay/tests/fixtures/trajectories")
        .join(name)
}

/// Replays a recorded run on a device and holds everything against what was recorded.
pub fn check(name: &str, device: &Device) {
    let expect = folder(name).join("expect");
    let got = replay(&Case::open(&folder(name)).unwrap(), device).unwrap();
    let want: Value =
        serde_json::from_slice(&std::fs::read(expect.join("result.json")).unwrap()).unwrap();
    steps_agree(name, &want, &got);
    epochs_agree(name, &want, &got);
    let recorded = |kind: &str| expect.join(format!("{kind}.safetensors"));
    let case: Value =
        serde_json::from_slice(&std::fs::read(folder(name).join("case.json")).unwrap()).unwrap();
    let calm = CALM * case["floor"]["logits"].as_f64().unwrap();
    tensors_agree(name, "logits", &recorded("logits"), &got.logits, |_| {
        LOSSES_AND_LOGITS.min(calm)
    });
    tensors_agree(name, "weights", &recorded("weights"), &got.weights, |_| {
        WEIGHTS
    });
    if recorded("velocity").exists() {
        let share = VELOCITY.max(case["floor"]["velocity"].as_f64().unwrap());
        tensors_agree(
            name,
            "velocity",
            &recorded("velocity"),
            &got.velocity,
            |largest| share * largest.max(0.1),
        );
    }
}

fn steps_agree(name: &str, want: &Value, got: &Replay) {
    let want = want["steps"].as_array().unwrap();
    assert_eq!(want.len(), got.steps.len(), "{name}");
    for (want, got) in want.iter().zip(&got.steps) {
        let at = format!("{name} epoch {} step {}", want["epoch"], want["step"]);
        assert_eq!(
            want["active"],
            serde_json::to_value(&got.active).unwrap(),
            "{at}"
        );
        numbers_agree(&format!("{at} lr"), &want["lr"], &got.lr, 1e-9);
        numbers_agree(
            &format!("{at} metrics"),
            &want["metrics"],
            &got.metrics,
            STEPS,
        );
        numbers_agree(&format!("{at} loss"), &want["loss"], &got.loss, STEPS);
    }
}

fn epochs_agree(name: &str, want: &Value, got: &Replay) {
    let want = want["epochs"].as_array().unwrap();
    assert_eq!(want.len(), got.epochs.len(), "{name}");
    for (number, (want, got)) in want.iter().zip(&got.epochs).enumerate() {
        let at = format!("{name} evaluation of epoch {number}");
        numbers_agree(&at, &want["loss"], &got.loss, LOSSES_AND_LOGITS);
        numbers_agree(&at, &want["accuracy"], &got.accuracy, 1e-6);
    }
}

/// `*.entropy` outputs are another way of fusing the same logits, which a replay leaves out.
fn is_compared(name: &str) -> bool {
    !name.contains("entropy")
}

fn numbers_agree(at: &str, want: &Value, got: &BTreeMap<String, f64>, tolerance: f64) {
    let want: BTreeMap<&String, f64> = want
        .as_object()
        .unwrap()
        .iter()
        .map(|(k, v)| (k, v.as_f64().unwrap()))
        .collect();
    let names: Vec<&&String> = want.keys().filter(|name| is_compared(name)).collect();
    assert_eq!(
        names,
        got.keys().collect::<Vec<_>>().iter().collect::<Vec<_>>(),
        "{at}"
    );
    for (name, value) in got {
        let apart = (want[name] - value).abs();
        assert!(
            apart <= tolerance,
            "{at}: {name} is {value}, expected {}",
            want[name]
        );
    }
}

fn tensors_agree(
    name: &str,
    kind: &str,
    want: &Path,
    got: &Tensors,
    tolerance: impl Fn(f64) -> f64,
) {
    let mut want = read_tensors(want).unwrap();
    want.retain(|name, _| is_compared(name));
    assert_eq!(
        want.keys().collect::<Vec<_>>(),
        got.keys().collect::<Vec<_>>(),
        "{name} {kind}"
    );
    for (key, (shape, values)) in &want {
        assert_eq!(*shape, got[key].0, "{name} {kind} {key}");
        let largest = values.iter().fold(0f64, |m, v| m.max(v.abs() as f64));
        let apart = values
            .iter()
            .zip(&got[key].1)
            .fold(0f64, |m, (a, b)| m.max((a - b).abs() as f64));
        assert!(
            apart <= tolerance(largest),
            "{name} {kind}: {key} differs by {apart:.2e} of {largest:.2e}"
        );
    }
}
