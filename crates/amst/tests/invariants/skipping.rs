//! Epoch 1 is a skip epoch of audio (s = 2); visual trains always.

use amst::{
    Alternating, AutoSpec, EpochScores, Execution, Full, Joint, JointMode, Method,
    ModalitySchedule, Score, Scores, SkipSchedule, StepNumber, StepReport,
};
use amst_encoders::AnyEncoder;
use burn::module::Module;
use proptest::prelude::*;

use crate::toy::{Audio, OPTIM, Run, STEPS, Visual, assert_moved, assert_still, schedule, under};

const EXECUTIONS: [Execution; 2] = [Execution::Fast, Execution::Official];
const AUDIO: &str = "branches.0.encoders.0.";
const VISUAL: &str = "branches.0.encoders.1.";

fn alternating(execution: Execution) -> Alternating {
    Alternating::new(schedule(&[(Audio, 2), (Visual, 1)]), execution)
}

fn joint(execution: Execution) -> Joint {
    Joint::new(schedule(&[(Audio, 2), (Visual, 1)]), execution)
}

fn full(execution: Execution, mode: JointMode) -> Full {
    Full::new(schedule(&[(Audio, 2), (Visual, 1)]), execution, mode)
}

/// A run after its first epoch, in which everything trains and gets a velocity.
fn warmed(method: impl Method<AnyEncoder> + 'static) -> Run {
    let mut run = Run::new(method);
    run.epoch(0);
    run
}

#[test]
fn the_skipped_encoder_of_the_alternating_module_is_frozen_and_the_shared_head_is_not() {
    for execution in EXECUTIONS {
        let mut run = warmed(alternating(execution));
        let before = run.weights();
        run.epoch(1);
        let after = run.weights();
        assert_still(&before, &after, AUDIO);
        assert_moved(&before, &after, VISUAL);
        assert_moved(&before, &after, "branches.0.head.");
    }
}

#[test]
fn the_skipped_encoder_of_the_joint_module_is_frozen_with_its_block_of_the_head() {
    for execution in EXECUTIONS {
        let mut run = warmed(joint(execution));
        let before = run.weights();
        run.epoch(1);
        let after = run.weights();
        assert_still(&before, &after, AUDIO);
        assert_still(&before, &after, "branches.0.head.Concat.blocks.0.");
        assert_moved(&before, &after, VISUAL);
        assert_moved(&before, &after, "branches.0.head.Concat.blocks.1.");
        assert_moved(&before, &after, "branches.0.head.Concat.bias");
    }
}

#[test]
fn both_modules_of_the_full_system_freeze_the_skipped_encoder_in_either_joint_mode() {
    for execution in EXECUTIONS {
        for mode in [JointMode::Joint, JointMode::Alternating] {
            let mut run = warmed(full(execution, mode));
            let before = run.weights();
            run.epoch(1);
            let after = run.weights();
            for still in [
                "branches.0.encoders.0.",
                "branches.1.encoders.0.",
                "branches.1.head.Concat.blocks.0.",
            ] {
                assert_still(&before, &after, still);
            }
            for moved in [
                "branches.0.encoders.1.",
                "branches.1.encoders.1.",
                "branches.0.head.",
            ] {
                assert_moved(&before, &after, moved);
            }
        }
    }
}

#[test]
fn a_skipped_modalitys_statistics_move_in_official_and_not_in_fast_execution() {
    let mut run = warmed(alternating(Execution::Official));
    let before = run.statistics();
    run.epoch(1);
    assert_moved(&before, &run.statistics(), AUDIO);

    let mut run = warmed(alternating(Execution::Fast));
    let before = run.statistics();
    run.epoch(1);
    assert_still(&before, &run.statistics(), AUDIO);
    assert_moved(&before, &run.statistics(), VISUAL);
}

#[test]
fn nothing_moves_in_an_epoch_in_which_nothing_is_active() {
    let every = [(Audio, 2), (Visual, 2)];
    let methods: [Box<dyn Fn() -> Run>; 2] = [
        Box::new(move || warmed(Alternating::new(schedule(&every), Execution::Official))),
        Box::new(move || warmed(Joint::new(schedule(&every), Execution::Official))),
    ];
    for warmed in methods {
        let mut run = warmed();
        let before = run.weights();
        let reports = run.epoch(1);
        assert!(reports.iter().all(|report| report.losses.is_empty()));
        assert_still(&before, &run.weights(), "");
    }
}

