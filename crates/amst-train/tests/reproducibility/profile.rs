//! Where the time goes: by phase in every run, piece by piece in one that is profiled, and of
//! epochs alone.

use std::collections::BTreeMap;

use amst_data::Prepared;
use amst_train::{EventKind, Run, Trainer};
use burn::tensor::Device;
use serde_json::Value;

use crate::cells::{Finished, KEPT, cell, train, train_with};

/// Seconds and phases of every epoch.
fn epochs(finished: &Finished) -> Vec<(f64, BTreeMap<String, f64>)> {
    let of = |event: &amst_train::Event| match &event.kind {
        EventKind::Epoch {
            seconds, phases, ..
        } => Some((*seconds, phases.clone())),
        _ => None,
    };
    finished.seen.iter().filter_map(of).collect()
}

#[test]
fn the_phases_of_an_epoch_are_the_whole_of_it() {
    let runs = tempfile::tempdir().unwrap();
    let run = train(&["method=amst-full", "epochs=4"], runs.path()).unwrap();
    let epochs = epochs(&run);
    assert_eq!(epochs.len(), 4);
    for (seconds, phases) in &epochs {
        let sum: f64 = phases.values().sum();
        assert!(
            (sum - seconds).abs() < 0.02 * seconds,
            "{sum} of {seconds}: {phases:?}"
        );
        for name in ["load", "forward", "backward", "update", "evaluate"] {
            assert!(phases[name] > 0.0, "{name}: {phases:?}");
        }
    }
    // What no phase claims is bookkeeping: it must stay small even where a network is tiny.
    let sum = |of: fn(&(f64, BTreeMap<String, f64>)) -> f64| epochs.iter().map(of).sum::<f64>();
    assert!(
        sum(|epoch| epoch.1["other"]) < 0.1 * sum(|epoch| epoch.0),
        "{epochs:?}"
    );
    assert!(epochs[0].1["recalibrate"] > 0.0 && !epochs[1].1.contains_key("recalibrate"));
    // Other work of the machine only adds time.
    let forward = |epoch: usize| epochs[epoch].1["forward"];
    let least = |a: usize, b: usize| forward(a).min(forward(b));
    assert!(
        least(0, 2) > least(1, 3),
        "audio trains in every second epoch only"
    );
}

#[test]
fn a_profiled_run_gives_the_same_result_and_a_trace_that_viewers_open() {
    let runs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let plain = train(&["method=amst-joint"], runs[0].path()).unwrap();
    let profiled = train_with(&["method=amst-joint"], runs[1].path(), |trainer| {
        Ok(trainer.profile())
    })
    .unwrap();
    for name in KEPT {
        assert!(plain.file(name) == profiled.file(name), "{name} differs");
    }
    assert!(!plain.dir.join("trace.json").exists());
    let trace: Value = serde_json::from_slice(&profiled.file("trace.json")).unwrap();
    assert_eq!(trace["otherData"]["dropped"], 0);
    let events = trace["traceEvents"].as_array().unwrap();
    let complete: Vec<&Value> = events.iter().filter(|e| e["ph"] == "X").collect();
    for event in &complete {
        assert!(
            event["name"].is_string() && event["cat"].is_string() && event["pid"].is_u64(),
            "{event}"
        );
        assert!(
            event["ts"].as_f64().unwrap() >= 0.0 && event["dur"].as_f64().unwrap() >= 0.0,
            "{event}"
        );
    }
    let rows: Vec<&str> = events
        .iter()
        .filter(|e| e["ph"] == "M")
        .map(|e| e["args"]["name"].as_str().unwrap())
        .collect();
    assert!(
        rows.contains(&"training") && rows.contains(&"loader 1"),
        "{rows:?}"
    );
    // 2 epochs of 96 samples, 16 a batch: 6 steps, each with its own backward pass.
    let steps: Vec<(u64, u64)> = complete
        .iter()
        .filter(|e| e["name"] == "backward")
        .map(|e| {
            (
                e["args"]["epoch"].as_u64().unwrap(),
                e["args"]["step"].as_u64().unwrap(),
            )
        })
        .collect();
    let expected: Vec<(u64, u64)> = (0..2)
        .flat_map(|epoch| (0..6).map(move |step| (epoch, step)))
        .collect();
    assert_eq!(steps, expected);
    let loaded = |split: &str| {
        complete
            .iter()
            .filter(|e| e["args"]["split"] == split)
            .count()
    };
    // Recalibration reads the last three batches of the epoch in which audio trained again.
    assert_eq!(
        (loaded("train"), loaded("val"), loaded("test")),
        (12 + 3, 1 + 1, 1)
    );
}

