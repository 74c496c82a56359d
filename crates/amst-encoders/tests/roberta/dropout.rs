//! Dropout: where it acts, and that nothing but its place decides what it drops.

use amst_encoders::{AnyEncoder, Encoder, Roberta, RobertaConfig, TrainingStep};
use burn::module::Module;
use burn::tensor::{Device, Distribution, Tensor};

use crate::reading::{
    Named, apart, config, dropping, expected, floats, input, pretrained, under, written,
};

const STEP: TrainingStep = TrainingStep { epoch: 2, step: 7 };

fn in_step(encoder: &Roberta, step: TrainingStep) -> Vec<f32> {
    let device = Device::flex().autodiff();
    floats(encoder.embed_in_step(&input(&expected("roberta"), &device), step))
}

fn training(config: &RobertaConfig) -> Roberta {
    pretrained("roberta", config, &Device::flex().autodiff())
}

#[test]
fn dropout_is_active_in_steps_of_training_in_frozen_layers_too_and_nowhere_else() {
    let named = expected("roberta");
    let (plain, autodiff) = (Device::flex(), Device::flex().autodiff());
    let without = floats(
        pretrained("roberta", &config("roberta", None), &plain).embed(&input(&named, &plain)),
    );
    for (hidden, attention) in [(0.3, 0.0), (0.0, 0.3)] {
        for unfrozen in [None, Some(2), Some(0)] {
            let encoder = training(&dropping(unfrozen, hidden, attention));
            let evaluated = floats(encoder.valid().embed_in_step(&input(&named, &plain), STEP));
            assert_eq!(evaluated, without);
            // On the training device other kernels round in another way.
            let looked_at = floats(encoder.embed(&input(&named, &autodiff)));
            assert!(apart(&looked_at, &without, 0.0) < 1e-5);
            let off = apart(&in_step(&encoder, STEP), &without, 0.0);
            assert!(off > 1e-2, "{unfrozen:?}, {hidden}, {attention}: {off}");
        }
    }
    let off = apart(
        &in_step(&training(&dropping(Some(2), 0.0, 0.0)), STEP),
        &without,
        0.0,
    );
    assert!(off < 1e-5, "{off}");
}

#[test]
fn what_is_dropped_depends_on_seed_epoch_and_step_and_on_nothing_that_happened_before() {
    let with_seed = |dropout_seed| {
        training(&RobertaConfig {
            dropout_seed,
            ..dropping(Some(2), 0.1, 0.1)
        })
    };
    let (encoder, named) = (with_seed(5), expected("roberta"));
    let first = in_step(&encoder, STEP);
    // Evaluations, other steps, another encoder, and other users of the device's generator.
    floats(encoder.valid().embed(&input(&named, &Device::flex())));
    let others = [
        TrainingStep { epoch: 3, ..STEP },
        TrainingStep { step: 8, ..STEP },
    ]
    .map(|s| in_step(&encoder, s));
    let other_seed = in_step(&with_seed(6), STEP);
    Device::flex().seed(1);
    let _ = floats(Tensor::<1>::random(
        [100],
        Distribution::Default,
        &Device::flex(),
    ));
    assert_eq!(in_step(&encoder, STEP), first);
    // A copy, as after a resume.
    let copy = AnyEncoder::Roberta(with_seed(5).valid().train());
    let again = copy.embed_in_step(&input(&named, &Device::flex().autodiff()), STEP);
    assert_eq!(floats(again), first);
    let all = [&first, &others[0], &others[1], &other_seed];
    for (i, one) in all.iter().enumerate() {
        assert!(all[..i].iter().all(|other| other != one), "{i}");
    }
}

#[test]
fn under_frozen_eval_only_what_trains_drops() {
    let frozen_eval = |unfrozen| {
        training(&RobertaConfig {
            frozen_eval: true,
            ..dropping(Some(unfrozen), 0.1, 0.1)
        })
    };
    let (named, device) = (expected("roberta"), Device::flex().autodiff());
    let nothing = frozen_eval(0);
    assert_eq!(
        in_step(&nothing, STEP),
        floats(nothing.embed(&input(&named, &device)))
    );
    let some = frozen_eval(2);
    assert_ne!(
        in_step(&some, STEP),
        floats(some.embed(&input(&named, &device)))
    );
    assert_ne!(
        in_step(&some, STEP),
        in_step(&training(&dropping(Some(2), 0.1, 0.1)), STEP)
    );
}

/// Scale, shift and normalise, by the definition; 1e-5 is the case's epsilon.
fn layer_norm(named: &Named, name: &str, x: &[f64]) -> Vec<f64> {
    let mean = x.iter().sum::<f64>() / x.len() as f64;
    let variance = x.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / x.len() as f64;
    let [scale, shift] = ["weight", "bias"].map(|part| &named[&format!("{name}.{part}")].1);
    let normal = x.iter().map(|v| (v - mean) / (variance + 1e-5).sqrt());
    normal
        .zip(scale.iter().zip(shift))
        .map(|(v, (a, b))| v * f64::from(*a) + f64::from(*b))
        .collect()
}

/// Dropout that spares nothing leaves of the embeddings 0, and of every half of a layer its norm.
#[test]
fn dropout_stands_after_the_embeddings_and_before_both_sums_of_every_layer() {
    let (named, device) = (expected("roberta"), Device::flex().autodiff());
    let encoder = pretrained("roberta", &dropping(Some(2), 1.0 - 1e-12, 0.0), &device);
    let weights = under(&written(&encoder), "m.");
    let mut want = vec![0.0; 12];
    for layer in 0..4 {
        want = layer_norm(
            &weights,
            &format!("encoder.layer.{layer}.attention.output.LayerNorm"),
            &want,
        );
        want = layer_norm(
            &weights,
            &format!("encoder.layer.{layer}.output.LayerNorm"),
            &want,
        );
    }
    let want: Vec<f32> = want.into_iter().map(|v| v as f32).collect();
    for text in floats(encoder.embed_in_step(&input(&named, &device), STEP)).chunks(12) {
        assert!(
            apart(text, &want, 0.0) < 1e-5,
            "{text:?}, expected {want:?}"
        );
    }
}
