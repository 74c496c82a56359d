//! Initialisation from scratch: Kaiming normal by fan-out, and a function of the numbers handed in.

use std::collections::BTreeMap;

use amst_encoders::{ResNet18, ResNet18Config, Stem, TokenMean, TokenMeanConfig};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};

/// Wide enough for a sample variance to mean something: its smallest convolution has 2,048 numbers.
const CONFIG: ResNet18Config = ResNet18Config {
    channels: 3,
    width: 32,
    stem: Stem::Imagenet,
    embed: Some(96),
};

/// Normal by Box and Muller, from a counter.
fn normal(mut seed: u64) -> impl FnMut() -> f64 {
    let mut uniform = move || {
        seed = seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((seed >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    };
    move || (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

fn resnet(seed: u64) -> ResNet18 {
    CONFIG.init(&mut normal(seed), &Device::flex())
}

fn bag(seed: u64) -> TokenMean {
    TokenMeanConfig {
        vocabulary: 100,
        width: 40,
        embed: 60,
    }
    .init(&mut normal(seed), &Device::flex())
}

/// Shape and values by path.
#[derive(Default)]
struct Collect(Vec<String>, BTreeMap<String, (Vec<usize>, Vec<f32>)>);

impl ModuleVisitor for Collect {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.0.push(name.into());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.0.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = (
            param.val().dims().to_vec(),
            param.val().into_data().try_to_vec().unwrap(),
        );
        self.1.insert(self.0.join("."), value);
    }
}

fn values(module: &impl Module) -> BTreeMap<String, (Vec<usize>, Vec<f32>)> {
    let mut collect = Collect::default();
    module.visit(&mut collect);
    collect.1
}

/// Mean square, for numbers whose mean should be 0.
fn variance(values: &[f32]) -> f64 {
    values.iter().map(|v| (*v as f64).powi(2)).sum::<f64>() / values.len() as f64
}

/// A sample variance of n normal numbers deviates by sqrt(2 / n) of the true one; five of those are
/// beyond chance.
fn assert_variance(name: &str, values: &[f32], expected: f64) {
    let off = (variance(values) / expected - 1.0).abs();
    let allowed = 5.0 * (2.0 / values.len() as f64).sqrt();
    assert!(
        off < allowed,
        "{name}: variance {}, expected {expected}",
        variance(values)
    );
    let mean = values.iter().map(|v| *v as f64).sum::<f64>() / values.len() as f64;
    assert!(
        mean.abs() < 5.0 * (expected / values.len() as f64).sqrt(),
        "{name}: mean {mean}"
    );
}

#[test]
fn convolutions_have_the_variance_two_over_their_fan_out() {
    let mut seen = 0;
    for (name, (shape, values)) in values(&resnet(1))
        .iter()
        .filter(|(_, (shape, _))| shape.len() == 4)
    {
        let fan_out = shape[0] * shape[2] * shape[3];
        assert_variance(name, values, 2.0 / fan_out as f64);
        seen += 1;
    }
    assert_eq!(seen, 21, "17 convolutions, 3 shortcuts and the projection");
}

#[test]
fn batch_norm_starts_as_the_identity() {
    let values = values(&resnet(1));
    for (part, expected) in [
        ("gamma", 1.0),
        ("beta", 0.0),
        ("running_mean", 0.0),
        ("running_var", 1.0),
    ] {
        let of_part: Vec<_> = values
            .iter()
            .filter(|(name, _)| name.ends_with(part))
            .collect();
        assert_eq!(of_part.len(), 20, "{part}");
        assert!(
            of_part
                .iter()
                .all(|(_, (_, v))| v.iter().all(|v| *v == expected)),
            "{part}"
        );
    }
}

#[test]
fn tokens_start_standard_normal_and_the_linear_layer_by_xavier() {
    let values = values(&bag(2));
    assert_variance("embedding", &values["embedding.weight"].1, 1.0);
    assert_variance("linear", &values["linear.weight"].1, 2.0 / 100.0);
    assert!(values["linear.bias"].1.iter().all(|b| *b == 0.0));
}

#[test]
fn the_same_numbers_give_the_same_weights_and_others_give_others() {
    assert_eq!(values(&resnet(3)), values(&resnet(3)));
    assert_eq!(values(&bag(3)), values(&bag(3)));
    let (one, other) = (values(&resnet(3)), values(&resnet(4)));
    for (name, (shape, value)) in &one {
        assert_eq!(
            *value != other[name].1,
            shape.len() == 4,
            "{name}: only convolutions are drawn"
        );
    }
}

/// The device's own generator, which other code may use, has no part in it.
#[test]
fn what_the_device_drew_before_does_not_matter() {
    let before = values(&resnet(5));
    let _ = Tensor::<1>::random([100], burn::tensor::Distribution::Default, &Device::flex());
    assert_eq!(before, values(&resnet(5)));
}