#[test]
fn pieces_of_work_do_not_overlap_and_fill_the_phases() {
    let runs = tempfile::tempdir().unwrap();
    let run = train_with(&["method=amst-alt"], runs.path(), |trainer| {
        Ok(trainer.profile())
    })
    .unwrap();
    let trace: Value = serde_json::from_slice(&run.file("trace.json")).unwrap();
    let mut spans: Vec<(f64, f64, u64, String)> = trace["traceEvents"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|e| e["cat"] == "phase" && e["name"] != "save")
        .map(|e| {
            let number = |key: &str| e[key].as_f64().unwrap();
            (
                number("ts"),
                number("dur"),
                e["args"]["epoch"].as_u64().unwrap(),
                e["name"].to_string(),
            )
        })
        .collect();
    spans.sort_by(|a, b| a.0.total_cmp(&b.0));
    for pair in spans.windows(2) {
        assert!(pair[0].0 + pair[0].1 <= pair[1].0 + 0.01, "{pair:?}");
    }
    for (epoch, (_, phases)) in epochs(&run).into_iter().enumerate().take(1) {
        let traced: f64 = spans
            .iter()
            .filter(|s| s.2 == epoch as u64)
            .map(|s| s.1 / 1e6)
            .sum();
        let named: f64 = phases
            .iter()
            .filter(|(name, _)| *name != "other")
            .map(|(_, seconds)| seconds)
            .sum();
        assert!((traced - named).abs() < 0.01 * named, "{traced} {named}");
    }
}

/// A trainer that is not going to finish.
fn trainer(assignments: &[&str], runs: &std::path::Path) -> Trainer {
    let (cell, lock) = cell(assignments);
    let data = Prepared::shapes(&cell.recipe).unwrap();
    Trainer::new(
        Run::create(runs, &cell, &lock).unwrap(),
        data,
        Device::flex(),
    )
    .unwrap()
}

#[test]
fn a_schedule_has_as_many_kinds_of_epochs_as_cost_differently() {
    let runs = tempfile::tempdir().unwrap();
    let settings = [
        "epochs=20",
        "skip.audio=4",
        "skip.text=10",
        "modalities=audio,text,visual",
    ];
    let kinds = |method: &'static str| {
        let trainer = trainer(&[&settings[..], &[method]].concat(), runs.path());
        trainer
            .epoch_kinds()
            .into_iter()
            .map(|k| (k.active.len(), k.first, k.count))
            .collect::<Vec<_>>()
    };
    assert_eq!(kinds("method=naive"), [(3, 0, 20)]);
    // Epoch 0 all three; 10 text and visual; 4, 8, 12, 16 audio and visual; visual alone in the
    // others.
    assert_eq!(
        kinds("method=amst-alt"),
        [(3, 0, 1), (1, 1, 14), (2, 4, 4), (2, 10, 1)]
    );
}

#[test]
fn operations_are_those_of_what_is_read_and_trained() {
    let runs = tempfile::tempdir().unwrap();
    let of = |method: &str, execution: &str| {
        let settings = [
            format!("method={method}"),
            format!("skip.execution={execution}"),
        ];
        let trainer = trainer(&settings.each_ref().map(String::as_str), runs.path());
        trainer
            .epoch_kinds()
            .iter()
            .map(|kind| trainer.operations(kind))
            .collect::<Vec<_>>()
    };
    let (naive, fast, official) = (
        of("naive", "fast"),
        of("amst-alt", "fast"),
        of("amst-alt", "official"),
    );
    assert_eq!(naive[0], fast[0]);
    let recipe = cell(&[]).0.recipe;
    let forward = |m| recipe.forward_operations(m);
    let (audio, visual) = (
        forward(amst::Modality::Audio),
        forward(amst::Modality::Visual),
    );
    assert_eq!(fast, [3.0 * (audio + visual), 3.0 * visual]);
    assert_eq!(official, [3.0 * (audio + visual), audio + 3.0 * visual]);
    assert_eq!(of("amst-full", "fast")[1], 6.0 * visual);
}

#[test]
fn epochs_can_be_timed_in_any_order_on_shapes_alone() {
    let runs = tempfile::tempdir().unwrap();
    let timed = trainer(&["method=amst-alt"], runs.path())
        .time_epochs(&[1, 0])
        .unwrap();
    assert_eq!(
        timed.epochs.iter().map(|e| e.epoch).collect::<Vec<_>>(),
        [1, 0]
    );
    for epoch in &timed.epochs {
        let sum: f64 = epoch.phases.values().sum();
        assert!(
            (sum - epoch.seconds).abs() < 0.02 * epoch.seconds,
            "{epoch:?}"
        );
    }
    assert!(
        !timed.epochs[0].phases.contains_key("recalibrate")
            && timed.epochs[1].phases["recalibrate"] > 0.0
    );
    if cfg!(target_os = "linux") {
        assert!(
            timed.peak_mib.is_some_and(|mib| mib > 1.0),
            "{:?}",
            timed.peak_mib
        );
    }
}
