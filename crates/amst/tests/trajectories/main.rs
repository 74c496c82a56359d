//! Whole training runs against PyTorch: `tests/fixtures/trajectories` holds the recorded
//! runs, the script that made them, and how far each wrong rule would move them.

mod case;
mod replay;

use case::{Case, Tensors};
use replay::{Replay, replay};

/// Fair for float32 (METHODS 10 in docs/paper.md): rounding alone moves these runs by 1e-5.
const LOSSES_AND_LOGITS: f64 = 1e-3;
const WEIGHTS: f64 = 1e-4;
/// Tighter within a step, because a loss through the head as it was before the batch, instead of
/// as the modalities before left it, moves it by as little as 5e-4 (`mutations.txt`).
const STEPS: f64 = 3e-4;

fn check(name: &str) {
    let case = Case::open(name);
    let got = replay(&case);
    steps_agree(&case, &got);
    epochs_agree(&case, &got);
    tensors_agree(name, "logits", &case.expected("logits"), &got.logits, LOSSES_AND_LOGITS);
    tensors_agree(name, "weights", &case.expected("weights"), &got.weights, WEIGHTS);
}

fn steps_agree(case: &Case, got: &Replay) {
    let want = case.result["steps"].as_array().unwrap();
    assert_eq!(want.len(), got.steps.len(), "{}", case.name);
    for (want, got) in want.iter().zip(&got.steps) {
        let at = format!("{} epoch {} step {}", case.name, want["epoch"], want["step"]);
        numbers_agree(&format!("{at} metrics"), &want["metrics"], &got.metrics, STEPS);
        numbers_agree(&format!("{at} loss"), &want["loss"], &got.losses, STEPS);
    }
}

fn epochs_agree(case: &Case, got: &Replay) {
    let want = case.result["epochs"].as_array().unwrap();
    assert_eq!(want.len(), got.epochs.len(), "{}", case.name);
    for (number, (want, got)) in want.iter().zip(&got.epochs).enumerate() {
        numbers_agree(&format!("{} evaluation of epoch {number}", case.name), &want["loss"], got, LOSSES_AND_LOGITS);
    }
}

fn numbers_agree(at: &str, want: &serde_json::Value, got: &[(String, f64)], tolerance: f64) {
    let want = want.as_object().unwrap();
    let mut names: Vec<_> = got.iter().map(|(name, _)| name.as_str()).collect();
    names.sort();
    let mut wanted: Vec<_> = want.keys().map(String::as_str).collect();
    wanted.sort();
    assert_eq!(wanted, names, "{at}");
    for (name, value) in got {
        let apart = (want[name].as_f64().unwrap() - value).abs();
        assert!(apart < tolerance, "{at}: {name} is {value}, expected {}", want[name]);
    }
}

fn tensors_agree(name: &str, kind: &str, want: &Tensors, got: &Tensors, tolerance: f64) {
    assert_eq!(want.keys().collect::<Vec<_>>(), got.keys().collect::<Vec<_>>(), "{name} {kind}");
    for (key, (shape, values)) in want {
        assert_eq!(*shape, got[key].0, "{name} {kind} {key}");
        let apart = values.iter().zip(&got[key].1).fold(0f64, |m, (a, b)| m.max((a - b).abs() as f64));
        assert!(apart < tolerance, "{name} {kind}: {key} differs by {apart:.2e}");
    }
}

#[test]
fn alternating_with_two_modalities_official() {
    check("alt-av-official");
}

#[test]
fn alternating_with_two_modalities_fast() {
    check("alt-av-fast");
}

#[test]
fn alternating_with_three_modalities_fast() {
    check("alt-avt-fast");
}

#[test]
fn joint_with_two_modalities_official() {
    check("joint-av-official");
}

#[test]
fn joint_with_two_modalities_fast() {
    check("joint-av-fast");
}

#[test]
fn joint_with_three_modalities_official() {
    check("joint-avt-official");
}

#[test]
fn full_with_a_truly_joint_module_fast() {
    check("full-av-fast");
}

#[test]
fn full_with_both_modules_alternating_official() {
    check("full-av-official");
}

#[test]
fn full_with_three_modalities_fast() {
    check("full-avt-fast");
}
