//! A text encoder with frozen layers and dropout beside audio and pictures.

use std::collections::BTreeSet;

use amst::{Alternating, Execution, Full, Joint, JointMode, Method, Modality};
use amst_encoders::{AnyEncoder, RobertaConfig};
use burn::module::{Module, ModuleVisitor, Param, ParamId};
use burn::tensor::Tensor;

use crate::toy::{
    Audio, EMBED, Run, STEPS, Text, Values, Visual, assert_moved, assert_still, batch, device,
    normal, numbers, schedule, under,
};

const EPOCHS: usize = 4;
/// Places of the modalities in training order.
const TEXT: usize = 1;
const EVERY: &[(Modality, u32)] = &[(Audio, 3), (Text, 2), (Visual, 1)];

/// Half of its layers frozen, more dropout than is usual, and weights that matter to the embedding.
fn roberta(dropout_seed: u64) -> AnyEncoder {
    let config = RobertaConfig {
        hidden_dropout_prob: 0.2,
        attention_probs_dropout_prob: 0.2,
        initializer_range: 0.3,
        unfrozen_layers: Some(1),
        dropout_seed,
        ..RobertaConfig::small(10, EMBED, 2, 2, 3)
    };
    AnyEncoder::Roberta(config.init(&mut normal(5), &device()).unwrap())
}

/// The same initial weights in every branch; `seeds` are the branches' for dropout.
fn run(method: impl Method<AnyEncoder> + 'static, seeds: &[u64]) -> Run {
    let mut run = Run::new(method);
    assert_eq!(run.net.branches.len(), seeds.len());
    for (branch, seed) in run.net.branches.iter_mut().zip(seeds) {
        branch.encoders[TEXT] = roberta(*seed);
    }
    run
}

fn trained(method: impl Method<AnyEncoder> + 'static, seeds: &[u64]) -> Values {
    let mut run = run(method, seeds);
    (0..EPOCHS).for_each(|epoch| drop(run.epoch(epoch)));
    run.weights()
}

#[test]
fn what_dropout_takes_from_text_is_the_same_in_fast_and_in_official_execution() {
    let both = |of: &dyn Fn(Execution) -> Values| {
        let (fast, official) = (of(Execution::Fast), of(Execution::Official));
        assert_still(&official, &fast, "");
    };
    both(&|execution| trained(Alternating::new(schedule(EVERY), execution), &[1]));
    both(&|execution| trained(Joint::new(schedule(EVERY), execution), &[1]));
    for mode in [JointMode::Joint, JointMode::Alternating] {
        both(&|execution| trained(Full::new(schedule(EVERY), execution, mode), &[1, 2]));
    }
}

#[test]
fn evaluations_between_steps_change_nothing() {
    let method = || Alternating::new(schedule(EVERY), Execution::Fast);
    let plain = trained(method(), &[1]);
    let mut watched = run(method(), &[1]);
    let all = [Audio, Text, Visual];
    for (epoch, number) in
        (0..EPOCHS).flat_map(|epoch| (0..STEPS).map(move |number| (epoch, number)))
    {
        watched.step(epoch, number);
        watched
            .net
            .valid()
            .embed(&all, &batch(number, &all).inner());
        watched.net.embed(&all, &batch(number, &all));
    }
    // Looking at pictures on the training device moved their statistics, and no weight.
    assert_still(&plain, &watched.weights(), "");
}

#[test]
fn dropout_is_another_in_every_step_and_with_another_seed() {
    let first = |seed| trained(Joint::new(schedule(EVERY), Execution::Fast), &[seed]);
    assert_still(&first(1), &first(1), "");
    assert_moved(
        &first(1),
        &first(2),
        "branches.0.encoders.1.Roberta.m.encoder.layer.1.output",
    );
    // As the very first step, on the same batch.
    let embedding = |epoch, step| {
        let mut run = run(Joint::new(schedule(EVERY), Execution::Fast), &[1]);
        let report = run.step_at(epoch, step, &batch(0, &[Audio, Text, Visual]));
        numbers(report.embeddings[0][TEXT].clone().unwrap())
    };
    assert_eq!(embedding(0, 0), embedding(0, 0));
    assert_ne!(embedding(0, 0), embedding(0, 1));
    assert_ne!(embedding(0, 0), embedding(1, 0));
}

#[test]
fn the_two_modules_of_the_full_system_drop_differently_if_their_seeds_differ() {
    let first = |seeds: [u64; 2]| {
        let mut run = run(
            Full::new(schedule(EVERY), Execution::Fast, JointMode::Joint),
            &seeds,
        );
        let report = run.step(0, 0);
        report
            .embeddings
            .into_iter()
            .map(|of| numbers(of[TEXT].clone().unwrap()))
            .collect::<Vec<_>>()
    };
    let ([equal, same], [one, other]) = (pair(first([4, 4])), pair(first([4, 5])));
    assert_eq!(equal, same);
    assert_eq!(equal, one);
    assert_ne!(one, other);
}

fn pair(values: Vec<Vec<f32>>) -> [Vec<f32>; 2] {
    values.try_into().unwrap()
}

/// Ids of the parameters that a gradient is kept for, and of all.
#[derive(Default)]
struct Ids {
    trained: BTreeSet<ParamId>,
    all: BTreeSet<ParamId>,
}

impl ModuleVisitor for Ids {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.all.insert(param.id);
        if param.is_require_grad() {
            self.trained.insert(param.id);
        }
    }
}

#[test]
fn what_is_frozen_keeps_every_bit_and_takes_no_velocity() {
    let mut run = run(Alternating::new(schedule(EVERY), Execution::Fast), &[1]);
    let before = run.weights();
    for step in 0..10 {
        run.step(0, step);
    }
    let after = run.weights();
    let part = |name: &str| format!("branches.0.encoders.1.Roberta.m.{name}");
    for still in ["embeddings", "encoder.layer.0"] {
        assert_still(&before, &after, &part(still));
    }
    assert_moved(&before, &after, &part("encoder.layer.1"));

    let mut ids = Ids::default();
    run.net.branches[0].encoders[TEXT].visit(&mut ids);
    let (_, velocities) = run
        .optimiser
        .velocities(run.net.branches[0].encoders[TEXT].clone());
    let of_text: BTreeSet<ParamId> = velocities
        .into_iter()
        .filter(|id| ids.all.contains(id))
        .collect();
    assert_eq!(of_text, ids.trained);
    assert_eq!(of_text.len(), under(&after, &part("encoder.layer.1")).len());
    assert_eq!(of_text.len(), 16);
}
