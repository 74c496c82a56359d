//! What the heads compute, and that the joint module without skipping is plain concatenation.

use amst::{
    Alternating, ConcatHead, Execution, Full, Head, HeadKind, Joint, JointMode, Modality,
    Optimiser, SharedHead, SumHead, cross_entropy,
};
use amst_encoders::{AnyEncoder, Encoder};
use burn::module::{Module, Param};
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Tensor, TensorData};

use crate::toy::{
    Audio, CLASSES, EMBED, OPTIM, Run, STEPS, Text, Values, Visual, batch, device,
    largest_difference, normal, numbers, schedule, unsettled, weights,
};

const ROWS: usize = 5;

/// Embeddings of `modalities` modalities.
fn embeddings(modalities: usize) -> Vec<(usize, Tensor<2>)> {
    let mut next = normal(3);
    let values: Vec<Vec<f32>> = (0..modalities)
        .map(|_| (0..ROWS * EMBED).map(|_| next() as f32).collect())
        .collect();
    let tensor = |v: Vec<f32>| Tensor::from_data(TensorData::new(v, [ROWS, EMBED]), &device());
    values.into_iter().map(tensor).enumerate().collect()
}

/// A head whose bias is far from 0.
fn head(kind: HeadKind, modalities: usize) -> Head {
    unsettled(kind.init(modalities, EMBED, CLASSES, &mut normal(5), &device()))
}

fn close(got: Tensor<2>, want: Vec<f32>) {
    let apart = largest_difference(&numbers(got), &want);
    assert!(apart < 1e-5, "{apart}");
}

/// `rows x D` times the weights named `name` of shape `D x classes`, computed here in double
/// precision.
fn product(embedding: &Tensor<2>, weight: &[f32]) -> Vec<f64> {
    let e = numbers(embedding.clone());
    let cell = |row: usize, class: usize| {
        (0..EMBED)
            .map(|d| e[row * EMBED + d] as f64 * weight[d * CLASSES + class] as f64)
            .sum()
    };
    (0..ROWS * CLASSES)
        .map(|i| cell(i / CLASSES, i % CLASSES))
        .collect()
}

/// Sum of the terms and of `share` times the bias.
fn with_bias(terms: &[Vec<f64>], share: f64, bias: &[f32]) -> Vec<f32> {
    let cell =
        |i: usize| terms.iter().map(|t| t[i]).sum::<f64>() + share * bias[i % CLASSES] as f64;
    (0..ROWS * CLASSES).map(|i| cell(i) as f32).collect()
}

#[test]
fn the_concatenation_head_counts_k_of_m_parts_of_its_bias() {
    for m in [2, 3] {
        let (head, all) = (head(HeadKind::Concat, m), embeddings(m));
        let values = weights(&head);
        let bias = &values["Concat.bias"];
        assert!(
            bias.iter().any(|b| b.abs() > 0.05),
            "a bias of 0 would show nothing: {bias:?}"
        );
        let block = |i: usize| product(&all[i].1, &values[&format!("Concat.blocks.{i}.weight")]);
        for k in 1..=m {
            let terms: Vec<_> = (0..k).map(block).collect();
            close(
                head.fused(&all[..k]),
                with_bias(&terms, k as f64 / m as f64, bias),
            );
        }
        for (i, embedding) in &all {
            close(
                head.modality(*i, embedding.clone()),
                with_bias(&[block(*i)], 1.0 / m as f64, bias),
            );
        }
    }
}

#[test]
fn per_modality_logits_of_the_concatenation_head_add_up_to_the_fused_ones() {
    for m in [2, 3] {
        let (head, all) = (head(HeadKind::Concat, m), embeddings(m));
        let parts = all.iter().map(|(i, e)| head.modality(*i, e.clone()));
        close(
            parts.reduce(|a, b| a + b).unwrap(),
            numbers(head.fused(&all)),
        );
    }
}

