//! Recalibration forwards in training mode and leaves everything but statistics as it was.

use amst::{Alternating, Execution, Skipping, cross_entropy, recalibrate};
use amst_encoders::Encoder;
use burn::module::{ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor};

use crate::toy::{Audio, Run, Visual, assert_moved, assert_still, batch, schedule};

const AUDIO: &str = "branches.0.encoders.0.";
const VISUAL: &str = "branches.0.encoders.1.";

fn run() -> Run {
    let mut run = Run::new(Alternating::new(
        schedule(&[(Audio, 2), (Visual, 1)]),
        Execution::Fast,
    ));
    run.epoch(0);
    run
}

fn recalibrate_audio(run: &Run) {
    recalibrate(&run.net, &[Audio, Visual], &batch(1, &[Audio]));
}

/// The encoder that reads is a clone; what it learns about the data must reach the network.
#[test]
fn recalibration_moves_the_statistics_of_the_network_and_of_that_modality_alone() {
    let run = run();
    let before = run.statistics();
    recalibrate_audio(&run);
    assert_moved(&before, &run.statistics(), AUDIO);
    assert_still(&before, &run.statistics(), VISUAL);
}

#[test]
fn recalibration_brings_statistics_to_those_of_the_batch_it_reads() {
    let run = run();
    (0..200).for_each(|_| recalibrate_audio(&run));
    let before = run.statistics();
    recalibrate_audio(&run);
    for (name, value) in crate::toy::under(&run.statistics(), AUDIO) {
        let apart = crate::toy::largest_difference(&value, &before[&name]);
        assert!(
            apart < 1e-5,
            "{name} still moves by {apart} after 200 reads of one batch"
        );
    }
}

#[test]
fn recalibration_moves_no_weight_and_changes_no_later_step() {
    let (mut with, mut without) = (run(), run());
    let before = with.weights();
    recalibrate_audio(&with);
    assert_still(&before, &with.weights(), "");
    for epoch in 1..3 {
        with.epoch(epoch);
        without.epoch(epoch);
    }
    assert_still(&without.weights(), &with.weights(), "");
}

#[test]
fn a_modality_that_was_not_loaded_is_left_alone() {
    let run = run();
    let before = run.statistics();
    recalibrate(&run.net, &[Audio, Visual], &batch(1, &[Visual]));
    assert_still(&before, &run.statistics(), AUDIO);
    assert_moved(&before, &run.statistics(), VISUAL);
}

/// Counts the parameters that a loss reaches.
struct Reached<'a>(&'a Gradients, usize);

impl ModuleVisitor for Reached<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.1 += param.val().grad(self.0).is_some() as usize;
    }
}

fn reached(encoder: &impl Encoder, gradients: &Gradients) -> usize {
    let mut count = Reached(gradients, 0);
    encoder.visit(&mut count);
    count.1
}

/// It gives no gradient itself, and does not keep the network from getting gradients later.
#[test]
fn recalibration_leaves_no_gradient_and_takes_none_away() {
    let run = run();
    recalibrate_audio(&run);
    let (audio, visual) = (
        &run.net.branches[0].encoders[0],
        &run.net.branches[0].encoders[1],
    );
    let read = batch(1, &[Audio, Visual]);
    let loss = |encoder: &amst_encoders::AnyEncoder, modality| {
        cross_entropy(
            run.net.branches[0]
                .head
                .modality(0, encoder.embed(&read.inputs[&modality])),
            &read.labels,
        )
    };
    let of_visual = loss(visual, Visual).backward();
    assert_eq!(reached(audio, &of_visual), 0);
    assert!(reached(visual, &of_visual) > 0);
    let of_audio = loss(audio, Audio).backward();
    assert_eq!(reached(audio, &of_audio), reached(visual, &of_visual));
}

#[test]
fn what_was_trained_and_will_be_skipped_is_recalibrated() {
    let schedule = schedule(&[(Audio, 3), (Visual, 1)]);
    let fast = Skipping::new(schedule.clone(), Execution::Fast);
    assert_eq!(
        (fast.plan(0).recalibrates, fast.plan(1).recalibrates),
        (vec![Audio], vec![])
    );
    let official = Skipping::new(schedule, Execution::Official);
    assert!(official.plan(0).recalibrates.is_empty());
}
