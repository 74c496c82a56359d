//! The order of modalities within a batch (Algorithm 1, line 4).

use amst::{Alternating, Execution, cross_entropy};

use crate::toy::{Audio, Run, Text, Visual, batch, schedule};

/// However the schedule is written, and with any number of modalities.
#[test]
fn modalities_take_turns_in_alphabetical_order() {
    for every in [
        [(Visual, 1), (Audio, 1), (Text, 1)],
        [(Text, 1), (Visual, 1), (Audio, 1)],
    ] {
        let mut run = Run::new(Alternating::new(schedule(&every), Execution::Fast));
        let report = run.step(0, 0);
        let names: Vec<_> = report
            .losses
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        assert_eq!(names, ["audio", "text", "visual"]);
    }
}

/// The first loss is that of the head as the batch found it; the later ones are of a head
/// that others have moved, and so differ from the training metrics, which are of before.
#[test]
fn each_modality_learns_from_the_head_that_the_one_before_it_left() {
    let mut run = Run::new(Alternating::new(
        schedule(&[(Audio, 1), (Text, 1), (Visual, 1)]),
        Execution::Fast,
    ));
    let report = run.step(0, 0);
    let labels = batch(0, &[]).labels;
    let before = |name: &str| {
        cross_entropy(report.outputs.get(name).unwrap().clone(), &labels).into_scalar::<f32>()
    };
    for (turn, (name, loss)) in report.losses.iter().enumerate() {
        assert_eq!(
            before(name) == *loss,
            turn == 0,
            "{name}: {loss}, before the step {}",
            before(name)
        );
    }
}

#[test]
fn training_metrics_are_those_of_the_network_before_the_step() {
    let mut run = Run::new(Alternating::new(
        schedule(&[(Audio, 1), (Visual, 1)]),
        Execution::Fast,
    ));
    let batch = batch(0, &[Audio, Visual]);
    let embeddings = run.net.embed(&[Audio, Visual], &batch);
    let before = run.method.outputs(&run.net, &embeddings);
    let report = run.step(0, 0);
    for name in ["audio", "visual", "fused"] {
        let of = |outputs: &amst::Outputs| crate::toy::numbers(outputs.get(name).unwrap().clone());
        assert_eq!(of(&before), of(&report.outputs), "{name}");
    }
}

#[test]
fn fused_training_logits_exist_only_where_every_modality_was_forwarded() {
    let run = |execution| {
        let mut run = Run::new(Alternating::new(
            schedule(&[(Audio, 2), (Visual, 1)]),
            execution,
        ));
        run.epoch(0);
        run.step(1, 0).outputs.fused().is_some()
    };
    assert!(run(Execution::Official));
    assert!(!run(Execution::Fast));
}
