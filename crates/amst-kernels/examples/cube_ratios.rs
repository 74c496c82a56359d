//! This crate's kernels beside burn's own operations on the adapter that wgpu prefers: times turn by
//! turn, as ratios. `cargo run --release -p amst-kernels --features wgpu --example cube_ratios`
//!
//! A part of a case's name as an argument runs that one. `--only ours` and `--only burn` run one side,
//! with a line before each turn, for cubecl's log of launches; burn chooses its kernels in the first
//! turns.

use std::time::{Duration, Instant};

use amst_kernels::batch_norm::{Fused, train};
use amst_kernels::descent::{Descent, Sgd};
use amst_kernels::pooling::max_pool2d;
use burn::tensor::activation::relu;
use burn::tensor::module::{self, batch_norm_train};
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Distribution, Tensor};

const TURNS: usize = 9;
const EPSILON: f64 = 1e-5;
const SGD: Sgd = Sgd {
    lr: 0.01,
    momentum: 0.9,
    weight_decay: 1e-4,
};

/// The same work by this crate's kernels and by burn's operations, with its last result.
struct Case {
    name: &'static str,
    ours: Work,
    burns: Work,
}

type Work = Box<dyn Fn() -> Tensor<4>>;

/// A feature map as a convolution leaves it, the channels of a position side by side.
fn feature_map(shape: [usize; 4], device: &Device) -> Tensor<4> {
    let [batch, channels, height, width] = shape;
    Tensor::random(
        [batch, height, width, channels],
        Distribution::Normal(0.5, 1.0),
        device,
    )
    .permute([0, 3, 1, 2])
}

/// `[batch, height, width, channels]`: gradients come back as a convolution leaves them.
fn channels_last(map: Tensor<4>) -> Tensor<4> {
    map.permute([0, 2, 3, 1])
}

/// The gradient of `x`.
fn input_gradient(x: &Tensor<4>, loss: Tensor<1>) -> Tensor<4> {
    x.grad(&loss.backward()).expect("the loss depends on it")
}

/// What follows a normalisation.
#[derive(Clone, Copy)]
enum Follows {
    Relu,
    AddRelu,
}

/// Forward and backward pass of a normalisation with what follows it.
fn normalisation(name: &'static str, shape: [usize; 4], follows: Follows, plain: &Device) -> Case {
    let device = plain.clone().autodiff();
    let [x, shortcut, gradient] = [(); 3].map(|()| feature_map(shape, &device));
    let gradient = channels_last(gradient);
    let (x, shortcut) = (x.require_grad(), shortcut.require_grad());
    let gamma = Tensor::<1>::ones([shape[1]], &device).require_grad();
    let beta = Tensor::<1>::zeros([shape[1]], &device).require_grad();
    let ours = {
        let (x, shortcut, gradient) = (x.clone(), shortcut.clone(), gradient.clone());
        let (gamma, beta) = (gamma.clone(), beta.clone());
        move || {
            let fused = match follows {
                Follows::Relu => Fused::Relu,
                Follows::AddRelu => Fused::AddRelu(shortcut.clone()),
            };
            let done = train(x.clone(), gamma.clone(), beta.clone(), EPSILON, fused);
            input_gradient(&x, (channels_last(done.output) * gradient.clone()).sum())
        }
    };
    let burns = move || {
        let done = batch_norm_train(x.clone(), gamma.clone(), beta.clone(), EPSILON);
        let output = match follows {
            Follows::Relu => relu(done.output),
            Follows::AddRelu => relu(done.output + shortcut.clone()),
        };
        input_gradient(&x, (channels_last(output) * gradient.clone()).sum())
    };
    Case {
        name,
        ours: Box::new(ours),
        burns: Box::new(burns),
    }
}

/// Forward and backward pass of the stem's pooling.
fn pooling(name: &'static str, shape: [usize; 4], plain: &Device) -> Case {
    let device = plain.clone().autodiff();
    let x = feature_map(shape, &device).require_grad();
    let burns_x = x.clone();
    Case {
        name,
        ours: Box::new(move || {
            input_gradient(&x, channels_last(max_pool2d(x.clone(), 3, 2, 1)).sum())
        }),
        burns: Box::new(move || {
            let options = MaxPoolOptions::new([3; 2])
                .with_stride([2; 2])
                .with_padding([1; 2]);
            input_gradient(
                &burns_x,
                channels_last(module::max_pool2d(burns_x.clone(), options)).sum(),
            )
        }),
    }
}

