//! What a method says when modalities are missing for good.

use amst::{Alternating, Execution, Full, Joint, JointMode, Modality, Outputs};
use burn::tensor::Tensor;

use crate::toy::{Audio, Run, Text, Visual, batch, largest_difference, numbers, schedule};

const ALL: [Modality; 3] = [Audio, Text, Visual];

fn runs() -> [Run; 3] {
    let every = || schedule(&ALL.map(|m| (m, 1)));
    [
        Run::new(Alternating::new(every(), Execution::Fast)),
        Run::new(Joint::new(every(), Execution::Fast)),
        Run::new(Full::new(every(), Execution::Fast, JointMode::Joint)),
    ]
}

/// The outputs of a run that is given these modalities only.
fn outputs(run: &Run, there: &[Modality]) -> Outputs {
    run.method
        .outputs_of_present(&run.net, &run.net.embed(&ALL, &batch(0, there)))
}

fn of(outputs: &Outputs, name: &str) -> Tensor<2> {
    outputs
        .get(name)
        .unwrap_or_else(|| panic!("{name}"))
        .clone()
}

fn close(got: Tensor<2>, want: Tensor<2>) {
    let apart = largest_difference(&numbers(got), &numbers(want));
    assert!(apart < 1e-5, "{apart}");
}

#[test]
fn with_nothing_missing_every_bit_is_as_in_an_evaluation() {
    for run in runs() {
        let evaluated = run
            .method
            .outputs(&run.net, &run.net.embed(&ALL, &batch(0, &ALL)));
        let there = outputs(&run, &ALL);
        let bits = |outputs: &Outputs| -> Vec<(String, Vec<u32>)> {
            let bits = |logits: &Tensor<2>| {
                numbers(logits.clone())
                    .into_iter()
                    .map(f32::to_bits)
                    .collect()
            };
            outputs
                .iter()
                .map(|(name, logits)| (name.into(), bits(logits)))
                .collect()
        };
        assert!(bits(&evaluated) == bits(&there));
    }
}

#[test]
fn a_modality_has_the_same_logits_beside_others_and_a_missing_one_has_none() {
    for run in runs() {
        let (all, two) = (outputs(&run, &ALL), outputs(&run, &[Audio, Visual]));
        let alone: Vec<&str> = two
            .iter()
            .map(|(name, _)| name)
            .filter(|name| !name.ends_with("fused"))
            .collect();
        for name in &alone {
            assert!(!name.ends_with("text"));
            assert_eq!(numbers(of(&two, name)), numbers(of(&all, name)), "{name}");
        }
        assert_eq!(alone.len() % 2, 0);
        assert!(
            largest_difference(&numbers(of(&two, "fused")), &numbers(of(&all, "fused"))) > 1e-3
        );
    }
}

#[test]
fn the_alternating_module_averages_and_the_joint_one_adds_up_what_is_there() {
    let [alternating, joint, _] = runs();
    let two = outputs(&alternating, &[Audio, Visual]);
    close(
        of(&two, "fused"),
        (of(&two, "audio") + of(&two, "visual")).div_scalar(2.0),
    );
    // Each share has a third of the bias, so that two of them have two.
    let two = outputs(&joint, &[Audio, Visual]);
    close(of(&two, "fused"), of(&two, "audio") + of(&two, "visual"));
}

#[test]
fn full_logits_are_the_mean_of_k_alternating_ones_and_the_joint_one_over_those_k() {
    let [.., full] = runs();
    for there in [&[Audio, Visual][..], &[Text], &ALL] {
        let outputs = outputs(&full, there);
        let alternating = there
            .iter()
            .map(|m| of(&outputs, &format!("alt.{m}")))
            .reduce(|a, b| a + b)
            .unwrap();
        let joint = there
            .iter()
            .map(|m| of(&outputs, &format!("joint.{m}")))
            .reduce(|a, b| a + b)
            .unwrap();
        close(of(&outputs, "joint.fused"), joint.clone());
        close(
            of(&outputs, "fused"),
            (alternating + joint).div_scalar(there.len() as f64 + 1.0),
        );
    }
}
