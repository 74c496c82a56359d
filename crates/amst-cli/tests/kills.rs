//! `kill -9` at any instant leaves a run that goes on and ends in the bytes of one that lived.
#![cfg(unix)]

mod process;

use std::time::{Duration, Instant};

use amst::methods::built_in;
use amst_figures::{RunLog, tensorboard_events};
use process::{Cell, assert_done};

/// Kills of a method; all of them together are more than fifty.
fn kills_of(method: &str) -> usize {
    // What the others could do with five, AMST itself does with twenty.
    if method == "amst-full" { 20 } else { 5 }
}

/// Equally likely instants, always the same ones.
struct Instants(u64);

impl Instants {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Starts a run again and again, and kills it until it has been killed often enough.
fn survives(method: &str, seed: u64) -> usize {
    let settings = match method {
        "unimodal" => vec!["method=unimodal".to_string(), "modalities=text".into()],
        _ => vec![format!("method={method}"), "skip.audio=2".into()],
    };
    let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
    let whole = tempfile::tempdir().unwrap();
    let reference = Cell::new(&settings, whole.path());
    let start = Instant::now();
    assert_done(&reference.run());
    let alone = start.elapsed();
    let out = tempfile::tempdir().unwrap();
    let cell = Cell::new(&settings, out.path()).with(&["--checkpoint-every", "1step"]);
    let mut instants = Instants(seed);
    let mut kills = 0;
    while kills < kills_of(method) {
        let mut child = cell.start();
        std::thread::sleep(Duration::from_secs_f64(
            instants.next() * alone.as_secs_f64(),
        ));
        let killed = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        if killed {
            kills += 1;
        } else {
            // It got there before it could be hit: all over again.
            assert!(
                cell.file("result.json") == reference.file("result.json"),
                "{method:?} after {kills} kills"
            );
            std::fs::remove_dir_all(out.path().join("synthetic")).unwrap();
        }
    }
    assert_done(&cell.run());
    for name in [
        "result.json",
        "predictions.csv",
        "logits.safetensors",
        "recipe.toml",
    ] {
        assert!(
            cell.file(name) == reference.file(name),
            "{method:?}: {name} differs after {kills} kills"
        );
    }
    assert_eq!(
        cell.epochs(),
        reference.epochs(),
        "{method:?}: an epoch is told twice, or not at all"
    );
    let [exported, expected] = [&cell, &reference].map(|cell| {
        let log = RunLog::read(&cell.dir()).unwrap();
        tensorboard_events(&log)
    });
    assert!(
        exported == expected,
        "{method:?}: TensorBoard is told something else after {kills} kills"
    );
    kills
}

fn all_survive(which: impl Fn(usize) -> bool) {
    let methods: Vec<_> = built_in()
        .names()
        .enumerate()
        .filter(|(number, _)| which(*number))
        .collect();
    let kills: usize = methods
        .iter()
        .map(|(number, method)| survives(method, *number as u64 + 1))
        .sum();
    println!("{kills} kills of {} methods survived", methods.len());
    let wanted: usize = methods.iter().map(|(_, method)| kills_of(method)).sum();
    assert_eq!(kills, wanted);
    assert!(2 * kills > 50);
}

#[test]
fn every_method_survives_being_killed() {
    all_survive(|number| number.is_multiple_of(2));
}

#[test]
fn so_does_every_other_method() {
    all_survive(|number| !number.is_multiple_of(2));
}