#[test]
fn the_shared_head_sends_every_modality_through_one_layer_and_averages() {
    for m in [2, 3] {
        let (head, all) = (head(HeadKind::Shared, m), embeddings(m));
        let values = weights(&head);
        let (weight, bias) = (
            &values["Shared.linear.weight"],
            &values["Shared.linear.bias"],
        );
        let products: Vec<_> = all.iter().map(|(_, e)| product(e, weight)).collect();
        for (i, e) in &all {
            close(
                head.modality(*i, e.clone()),
                with_bias(&products[*i..=*i], 1.0, bias),
            );
        }
        for k in 1..=m {
            let mean: Vec<_> = products[..k]
                .iter()
                .map(|p| p.iter().map(|v| v / k as f64).collect())
                .collect();
            close(head.fused(&all[..k]), with_bias(&mean, 1.0, bias));
        }
    }
}

#[test]
fn the_sum_head_reads_the_sum_of_the_embeddings() {
    for m in [2, 3] {
        let (head, all) = (head(HeadKind::Sum, m), embeddings(m));
        let values = weights(&head);
        let (weight, bias) = (&values["Sum.linear.weight"], &values["Sum.bias"]);
        let sum = all
            .iter()
            .map(|(_, e)| e.clone())
            .reduce(|a, b| a + b)
            .unwrap();
        close(
            head.fused(&all),
            with_bias(&[product(&sum, weight)], 1.0, bias),
        );
        close(
            head.fused(&all[..1]),
            with_bias(&[product(&all[0].1, weight)], 1.0 / m as f64, bias),
        );
        close(
            head.modality(1, all[1].1.clone()),
            with_bias(&[product(&all[1].1, weight)], 1.0 / m as f64, bias),
        );
    }
}

#[test]
fn heads_start_with_xavier_weights_and_no_bias() {
    let (embed, classes) = (256, 100);
    let mut next = normal(9);
    let shared = weights(&SharedHead::new(embed, classes, &mut next, &device()));
    let concat = weights(&ConcatHead::new(2, embed, classes, &mut next, &device()));
    let sum = weights(&SumHead::new(2, embed, classes, &mut next, &device()));
    let variance = |v: &[f32]| v.iter().map(|x| (*x as f64).powi(2)).sum::<f64>() / v.len() as f64;
    let expected = 2.0 / (embed + classes) as f64;
    for weight in [
        &shared["linear.weight"],
        &concat["blocks.0.weight"],
        &concat["blocks.1.weight"],
        &sum["linear.weight"],
    ] {
        // The variance of 25,600 numbers is within 1 % of theirs; 5 % is beyond chance.
        assert!(
            (variance(weight) / expected - 1.0).abs() < 0.05,
            "{} for {expected}",
            variance(weight)
        );
    }
    for bias in [&shared["linear.bias"], &concat["bias"], &sum["bias"]] {
        assert!(bias.iter().all(|b| *b == 0.0));
    }
}

#[test]
fn full_logits_are_the_mean_of_m_alternating_ones_and_the_joint_one() {
    for every in [
        &[(Audio, 1), (Visual, 1)][..],
        &[(Audio, 1), (Text, 1), (Visual, 1)],
    ] {
        let run = Run::new(Full::new(
            schedule(every),
            Execution::Fast,
            JointMode::Joint,
        ));
        let modalities = run.modalities().to_vec();
        let outputs = run.method.outputs(
            &run.net,
            &run.net.embed(&modalities, &batch(0, &modalities)),
        );
        let get = |name: &str| outputs.get(name).unwrap().clone();
        let alternating = modalities
            .iter()
            .map(|m| get(&format!("alt.{m}")))
            .reduce(|a, b| a + b)
            .unwrap();
        let mean = (alternating + get("joint.fused")).div_scalar(modalities.len() as f64 + 1.0);
        close(get("fused"), numbers(mean));
        assert!(largest_difference(&numbers(get("fused")), &numbers(get("alt.fused"))) > 1e-3);
    }
}

/// The joint module as it is usually written: concatenate, one linear layer with a bias.
#[derive(Module, Debug)]
struct Plain {
    encoders: Vec<AnyEncoder>,
    linear: Linear,
}

