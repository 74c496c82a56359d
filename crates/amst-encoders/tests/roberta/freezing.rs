//! What does not train costs nothing and keeps every bit.

use amst_encoders::{AnyEncoder, Encoder, Roberta};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, SgdConfig};
use burn::tensor::{Device, Tensor};

use crate::reading::{
    CASES, apart, config, expected, floats, gradients, input, largest, pretrained, under, written,
};

/// As in `fixtures/make.py`.
fn unfrozen(case: &str) -> usize {
    match case {
        "roberta" => 2,
        "bert" => 1,
        _ => 5,
    }
}

fn loss(encoder: &Roberta, input: &amst_encoders::Input) -> Tensor<1> {
    encoder.embed(input).sub_scalar(1.0).powi_scalar(2).mean()
}

/// Ten steps of the script's optimiser, and their losses.
fn train(mut encoder: Roberta, input: &amst_encoders::Input) -> (Roberta, Vec<f32>) {
    let momentum = MomentumConfig {
        momentum: 0.9,
        dampening: 0.0,
        nesterov: false,
    };
    let decay = WeightDecayConfig { penalty: 0.01 };
    let mut sgd = SgdConfig::new()
        .with_momentum(Some(momentum))
        .with_weight_decay(Some(decay))
        .init();
    let mut losses = Vec::new();
    for _ in 0..10 {
        let loss = loss(&encoder, input);
        losses.push(loss.clone().into_scalar());
        let gradients = GradientsParams::from_grads(loss.backward(), &encoder);
        encoder = sgd.step(0.05, encoder, gradients);
    }
    (encoder, losses)
}

/// Parameters that an optimiser would move: how many, and how many numbers.
fn trainable<M: Module>(module: &M) -> (usize, usize) {
    struct Count(usize, usize);
    impl ModuleVisitor for Count {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if param.is_require_grad() {
                self.0 += 1;
                self.1 += param.val().dims().iter().product::<usize>();
            }
        }
    }
    let mut count = Count(0, 0);
    module.visit(&mut count);
    (count.0, count.1)
}

#[test]
fn ten_steps_follow_pytorch_with_everything_training() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex().autodiff());
        let encoder = pretrained(case, &config(case, None), &device);
        let (_, losses) = train(encoder, &input(&named, &device));
        let off = apart(&losses, &named["loss"].1, 0.0);
        assert!(off < 1e-3, "{case}: {off}, {losses:?}");
    }
}

#[test]
fn ten_steps_follow_pytorch_with_the_last_layers_training_and_leave_every_bit_of_the_others() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex().autodiff());
        let encoder = pretrained(case, &config(case, Some(unfrozen(case))), &device);
        let before = under(&written(&encoder), "m.");
        let (encoder, losses) = train(encoder, &input(&named, &device));
        let off = apart(&losses, &named["loss.unfrozen"].1, 0.0);
        assert!(off < 1e-3, "{case}: {off}, {losses:?}");

        let (after, moved) = (under(&written(&encoder), "m."), under(&named, "after."));
        assert_eq!(moved.len(), 16 * unfrozen(case), "{case}");
        for (name, (_, got)) in &after {
            match moved.get(name) {
                Some((_, want)) => assert!(apart(got, want, 0.0) < 1e-3, "{case}: {name}"),
                None => {
                    let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(got), bits(&before[name].1), "{case}: {name}");
                }
            }
        }
    }
}

#[test]
fn only_the_last_layers_have_gradients_and_those_are_what_they_are_without_freezing() {
    for case in CASES {
        let (named, device) = (expected(case), Device::flex().autodiff());
        let of = |unfrozen| {
            let encoder = pretrained(case, &config(case, unfrozen), &device);
            gradients(
                &encoder,
                &loss(&encoder, &input(&named, &device)).backward(),
            )
        };
        let (all, part) = (of(None), of(Some(unfrozen(case))));
        let names: Vec<_> = under(&named, "after.").into_keys().collect();
        assert_eq!(part.keys().cloned().collect::<Vec<_>>(), names, "{case}");
        // What is frozen is computed by the kernels of evaluation, which round in another way.
        let floor = 1e-3 * all.values().fold(0f32, |m, (_, v)| m.max(largest(v)));
        for (name, (_, gradient)) in &part {
            let off = apart(gradient, &all[name].1, floor);
            assert!(off < 1e-3, "{case}: {name}: {off}");
        }
    }
}

/// Not even when asked for gradients, as `unfreeze` asks everyone: the graph ends before the first
/// layer that trains.
#[test]
fn what_is_frozen_is_not_in_the_graph() {
    let (named, device) = (expected("roberta"), Device::flex().autodiff());
    let encoder = pretrained("roberta", &config("roberta", Some(2)), &device).unfreeze();
    assert_eq!(trainable(&encoder).0, 5 + 4 * 16);
    let got = gradients(
        &encoder,
        &loss(&encoder, &input(&named, &device)).backward(),
    );
    assert_eq!(got.len(), 2 * 16);
}

#[test]
fn a_network_that_is_wholly_frozen_embeds_and_has_no_gradient() {
    let (named, device) = (expected("bert"), Device::flex().autodiff());
    let encoder = pretrained("bert", &config("bert", Some(0)), &device);
    assert_eq!(trainable(&encoder), (0, 0));
    let head = Tensor::<1>::ones([16], &device).require_grad();
    let embedding = encoder.embed(&input(&named, &device));
    let backward = (embedding.clone() * head.clone().unsqueeze())
        .sum()
        .backward();
    assert_eq!(gradients(&encoder, &backward).len(), 0);
    let off = apart(
        &floats(head.grad(&backward).unwrap()),
        &floats(embedding.sum_dim(0)),
        0.0,
    );
    assert!(off < 1e-6, "{off}");
}

/// Layer: 4 (12 x 12 + 12) + 12 x 20 + 20 + 20 x 12 + 12 + 4 x 12 = 1184.
/// Tables: 30 x 12 + 14 x 12 + 12, and a layer norm of 24, are 564.
#[test]
fn the_trainable_parameters_survive_every_round_trip() {
    let device = Device::flex().autodiff();
    for (unfrozen, count) in [
        (None, (69, 5300)),
        (Some(4), (64, 4736)),
        (Some(2), (32, 2368)),
        (Some(0), (0, 0)),
    ] {
        let encoder =
            AnyEncoder::Roberta(pretrained("roberta", &config("roberta", unfrozen), &device));
        assert_eq!(trainable(&encoder), count);
        assert_eq!(trainable(&encoder.valid()), (0, 0), "evaluation");
        assert_eq!(
            trainable(&encoder.valid().train()),
            count,
            "back from evaluation"
        );
        assert_eq!(
            trainable(&encoder.clone().no_grad()),
            (0, 0),
            "recalibration"
        );
        assert_eq!(trainable(&encoder), count, "after recalibration");
        assert_eq!(trainable(&encoder.clone().fork(&device)), count, "a copy");
        let plain = AnyEncoder::Roberta(
            config("roberta", unfrozen)
                .init(&mut || 0.0, &Device::flex())
                .unwrap(),
        );
        assert_eq!(
            trainable(&plain.train()),
            count,
            "made for evaluation, then trained"
        );
    }
}
