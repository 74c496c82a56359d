//! torchvision's own width, 64: 11 million parameters, which both sides compute from a
//! formula instead of storing them (`make.py` states it).

use amst_encoders::{Encoder, Input, ResNet18Config, Stem};
use burn::tensor::{Device, Tensor, TensorData};

use crate::reading::{Named, apart, fixture, floats, gradients, loaded, statistics_agree, under};

const CONFIG: ResNet18Config = ResNet18Config {
    channels: 3,
    width: 64,
    stem: Stem::Imagenet,
    embed: None,
};
const INPUT: [usize; 5] = [2, 3, 1, 48, 40];
const INPUT_NUMBER: u64 = 1000;

/// u(number, index), in [-1, 1): SplitMix64's finaliser on a counter.
fn formula(number: u64, index: u64) -> f64 {
    let mut z = (number << 32)
        .wrapping_add(index)
        .wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    (z >> 40) as f64 / (1u64 << 23) as f64 - 1.0
}

fn filled(number: u64, shape: &[usize], value: impl Fn(f64) -> f64) -> Vec<f32> {
    (0..shape.iter().product::<usize>())
        .map(|j| value(formula(number, j as u64)) as f32)
        .collect()
}

/// Names and shapes in the order of torchvision's state dictionary.
fn layout() -> Vec<(String, Vec<usize>)> {
    let mut all = Vec::new();
    convolution(&mut all, "conv1", "bn1", [64, 3, 7]);
    for stage in 0..4 {
        let (output, input) = (64 << stage, if stage == 0 { 64 } else { 32 << stage });
        for block in 0..2 {
            let at = format!("layer{}.{block}", stage + 1);
            let first = if block == 0 { input } else { output };
            convolution(
                &mut all,
                &format!("{at}.conv1"),
                &format!("{at}.bn1"),
                [output, first, 3],
            );
            convolution(
                &mut all,
                &format!("{at}.conv2"),
                &format!("{at}.bn2"),
                [output, output, 3],
            );
            if first != output {
                convolution(
                    &mut all,
                    &format!("{at}.downsample.0"),
                    &format!("{at}.downsample.1"),
                    [output, first, 1],
                );
            }
        }
    }
    all
}

fn convolution(
    all: &mut Vec<(String, Vec<usize>)>,
    conv: &str,
    norm: &str,
    [output, input, kernel]: [usize; 3],
) {
    all.push((
        format!("{conv}.weight"),
        vec![output, input, kernel, kernel],
    ));
    for name in ["weight", "bias", "running_mean", "running_var"] {
        all.push((format!("{norm}.{name}"), vec![output]));
    }
}

fn weights() -> Named {
    let value = |name: &str, shape: &[usize], u: f64| match (shape, name.rsplit('.').next()) {
        ([output, _, height, width], _) => u * (6.0 / (output * height * width) as f64).sqrt(),
        (_, Some("running_var")) => 1.0 + 0.4 * u,
        (_, Some("weight")) => 1.0 + 0.3 * u,
        _ => 0.2 * u,
    };
    let tensor = |(number, (name, shape)): (usize, (String, Vec<usize>))| {
        let values = filled(number as u64, &shape, |u| value(&name, &shape, u));
        (name, (shape, values))
    };
    layout().into_iter().enumerate().map(tensor).collect()
}

fn input(device: &Device) -> Input {
    let values = filled(INPUT_NUMBER, &INPUT, |u| u);
    Input::Frames(Tensor::from_data(TensorData::new(values, INPUT), device))
}

#[test]
fn torchvisions_own_width_gives_its_embeddings_gradients_and_statistics() {
    let (named, device) = (fixture("full_width"), Device::flex().autodiff());
    let encoder = loaded(&CONFIG, &weights(), &device);
    let evaluated = burn::module::Module::valid(&encoder).embed(&input(&Device::flex()));
    let off = apart(&floats(evaluated), &named["eval.embedding"].1);
    assert!(off < 1e-4, "evaluation: {off}");

    let embedding = encoder.embed(&input(&device));
    let off = apart(
        &floats(embedding.clone().inner()),
        &named["train.embedding"].1,
    );
    assert!(off < 1e-4, "training: {off}");
    let loss = embedding.sub_scalar(1.0).powi_scalar(2).mean();
    let off = apart(&floats(loss.clone().inner()), &named["train.loss"].1);
    assert!(off < 1e-4, "loss: {off}");
    gradients_agree(&gradients(&encoder, &loss.backward()), &named);
    statistics_agree("full width", &encoder, &named);
}

/// By norm, and by the first elements relative to the root mean square of all, because the
/// first sixteen of a large gradient can be small by chance.
fn gradients_agree(got: &std::collections::BTreeMap<String, Vec<f32>>, named: &Named) {
    let (norms, heads) = (under(named, "grad_norm."), under(named, "grad_head."));
    assert_eq!(
        got.keys().collect::<Vec<_>>(),
        norms.keys().collect::<Vec<_>>()
    );
    for (name, gradient) in got {
        let norm = gradient
            .iter()
            .map(|v| (*v as f64).powi(2))
            .sum::<f64>()
            .sqrt();
        let want = norms[name].1[0] as f64;
        assert!(
            (norm / want - 1.0).abs() < 1e-4,
            "gradient of {name}: norm {norm}, expected {want}"
        );
        let head = &heads[name].1;
        let typical = want / (gradient.len() as f64).sqrt();
        let largest = head.iter().fold(typical, |m, v| m.max(v.abs() as f64));
        for (got, want) in gradient.iter().zip(head) {
            let off = (got - want).abs() as f64 / largest;
            assert!(off < 1e-4, "gradient of {name}: {got}, expected {want}");
        }
    }
}