impl Plain {
    /// With the weights of a joint run: its blocks one above the other.
    fn of(run: &Run, modalities: usize) -> Self {
        let head = weights(&run.net.branches[0].head);
        let mut linear = LinearConfig::new(modalities * EMBED, CLASSES).init(&device());
        let values = TensorData::new(stacked(&head, modalities), [modalities * EMBED, CLASSES]);
        linear.weight = Param::from_tensor(Tensor::from_data(values, &device()));
        let bias = TensorData::new(head["Concat.bias"].clone(), [CLASSES]);
        linear.bias = Some(Param::from_tensor(Tensor::from_data(bias, &device())));
        // A copy for evaluation and back shares no statistics with the original.
        Self {
            encoders: run.net.branches[0].encoders.valid().train(),
            linear,
        }
    }

    fn logits(&self, modalities: &[Modality], batch: &amst::Batch) -> Tensor<2> {
        let embed = |(encoder, m): (&AnyEncoder, &Modality)| encoder.embed(&batch.inputs[m]);
        self.linear.forward(Tensor::cat(
            self.encoders.iter().zip(modalities).map(embed).collect(),
            1,
        ))
    }
}

fn stacked(head: &Values, modalities: usize) -> Vec<f32> {
    (0..modalities)
        .flat_map(|i| head[&format!("Concat.blocks.{i}.weight")].clone())
        .collect()
}

/// In logits and in every update, the second of which has velocities. The sums run in another
/// order, and a net this small multiplies rounding by twenty a step: logits drift by 2e-5 and
/// weights by 7e-6 in two. Half the bias would move logits by 5e-2 and the bias itself by 5e-4.
#[test]
fn the_joint_module_without_skipping_is_plain_concatenation() {
    for every in [
        &[(Audio, 1), (Visual, 1)][..],
        &[(Audio, 1), (Text, 1), (Visual, 1)],
    ] {
        let mut run = Run::new(Joint::new(schedule(every), Execution::Fast));
        let modalities = run.modalities().to_vec();
        let mut plain = Plain::of(&run, modalities.len());
        let mut optimiser = Optimiser::new(&OPTIM);
        for step in 0..STEPS {
            let batch = batch(step, &modalities);
            let logits = plain.logits(&modalities, &batch);
            let mut gradients = cross_entropy(logits.clone(), &batch.labels).backward();
            plain = optimiser.step(OPTIM.lr, plain, &mut gradients);
            let report = run.step(0, step);
            close_to(report.outputs.fused().unwrap().clone(), numbers(logits));
            compare(&run, &plain, modalities.len());
        }
    }
}

fn close_to(got: Tensor<2>, want: Vec<f32>) {
    let apart = largest_difference(&numbers(got), &want);
    assert!(apart < 1e-4, "logits differ by {apart}");
}

fn compare(run: &Run, plain: &Plain, modalities: usize) {
    let (ours, theirs) = (weights(&run.net.branches[0]), weights(plain));
    for (name, value) in crate::toy::under(&ours, "encoders.") {
        let apart = largest_difference(&value, &theirs[&name]);
        assert!(apart < 5e-5, "{name} differs by {apart}");
    }
    let head = weights(&run.net.branches[0].head);
    assert!(largest_difference(&stacked(&head, modalities), &theirs["linear.weight"]) < 5e-5);
    assert!(largest_difference(&head["Concat.bias"], &theirs["linear.bias"]) < 5e-5);
}

#[test]
fn an_alternating_system_of_one_modality_fuses_to_that_modality() {
    let run = Run::new(Alternating::new(schedule(&[(Audio, 1)]), Execution::Fast));
    let outputs = run
        .method
        .outputs(&run.net, &run.net.embed(&[Audio], &batch(0, &[Audio])));
    assert_eq!(
        numbers(outputs.get("audio").unwrap().clone()),
        numbers(outputs.fused().unwrap().clone())
    );
}