/// SGD's first step is `-lr v` with the velocity v of step one; the step after a pause adds
/// `-lr 0.9 v` to what an optimiser without a past would do. Had the pause worn the velocity
/// down by one more factor of 0.9, or lost it, the difference would be 10 % or 100 % off.
#[test]
fn the_velocity_of_a_skipped_encoder_waits_unchanged() {
    for execution in EXECUTIONS {
        let mut run = Run::new(alternating(execution));
        let initial = run.weights();
        run.step(0, 0);
        let first = run.weights();
        run.epoch(1);
        let paused = run.net.valid();
        run.step(2, 0);
        let mut fresh = Run::new(alternating(execution));
        fresh.net = paused.train();
        fresh.step(2, 0);
        let (with_past, without) = (run.weights(), fresh.weights());
        for (name, initial) in under(&initial, AUDIO) {
            for (i, initial) in initial.iter().enumerate() {
                let carried = with_past[&name][i] - without[&name][i];
                let expected = OPTIM.momentum as f32 * (first[&name][i] - initial);
                assert!(
                    (carried - expected).abs() < 1e-6,
                    "{name} carried {carried}, expected {expected}"
                );
            }
        }
    }
}

#[test]
fn a_skipped_modality_reports_no_loss() {
    let losses = |report: StepReport| {
        report
            .losses
            .into_iter()
            .map(|(name, _)| name)
            .collect::<Vec<_>>()
    };
    for execution in EXECUTIONS {
        assert_eq!(
            losses(warmed(alternating(execution)).step(1, 0)),
            ["visual"]
        );
        assert_eq!(losses(warmed(joint(execution)).step(1, 0)), ["fused"]);
        let full = losses(warmed(full(execution, JointMode::Joint)).step(1, 0));
        assert_eq!(full, ["alt.visual", "joint.fused"]);
    }
}

#[test]
fn fast_execution_asks_only_for_what_trains() {
    let loads = |execution, epoch| Run::new(alternating(execution)).plan(epoch).reads;
    assert_eq!(loads(Execution::Fast, 0), [Audio, Visual]);
    assert_eq!(loads(Execution::Fast, 1), [Visual]);
    assert_eq!(loads(Execution::Official, 1), [Audio, Visual]);
}

fn schedules() -> impl Strategy<Value = ModalitySchedule> {
    let window = (0usize..3, 1usize..4).prop_map(|(from, length)| ModalitySchedule::Window {
        from,
        to: from + length,
    });
    let list = proptest::collection::btree_set(0usize..4, 1..4)
        .prop_map(|epochs| ModalitySchedule::Epochs(epochs.into_iter().collect()));
    prop_oneof![
        (2u32..4).prop_map(ModalitySchedule::Every),
        (2u32..5).prop_map(ModalitySchedule::EveryBatch),
        window,
        list,
        Just(ModalitySchedule::Never),
        Just(ModalitySchedule::Auto),
    ]
}

fn methods() -> impl Strategy<Value = usize> {
    0usize..3
}

fn method(number: usize, schedule: SkipSchedule, execution: Execution) -> Run {
    match number {
        0 => Run::new(Alternating::new(schedule, execution)),
        1 => Run::new(Joint::new(schedule, execution)),
        _ => Run::new(Full::new(schedule, execution, JointMode::Joint)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever decides it, and whether it is forwarded or not.
    #[test]
    fn weights_and_velocities_of_a_resting_encoder_stay_to_the_bit(
        of_audio in schedules(),
        number in methods(),
        official in any::<bool>(),
    ) {
        let execution = if official { Execution::Official } else { Execution::Fast };
        let both = [(Audio, of_audio), (Visual, ModalitySchedule::Every(1))];
        let auto = AutoSpec { warm_up: 0, ..AutoSpec::default() };
        let schedule = SkipSchedule::new(&both, 0).unwrap().with_auto(&auto);
        let mut run = method(number, schedule, execution);
        let mut rested = 0;
        for epoch in 0..4 {
            let plan = run.plan(epoch);
            for step in 0..STEPS {
                let trains = plan.at_step(StepNumber { step, steps: STEPS }).trains(Audio);
                let (weights_before, velocities_before) = (run.weights(), run.velocities());
                run.step(epoch, step);
                if !trains {
                    rested += 1;
                    let velocities = run.velocities();
                    for branch in 0..run.net.branches.len() {
                        let encoder = format!("branches.{branch}.encoders.0.");
                        assert_still(&weights_before, &run.weights(), &encoder);
                        assert_still(&velocities_before, &velocities, &encoder);
                    }
                }
            }
            let scores = [("audio", 0.9), ("visual", 0.5)].map(|(name, accuracy)| {
                (name.to_string(), Score { loss: 1.0 - accuracy, accuracy })
            });
            let scores = scores.into_iter().flat_map(|(name, score)| {
                ["", "alt.", "joint."].map(|branch| (format!("{branch}{name}"), score))
            });
            let scores: Scores = scores.collect();
            let scores = EpochScores { training: scores.clone(), validation: scores };
            run.end_epoch(epoch, &scores);
        }
        prop_assert!(rested > 0, "this schedule trains audio always");
    }
}
