//! What a run may spend, other than epochs.

use amst_train::EventKind;

use crate::cells::{Finished, events, families, train, train_with};

const STEPS: usize = 6;

fn run(system: &[String], more: &[&str]) -> Finished {
    let runs = tempfile::tempdir().unwrap();
    let assignments: Vec<&str> = system
        .iter()
        .map(String::as_str)
        .chain(more.iter().copied())
        .collect();
    let mut finished = train(&assignments, runs.path()).unwrap();
    finished.seen = events(&finished.dir);
    finished
}

/// A method that trains less an epoch trains more epochs, and the step with which the budget is
/// gone is the last.
#[test]
fn a_budget_of_updates_is_what_naive_spends_whatever_the_method() {
    for system in families() {
        let finished = run(&system, &["budget.unit=updates"]);
        let result = &finished.result;
        let modalities = result.recipe.modalities.len();
        let naive = 2 * STEPS * modalities;
        let branches = if system[0] == "method=amst-full" {
            2
        } else {
            1
        };
        let of_a_step = branches * modalities;
        let spent = result.encoder_updates;
        assert!(
            (naive..naive + of_a_step).contains(&spent),
            "{system:?} spent {spent}, Naive {naive}"
        );
        let EventKind::Start { epochs, .. } = finished.seen[0].kind else {
            panic!("{:?}", finished.seen[0])
        };
        assert_eq!(epochs, result.epochs, "{system:?} was announced otherwise");
        for event in &finished.seen {
            if let EventKind::Epoch { epochs, .. } = event.kind {
                assert_eq!(epochs, result.epochs, "{system:?}");
            }
        }
    }
}

#[test]
fn under_a_budget_of_updates_skipping_buys_epochs_and_a_second_module_costs_them() {
    let epochs = |system: &[&str]| {
        let system: Vec<String> = system.iter().map(|a| a.to_string()).collect();
        run(&system, &["budget.unit=updates", "epochs=4"])
            .result
            .epochs
    };
    assert_eq!(epochs(&["method=naive"]), 4);
    // Of 48 updates audio takes six in every third epoch: 12, 6, 6, 12, 6, and six of 6.
    assert_eq!(epochs(&["method=amst-alt", "skip.audio=3"]), 6);
    assert_eq!(epochs(&["method=amst-full", "skip.audio=1"]), 2);
    let thirty = ["method=naive", "budget.amount=30"];
    assert_eq!(epochs(&thirty), 3, "12 updates an epoch");
}

/// 72 updates, two a step; the rate drops after four of six epochs, which is step 24.
#[test]
fn under_a_budget_of_updates_the_rate_drops_at_the_same_share_of_it() {
    let runs = tempfile::tempdir().unwrap();
    let log = runs.path().join("steps.jsonl");
    let assignments = ["method=naive", "epochs=6", "budget.unit=updates"];
    train_with(&assignments, runs.path(), |trainer| {
        Ok(trainer.log_steps(&log))
    })
    .unwrap();
    let text = std::fs::read_to_string(log).unwrap();
    let rate = |line: &str| {
        serde_json::from_str::<serde_json::Value>(line).unwrap()["lr"]
            .as_f64()
            .unwrap()
    };
    let rates: Vec<f64> = text.lines().map(rate).collect();
    assert_eq!(
        (rates.len(), rates.iter().position(|rate| *rate < 0.02)),
        (36, Some(24)),
        "{rates:?}"
    );
    assert!(
        rates[24..].iter().all(|rate| (rate - 0.002).abs() < 1e-12),
        "{rates:?}"
    );
}

/// Seconds are never the same; a budget that is gone at once leaves exactly one step.
#[test]
fn a_budget_of_seconds_stops_a_run_after_the_step_that_spends_it() {
    for system in families() {
        let result = run(
            &system,
            &["budget.unit=seconds", "budget.amount=1e-9", "epochs=50"],
        )
        .result;
        let branches = if system[0] == "method=amst-full" {
            2
        } else {
            1
        };
        let step = branches * result.recipe.modalities.len();
        assert_eq!(
            (result.epochs, result.encoder_updates),
            (1, step),
            "{system:?}"
        );
        assert!(result.test.outputs["fused"].loss.is_finite());
    }
}

/// The other side: a budget that is not gone goes on beyond `epochs`.
#[test]
fn a_budget_of_seconds_goes_on_as_long_as_there_are_some() {
    let naive = ["method=naive".to_string()];
    let few = run(
        &naive,
        &["budget.unit=seconds", "budget.amount=1.5", "epochs=1"],
    );
    let spent: f64 = few.seen.iter().map(seconds).sum();
    assert!(
        few.result.epochs > 1 && spent >= 1.5,
        "{} epochs in {spent} s",
        few.result.epochs
    );
}

fn seconds(event: &amst_train::Event) -> f64 {
    match event.kind {
        EventKind::Epoch { seconds, .. } => seconds,
        _ => 0.0,
    }
}
