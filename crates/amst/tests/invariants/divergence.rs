//! A loss that is NaN is reported and moves nothing.

use amst::{Alternating, Execution, Full, Joint, JointMode, Method};
use amst_encoders::{AnyEncoder, Input};

use crate::toy::{Audio, Run, Visual, assert_still, batch, schedule};

fn survives_a_broken_batch(method: impl Method<AnyEncoder> + 'static) {
    let mut run = Run::new(method);
    run.epoch(0);
    let mut broken = batch(9, &[Audio, Visual]);
    for input in broken.inputs.values_mut() {
        match input {
            Input::Map(x) => *x = x.clone().mul_scalar(f32::NAN),
            Input::Frames(x) => *x = x.clone().mul_scalar(f32::NAN),
            Input::Tokens { .. } => unreachable!("no text is loaded"),
        }
    }
    let before = run.weights();
    let report = run.step_on(1, &broken);
    assert!(
        !report.losses.is_empty() && report.losses.iter().all(|(_, loss)| loss.is_nan()),
        "{:?}",
        report.losses
    );
    assert_still(&before, &run.weights(), "");
}

#[test]
fn the_alternating_module_stays_as_it_was() {
    let schedule = schedule(&[(Audio, 1), (Visual, 1)]);
    survives_a_broken_batch(Alternating::new(schedule, Execution::Fast));
}

#[test]
fn the_joint_module_stays_as_it_was() {
    let schedule = schedule(&[(Audio, 1), (Visual, 1)]);
    survives_a_broken_batch(Joint::new(schedule, Execution::Fast));
}

#[test]
fn both_modules_stay_as_they_were() {
    let schedule = schedule(&[(Audio, 1), (Visual, 1)]);
    survives_a_broken_batch(Full::new(schedule, Execution::Fast, JointMode::Joint));
}