/// A later step of a parameter.
fn update(name: &'static str, shape: [usize; 4], device: &Device) -> Case {
    let [value, velocity] =
        [(); 2].map(|()| Tensor::<4>::random(shape, Distribution::Normal(0.0, 1.0), device));
    // As the backward pass of a convolution leaves it.
    let gradient = feature_map(shape, device);
    let size = shape.iter().product::<usize>();
    let ours = {
        let (value, gradient) = (value.clone(), gradient.clone());
        let velocity = velocity.clone().reshape([size]);
        move || {
            let mut descent = Descent::new(SGD);
            let (moved, _) = descent.step(value.clone(), gradient.clone(), Some(velocity.clone()));
            descent.finish();
            moved
        }
    };
    let burns = move || {
        let decayed = value.clone().mul_scalar(SGD.weight_decay) + gradient.clone();
        let moved = velocity.clone().mul_scalar(SGD.momentum) + decayed;
        value.clone() - moved.mul_scalar(SGD.lr)
    };
    Case {
        name,
        ours: Box::new(ours),
        burns: Box::new(burns),
    }
}

fn timed(work: &Work, device: &Device) -> Duration {
    let start = Instant::now();
    let _result = work();
    device.sync().expect("the device answers");
    start.elapsed()
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let only = arguments.iter().position(|argument| argument == "--only");
    let side = only.and_then(|at| arguments.get(at + 1).cloned());
    let wanted = arguments
        .iter()
        .find(|argument| !argument.starts_with("--") && Some(*argument) != side.as_ref());
    let device = Device::wgpu_options()
        .init()
        .expect("wgpu finds an adapter");
    let cases = [
        normalisation("norm-relu stem", [8, 64, 112, 112], Follows::Relu, &device),
        normalisation("norm-relu stage4", [32, 512, 7, 7], Follows::Relu, &device),
        normalisation(
            "norm-add-relu stage1",
            [16, 64, 56, 56],
            Follows::AddRelu,
            &device,
        ),
        normalisation("norm-relu small", [16, 32, 8, 8], Follows::Relu, &device),
        pooling("pool stem", [8, 64, 112, 112], &device),
        update("update 3x3x512x512", [512, 512, 3, 3], &device),
        update("update small", [32, 16, 3, 3], &device),
    ];
    for case in cases {
        if wanted.is_some_and(|wanted| !case.name.contains(wanted.as_str())) {
            continue;
        }
        match side.as_deref() {
            Some("ours") => turns_of(case.name, &case.ours, &device),
            Some(_) => turns_of(case.name, &case.burns, &device),
            None => compare(&case, &device),
        }
    }
}

fn turns_of(name: &str, work: &Work, device: &Device) {
    for turn in 0..3 {
        println!("{name}, turn {turn}");
        timed(work, device);
    }
}

/// Prints medians and the ratios of the turns.
fn compare(case: &Case, device: &Device) {
    // The first turns compile shaders and choose burn's kernels; only reading tells what failed.
    for _ in 0..2 {
        for work in [&case.ours, &case.burns] {
            let _values = work().into_data();
        }
    }
    let mut turns: Vec<_> = (0..TURNS)
        .map(|_| [&case.ours, &case.burns].map(|work| timed(work, device).as_secs_f64()))
        .collect();
    turns.sort_by(|a, b| (a[0] / a[1]).total_cmp(&(b[0] / b[1])));
    let ratio = |turn: &[f64; 2]| turn[0] / turn[1];
    let [ours, burns] = turns[TURNS / 2].map(|seconds| seconds * 1e3);
    println!(
        "{:22} ours {ours:8.2} ms, burn {burns:8.2} ms, ratio {:.2} ({:.2} to {:.2})",
        case.name,
        ratio(&turns[TURNS / 2]),
        ratio(&turns[0]),
        ratio(&turns[TURNS - 1]),
    );
}
