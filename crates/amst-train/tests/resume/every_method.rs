//! Stopped after step k and started again: for every method, and a k that differs from one to the
//! next.

use std::collections::BTreeSet;

use amst::methods::built_in;
use amst_data::{Purpose, Stream};
use amst_recipe::MethodName;
use amst_train::{SaveEvery, TrainError};

use crate::cells::{cell, systems};
use crate::cut::{Left, Made, checkpoints, short};

const STEPS: usize = 9;

fn reference(settings: &[String]) -> Left {
    let runs = tempfile::tempdir().unwrap();
    let made = Made::new(settings, runs.path());
    made.train().unwrap();
    made.left()
}

/// Stops after each of these numbers of steps, counted from the start of each process.
fn resumed(settings: &[String], stops: &[usize], every: SaveEvery) -> Left {
    let runs = tempfile::tempdir().unwrap();
    for steps in stops {
        let made = Made::new(settings, runs.path())
            .every(every)
            .stopped_after(*steps);
        match made.train() {
            Err(TrainError::Interrupted { .. }) => assert!(!checkpoints(&made.dir()).is_empty()),
            Err(other) => panic!("{settings:?}: {other}"),
            // Early stopping may be done before.
            Ok(_) => return made.left(),
        }
    }
    let made = Made::new(settings, runs.path()).every(every);
    made.train().unwrap();
    made.left()
}

/// The registry decides what is tested: a new method is in it the day it is added.
fn every_system_ends_as_if_it_had_never_been_stopped(which: impl Fn(usize) -> bool) {
    let mut methods = BTreeSet::new();
    for (number, system) in systems()
        .into_iter()
        .enumerate()
        .filter(|(number, _)| which(*number))
    {
        let settings = short(&system.iter().map(String::as_str).collect::<Vec<_>>());
        let mut stream = Stream::new(1, Purpose::Noise, 0, number as u64);
        let mut k = || 1 + (stream.unit() * (STEPS - 1) as f64) as usize;
        let whole = reference(&settings);
        // Once, or twice with checkpoints after every second step besides: each method has both,
        // with two modalities and with three.
        let (stops, every) = match (number / 2 + number).is_multiple_of(2) {
            true => (vec![k()], SaveEvery::Never),
            false => (vec![k().min(STEPS - 2), 1], SaveEvery::Steps(2)),
        };
        resumed(&settings, &stops, every)
            .assert_is(&whole, &format!("{system:?} stopped after {stops:?}"));
        methods.insert(
            cell(&settings.iter().map(String::as_str).collect::<Vec<_>>())
                .0
                .recipe
                .method,
        );
    }
    assert!(methods.len() > built_in().all().len() / 2, "{methods:?}");
}

#[test]
fn every_method_ends_as_if_it_had_never_been_stopped() {
    // Two modalities here, three below: between the two tests, everything.
    every_system_ends_as_if_it_had_never_been_stopped(|number| number.is_multiple_of(2));
}

#[test]
fn so_it_does_with_three_modalities() {
    every_system_ends_as_if_it_had_never_been_stopped(|number| !number.is_multiple_of(2));
}

#[test]
fn both_tests_together_leave_no_method_out() {
    let of = |system: &Vec<String>| {
        cell(&system.iter().map(String::as_str).collect::<Vec<_>>())
            .0
            .recipe
            .method
    };
    let methods: BTreeSet<_> = systems().iter().map(of).collect();
    assert_eq!(
        methods,
        built_in()
            .names()
            .map(MethodName::from)
            .collect::<BTreeSet<_>>()
    );
}

/// One k after the other, for what has the most to remember: skipping with recalibration, probes,
/// precise BatchNorm, prototypes, projections, kept encoders, and budgets that end within an epoch.
#[test]
fn any_step_will_do() {
    let systems: [(&[&str], &[usize]); 7] = [
        (
            &["method=amst-full", "probes=true", "epochs=2"],
            &[1, 2, 3, 4, 5, 6],
        ),
        (
            &[
                "method=amst-full",
                "skip.audio=auto",
                "skip.visual=batches 2",
                "skip.auto.rule=accuracy-gap",
                "skip.auto.accuracy_gap.rest_at=-1",
                "skip.auto.accuracy_gap.train_at=-2",
                "skip.auto.warm_up=0",
                "epochs=4",
            ],
            &[1, 4, 5, 8, 10],
        ),
        (
            &[
                "method=early-stopping",
                "stopping.patience=1",
                "stopping.restore=true",
                "optim.lr=0.3",
                "epochs=4",
            ],
            &[2, 3, 5, 6, 8],
        ),
        (
            &[
                "method=mla",
                "mla.fusion=entropy",
                "mla.modification=rls",
                "precise_bn=1",
                "epochs=2",
            ],
            &[1, 3, 5],
        ),
        (
            &[
                "method=mslr",
                "mslr.strategy=dynamic-amst",
                "mslr.window=2",
                "epochs=5",
            ],
            &[7, 10],
        ),
        (
            &[
                "method=amst-alt",
                "budget.unit=updates",
                "budget.amount=7",
                "epochs=2",
            ],
            &[1, 2, 3, 4, 5],
        ),
        (
            &[
                "method=gradient-blending",
                "blending.super_epoch=2",
                "epochs=2",
            ],
            &[2, 3, 4],
        ),
    ];
    for (system, steps) in systems {
        let settings = short(system);
        let whole = reference(&settings);
        for k in steps {
            resumed(&settings, &[*k], SaveEvery::Never)
                .assert_is(&whole, &format!("{system:?} stopped after {k}"));
        }
    }
}

#[test]
fn a_run_that_is_stopped_after_every_single_step_gets_there_all_the_same() {
    let settings = short(&["method=pmr", "epochs=2"]);
    let stops = [1; 6];
    resumed(&settings, &stops, SaveEvery::Never)
        .assert_is(&reference(&settings), "stopped after every step");
}
