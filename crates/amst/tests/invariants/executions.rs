//! Fast against official execution, over six epochs with skips of 3, 2 and 1.

use amst::{Alternating, Execution, Full, Joint, JointMode, Method, Modality, recalibrate};
use amst_encoders::AnyEncoder;

use crate::toy::{Audio, Run, STEPS, Text, Visual, assert_moved, assert_still, batch, schedule};

const EPOCHS: usize = 6;
const TWO: &[(Modality, u32)] = &[(Audio, 3), (Visual, 1)];
const THREE: &[(Modality, u32)] = &[(Audio, 3), (Text, 2), (Visual, 1)];

/// Trains as the trainer does: in fast execution the skippable modalities re-read the epoch.
fn trained(method: impl Method<AnyEncoder> + 'static, execution: Execution) -> Run {
    let mut run = Run::new(method);
    for epoch in 0..EPOCHS {
        run.epoch(epoch);
        if execution == Execution::Fast {
            recalibrate_epoch(&run, epoch);
        }
    }
    run
}

fn recalibrate_epoch(run: &Run, epoch: usize) {
    for number in 0..STEPS {
        let batch = batch(epoch * STEPS + number, &run.plan(epoch).recalibrates);
        recalibrate(&run.net, run.modalities(), &batch);
    }
}

/// All weights are bit-equal, visual's statistics too, and audio's, which was skipped, differ.
fn assert_same_training(fast: Run, official: Run) {
    assert_still(&official.weights(), &fast.weights(), "");
    let visual = fast.modalities().len() - 1;
    for branch in 0..fast.net.branches.len() {
        let of = |index: usize| format!("branches.{branch}.encoders.{index}.");
        assert_still(&official.statistics(), &fast.statistics(), &of(visual));
        assert_moved(&official.statistics(), &fast.statistics(), &of(0));
    }
}

#[test]
fn fast_and_official_execution_train_the_same_alternating_module_bit_for_bit() {
    for every in [TWO, THREE] {
        let run = |execution| trained(Alternating::new(schedule(every), execution), execution);
        assert_same_training(run(Execution::Fast), run(Execution::Official));
    }
}

#[test]
fn fast_and_official_execution_train_the_same_joint_module_bit_for_bit() {
    for every in [TWO, THREE] {
        let run = |execution| trained(Joint::new(schedule(every), execution), execution);
        assert_same_training(run(Execution::Fast), run(Execution::Official));
    }
}

#[test]
fn fast_and_official_execution_train_the_same_full_system_bit_for_bit() {
    for mode in [JointMode::Joint, JointMode::Alternating] {
        let run = |execution| trained(Full::new(schedule(THREE), execution, mode), execution);
        assert_same_training(run(Execution::Fast), run(Execution::Official));
    }
}

#[test]
fn the_executions_are_one_and_the_same_where_nothing_is_skipped() {
    for execution_free in [
        &[(Audio, 1), (Visual, 1)][..],
        &[(Audio, 1), (Text, 1), (Visual, 1)],
    ] {
        let run = |execution| {
            trained(
                Alternating::new(schedule(execution_free), execution),
                execution,
            )
        };
        let (fast, official) = (run(Execution::Fast), run(Execution::Official));
        assert_still(&official.weights(), &fast.weights(), "");
        assert_still(&official.statistics(), &fast.statistics(), "");
    }
}

#[test]
fn the_full_system_holds_the_two_modules_as_they_would_train_alone() {
    let full = trained(
        Full::new(schedule(TWO), Execution::Fast, JointMode::Joint),
        Execution::Fast,
    );
    let mut alternating = Run::new(Alternating::new(schedule(TWO), Execution::Fast));
    let mut joint = Run::new(Joint::new(schedule(TWO), Execution::Fast));
    let mut start = Run::new(Full::new(schedule(TWO), Execution::Fast, JointMode::Joint));
    let [first, second] = <[_; 2]>::try_from(std::mem::take(&mut start.net.branches)).unwrap();
    alternating.net.branches = vec![first];
    joint.net.branches = vec![second];
    for epoch in 0..EPOCHS {
        for run in [&mut alternating, &mut joint] {
            run.epoch(epoch);
            recalibrate_epoch(run, epoch);
        }
    }
    for (branch, alone) in [(0, alternating), (1, joint)] {
        for (name, value) in alone.weights() {
            let in_full = name.replacen("branches.0", &format!("branches.{branch}"), 1);
            assert_eq!(value, full.weights()[&in_full], "{in_full}");
        }
    }
}
