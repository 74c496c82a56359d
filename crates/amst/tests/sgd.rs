//! The optimiser against PyTorch's: ten steps of `torch.optim.SGD` with momentum, weight decay and
//! StepLR, in which parameters sometimes have no gradient. The recorded values and the script that
//! made them are in `fixtures/sgd`.
//!
//! Velocities cannot be read here. They show in the values: from step 1 on every one of them
//! contains each velocity since the parameter's first gradient.

use std::path::PathBuf;

use amst::{Optimiser, StepLr};
use amst_encoders::{Encoder, Input, RobertaConfig, TrainingStep};
use amst_recipe::Optim;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use serde::Deserialize;

/// Values reach 3 and velocities 10, so that each of a step's five roundings is at most
/// 1e-6 x lr; they add up to less than 1e-6 here, and a wrong rule moves values by 1e-3.
const TOLERANCE: f32 = 2e-6;

#[derive(Deserialize)]
struct Case {
    steps: usize,
    lr: f64,
    momentum: f64,
    weight_decay: f64,
    lr_step: usize,
    lr_gamma: f64,
    absent: Vec<Vec<String>>,
    lr_per_step: Vec<f64>,
}

impl Case {
    fn optim(&self) -> Optim {
        let Self {
            lr,
            momentum,
            weight_decay,
            lr_step,
            lr_gamma,
            ..
        } = *self;
        Optim {
            lr,
            momentum,
            weight_decay,
            lr_step,
            lr_gamma,
        }
    }
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/sgd")
}

fn case() -> Case {
    serde_json::from_slice(&std::fs::read(folder().join("case.json")).unwrap()).unwrap()
}

/// The recorded parameters, under their names.
#[derive(Module, Debug)]
struct Three {
    p0: Param<Tensor<2>>,
    p1: Param<Tensor<1>>,
    p2: Param<Tensor<4>>,
}

fn recorded<const D: usize>(file: &SafeTensors<'_>, name: &str, device: &Device) -> Tensor<D> {
    let view = file.tensor(name).unwrap();
    let values: Vec<f32> = view
        .data()
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect();
    Tensor::from_data(TensorData::new(values, view.shape().to_vec()), device)
}

fn initial(file: &SafeTensors<'_>, device: &Device) -> Three {
    Three {
        p0: Param::from_tensor(recorded(file, "initial.p0", device)),
        p1: Param::from_tensor(recorded(file, "initial.p1", device)),
        p2: Param::from_tensor(recorded(file, "initial.p2", device)),
    }
}

/// A loss whose gradient is the recorded one: the sum of p x g over those that have one.
fn term<const D: usize>(
    param: &Param<Tensor<D>>,
    file: &SafeTensors<'_>,
    key: &str,
) -> Option<Tensor<1>> {
    file.tensor(key).ok()?;
    let device = param.val().device();
    Some((param.val() * recorded(file, key, &device)).sum())
}

fn step(
    params: Three,
    number: usize,
    file: &SafeTensors<'_>,
    lr: f64,
    optimiser: &mut Optimiser,
) -> Three {
    let key = |p: &str| format!("step.{number:02}.grad.{p}");
    let terms = [
        term(&params.p0, file, &key("p0")),
        term(&params.p1, file, &key("p1")),
        term(&params.p2, file, &key("p2")),
    ];
    // A step without any gradient at all has no loss to take one of.
    let Some(loss) = terms.into_iter().flatten().reduce(|a, b| a + b) else {
        return params;
    };
    optimiser.step(lr, params, &mut loss.backward())
}

fn apart<const D: usize>(param: &Param<Tensor<D>>, file: &SafeTensors<'_>, key: &str) -> f32 {
    let want = recorded::<D>(file, key, &Device::flex());
    (param.val().inner() - want).abs().max().into_scalar()
}

#[test]
fn ten_steps_with_gaps_follow_pytorch() {
    let (case, bytes) = (
        case(),
        std::fs::read(folder().join("steps.safetensors")).unwrap(),
    );
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut params = initial(&file, &Device::flex().autodiff());
    let mut optimiser = Optimiser::new(&case.optim());
    for number in 0..case.steps {
        let lr = StepLr::new(&case.optim()).at(number);
        params = step(params, number, &file, lr, &mut optimiser);
        let key = |p: &str| format!("step.{number:02}.value.{p}");
        for (name, apart) in [
            ("p0", apart(&params.p0, &file, &key("p0"))),
            ("p1", apart(&params.p1, &file, &key("p1"))),
            ("p2", apart(&params.p2, &file, &key("p2"))),
        ] {
            assert!(apart <= TOLERANCE, "step {number}: {name} is {apart:e} off");
        }
    }
}

#[test]
fn a_parameter_without_a_gradient_keeps_every_bit() {
    let (case, bytes) = (
        case(),
        std::fs::read(folder().join("steps.safetensors")).unwrap(),
    );
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut params = initial(&file, &Device::flex().autodiff());
    let mut optimiser = Optimiser::new(&case.optim());
    let bits = |params: &Three| -> [Vec<f32>; 3] {
        let of = |data: TensorData| data.try_to_vec().unwrap();
        [
            of(params.p0.val().into_data()),
            of(params.p1.val().into_data()),
            of(params.p2.val().into_data()),
        ]
    };
    for number in 0..case.steps {
        let before = bits(&params);
        params = step(params, number, &file, case.lr, &mut optimiser);
        let after = bits(&params);
        for (i, name) in ["p0", "p1", "p2"].iter().enumerate() {
            let absent = case.absent[number].iter().any(|a| a == name);
            assert_eq!(before[i] == after[i], absent, "step {number}: {name}");
        }
    }
}

#[test]
fn the_learning_rate_drops_when_pytorchs_does() {
    let case = case();
    let schedule = StepLr::new(&case.optim());
    let got: Vec<f64> = (0..case.steps).map(|step| schedule.at(step)).collect();
    assert_eq!(got, case.lr_per_step);
}

/// What never has a gradient costs no memory: of a text encoder with one layer of two unfrozen,
/// that layer's tensors have a velocity and no others.
#[test]
fn frozen_layers_have_no_velocity() {
    let device = Device::flex().autodiff();
    let config = RobertaConfig {
        unfrozen_layers: Some(1),
        ..RobertaConfig::small(30, 8, 2, 2, 6)
    };
    let mut normal = || 0.5;
    let encoder = config.init(&mut normal, &device).unwrap();
    let ids = Tensor::from_data(TensorData::new(vec![5i64, 6, 7], [1, 3]), &device);
    let input = Input::Tokens {
        ids,
        mask: Tensor::ones([1, 3], &device),
    };
    let embedding = encoder.embed_in_step(&input, TrainingStep { epoch: 0, step: 0 });
    let mut gradients = embedding.powi_scalar(2).sum().backward();
    let mut optimiser = Optimiser::new(&case().optim());
    let encoder = optimiser.step(0.1, encoder, &mut gradients);
    let (_, with_velocity) = optimiser.velocities(encoder);
    assert_eq!(with_velocity.len(), 16, "the tensors of a layer");
}
