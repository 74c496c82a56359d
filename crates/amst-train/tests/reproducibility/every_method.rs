//! What a run of every method writes.

use std::collections::BTreeSet;

use amst::methods::built_in;
use amst_recipe::{CellResult, MethodName, OutputMetrics, Recipe};
use amst_train::EventKind;

use crate::cells::{KEPT, cell, events, systems, train, train_to_weights};

const STEPS: usize = 6;
const CLASSES: usize = 4;

fn finite(metrics: &OutputMetrics) -> bool {
    let m = metrics;
    let all = [
        m.loss,
        m.accuracy,
        m.confidence,
        m.macro_f1,
        m.true_probability,
        m.entropy,
    ];
    all.iter()
        .chain(&m.class_entropy)
        .all(|number| number.is_finite())
}

/// `fused` and each modality; the full system has two branches of those.
fn outputs(recipe: &Recipe) -> BTreeSet<String> {
    let of = |branch: &str| {
        let modalities = recipe.modalities.iter().map(|m| m.to_string());
        modalities
            .chain(["fused".into()])
            .map(|name| format!("{branch}{name}"))
            .collect::<Vec<_>>()
    };
    match recipe.method.name() {
        "amst-full" => [of("alt."), of("joint."), vec!["fused".into()]]
            .concat()
            .into_iter()
            .collect(),
        _ => of("").into_iter().collect(),
    }
}

fn is_trimodal(system: &[String]) -> bool {
    system
        .iter()
        .any(|assignment| assignment == "modalities=audio,text,visual")
}

#[test]
fn every_method_trains_to_finite_numbers_and_every_time_to_the_same() {
    let trained: BTreeSet<MethodName> = systems()
        .iter()
        .filter(|system| !is_trimodal(system))
        .map(|system| trained_twice(system))
        .collect();
    assert_eq!(
        trained,
        built_in()
            .names()
            .map(MethodName::from)
            .collect::<BTreeSet<_>>()
    );
}

#[test]
fn so_it_does_with_three_modalities() {
    let trained: BTreeSet<MethodName> = systems()
        .iter()
        .filter(|system| is_trimodal(system))
        .map(|system| trained_twice(system))
        .collect();
    // Each but unimodal. MLA and MSLR are here as cells of their own.
    let all = built_in().names().map(MethodName::from);
    assert_eq!(trained, all.skip(1).collect::<BTreeSet<_>>());
}

/// Trains a cell twice: result, predictions and weights are equal to the byte. Its method.
fn trained_twice(system: &[String]) -> MethodName {
    let assignments: Vec<&str> = system.iter().map(String::as_str).collect();
    let [(_a, (first, weights)), (_b, (second, again))] = [(); 2].map(|()| {
        let runs = tempfile::tempdir().unwrap();
        let trained = train_to_weights(&assignments, runs.path());
        (runs, trained)
    });
    for name in KEPT {
        assert!(
            first.file(name) == second.file(name),
            "{system:?}: {name} differs"
        );
    }
    assert!(
        !weights.is_empty() && weights == again,
        "{system:?}: weights differ"
    );
    check_result(&first.result, system);
    check_epochs(&first.dir);
    first.result.recipe.method.clone()
}

fn check_result(result: &CellResult, system: &[String]) {
    let names: BTreeSet<String> = result.test.outputs.keys().cloned().collect();
    assert_eq!(names, outputs(&result.recipe), "{system:?}");
    for (name, metrics) in &result.test.outputs {
        assert!(finite(metrics), "{system:?} {name}: {metrics:?}");
        assert_eq!(metrics.class_entropy.len(), CLASSES, "{system:?} {name}");
    }
    assert!(
        result.last_train_loss.values().all(|loss| loss.is_finite()),
        "{system:?}"
    );
    assert!(
        result.last_train_loss.contains_key("fused"),
        "{system:?}: {:?}",
        result.last_train_loss
    );
    assert_eq!(
        result.balance.is_empty(),
        result.recipe.modalities.len() < 2,
        "{system:?}"
    );
    assert!(
        result.balance.values().all(|number| number.is_finite()),
        "{system:?}"
    );
    check_updates(&result.recipe, result.epochs, result.encoder_updates);
}

/// Audio trains in epoch 0 only where there is a schedule, everything else in both.
fn check_updates(recipe: &Recipe, epochs: usize, updates: usize) {
    let branches = if recipe.method == "amst-full" { 2 } else { 1 };
    let skipped = if cell_skips(recipe) { 1 } else { 0 };
    let expected = branches * STEPS * (2 * recipe.modalities.len() - skipped);
    assert_eq!((epochs, updates), (2, expected), "{}", recipe.method.name());
}

fn cell_skips(recipe: &Recipe) -> bool {
    recipe
        .modalities
        .iter()
        .any(|m| !recipe.skip.of(*m).is_always())
}

/// Training and validation metrics of each epoch, of what was trained and of everything.
fn check_epochs(dir: &std::path::Path) {
    let mut epochs = 0;
    for event in events(dir) {
        if let EventKind::Epoch {
            train, val, active, ..
        } = event.kind
        {
            assert!(
                train.values().chain(val.values()).all(finite),
                "{}",
                dir.display()
            );
            assert!(
                !active.is_empty() && !train.is_empty() && val.len() >= train.len(),
                "{}",
                dir.display()
            );
            epochs += 1;
        }
    }
    assert_eq!(epochs, 2);
}

/// One modality of two stops for good; its validation loss is reported all the same.
#[test]
fn early_stopping_ends_when_everything_has_stopped() {
    let runs = tempfile::tempdir().unwrap();
    let finished = train(
        &[
            "method=early-stopping",
            "stopping.patience=1",
            "epochs=40",
            "optim.lr=0.3",
        ],
        runs.path(),
    )
    .unwrap();
    let epochs = finished.result.epochs;
    assert!(epochs < 40, "nothing stopped in {epochs} epochs");
    let mut before = 2;
    for event in events(&finished.dir) {
        if let EventKind::Epoch { active, val, .. } = event.kind {
            assert!(
                !active.is_empty() && active.len() <= before,
                "what stopped came back"
            );
            before = active.len();
            assert_eq!(val.len(), 3);
        }
    }
    assert!(finished.result.encoder_updates < 2 * STEPS * epochs || before == 2);
}

#[test]
fn a_cell_of_every_system_is_its_own() {
    let of = |system: &Vec<String>| cell(&system.iter().map(String::as_str).collect::<Vec<_>>()).0;
    let cells: BTreeSet<_> = systems().iter().map(|system| of(system).id).collect();
    // MLA with its defaults is the alternating module that never skips; `amst-alt` skips here.
    assert_eq!(cells.len(), systems().len());
}
