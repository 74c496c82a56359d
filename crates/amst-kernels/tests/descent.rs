//! A step against burn's own operations, to the bit; against PyTorch it is held by
//! `crates/amst/tests/sgd.rs`.

mod devices;

use amst_kernels::descent::{Descent, Sgd};
use burn::tensor::{Device, Tensor};
use devices::devices;

/// Numbers without a pattern.
fn noise(size: usize, seed: u64, device: &Device) -> Tensor<1> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..size).map(|_| next()).collect();
    Tensor::from_floats(values.as_slice(), device)
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

/// A step of one parameter.
fn step<const D: usize>(
    value: Tensor<D>,
    gradient: Tensor<D>,
    velocity: Option<Tensor<1>>,
    sgd: Sgd,
) -> (Tensor<D>, Tensor<1>) {
    let mut descent = Descent::new(sgd);
    let moved = descent.step(value, gradient, velocity);
    descent.finish();
    moved
}

/// PyTorch's rule, written out.
fn composed(
    value: Tensor<1>,
    gradient: Tensor<1>,
    velocity: Option<Tensor<1>>,
    sgd: Sgd,
) -> (Tensor<1>, Tensor<1>) {
    let decayed = value.clone().mul_scalar(sgd.weight_decay) + gradient;
    let velocity = match velocity {
        Some(before) => before.mul_scalar(sgd.momentum) + decayed,
        None => decayed,
    };
    (value - velocity.clone().mul_scalar(sgd.lr), velocity)
}

#[test]
fn steps_are_those_of_the_rule_to_the_bit() {
    let device = Device::flex();
    // A few numbers, a whole task and a bit more than two.
    for size in [1, 19, 32 * 1024, 65_555] {
        for weight_decay in [0.0, 1e-2] {
            let sgd = Sgd {
                lr: 0.03,
                momentum: 0.9,
                weight_decay,
            };
            let (mut ours, mut theirs) = (noise(size, 1, &device), noise(size, 1, &device));
            let (mut our_velocity, mut their_velocity) = (None, None);
            for seed in 2..5 {
                let gradient = noise(size, seed, &device);
                let (value, velocity) = step(ours, gradient.clone(), our_velocity, sgd);
                (ours, our_velocity) = (value, Some(velocity));
                let (value, velocity) = composed(theirs, gradient, their_velocity, sgd);
                (theirs, their_velocity) = (value, Some(velocity));
                assert_eq!(
                    floats(ours.clone()),
                    floats(theirs.clone()),
                    "{size} numbers, decay {weight_decay}"
                );
            }
            assert_eq!(
                floats(our_velocity.unwrap()),
                floats(their_velocity.unwrap())
            );
        }
    }
}

#[test]
fn what_others_hold_is_not_overwritten() {
    let sgd = Sgd {
        lr: 0.1,
        momentum: 0.9,
        weight_decay: 1e-3,
    };
    for (on, device) in devices() {
        let [value, gradient, velocity] = [1, 2, 3].map(|seed| noise(40, seed, &device));
        let before = [&value, &gradient, &velocity].map(|t| floats(t.clone()));
        let shaped = |t: &Tensor<1>| t.clone().reshape([5, 8]);
        for velocity in [Some(velocity.clone()), None] {
            let (moved, _) = step(shaped(&value), shaped(&gradient), velocity, sgd);
            assert_eq!(moved.dims(), [5, 8]);
            assert_ne!(floats(moved), before[0], "{on}");
        }
        assert_eq!([value, gradient, velocity].map(floats), before, "{on}");
    }
}

/// LibTorch's kernel may round once where the rule rounds twice.
#[test]
fn steps_are_those_of_the_rule_on_every_device() {
    for (on, device) in devices() {
        for (momentum, weight_decay) in [(0.9, 1e-2), (0.9, 0.0), (0.0, 1e-2)] {
            let sgd = Sgd {
                lr: 0.03,
                momentum,
                weight_decay,
            };
            // A matrix whose gradient and value lie turned in memory.
            let turned = |seed| noise(35, seed, &device).reshape([5, 7]).transpose();
            let (mut ours, mut our_velocity) = (turned(1), None);
            let (mut theirs, mut their_velocity) = (turned(1).reshape([35]), None);
            for seed in 2..6 {
                let (value, velocity) = step(ours, turned(seed), our_velocity, sgd);
                (ours, our_velocity) = (value, Some(velocity));
                let (value, velocity) =
                    composed(theirs, turned(seed).reshape([35]), their_velocity, sgd);
                (theirs, their_velocity) = (value, Some(velocity));
                let pairs = [
                    (floats(ours.clone()), &theirs),
                    (
                        floats(our_velocity.clone().unwrap()),
                        their_velocity.as_ref().unwrap(),
                    ),
                ];
                for (got, want) in pairs {
                    let apart = got
                        .iter()
                        .zip(floats(want.clone()))
                        .map(|(g, w)| (g - w).abs())
                        .fold(0.0, f32::max);
                    assert!(
                        apart < 1e-6,
                        "{on}, momentum {momentum}, decay {weight_decay}: {apart:.1e}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    let device = Device::flex();
    let run = || {
        let [value, gradient, velocity] = [4, 5, 6].map(|seed| noise(200_001, seed, &device));
        let sgd = Sgd {
            lr: 0.1,
            momentum: 0.9,
            weight_decay: 1e-3,
        };
        let (value, velocity) = step(value, gradient, Some(velocity), sgd);
        (floats(value), floats(velocity))
    };
    let with = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(run)
    };
    assert_eq!(with(1), with(3));
}

/// Parameters of several ranks, some at their first step.
#[test]
fn many_parameters_move_together_as_each_does_alone() {
    let sgd = Sgd {
        lr: 0.05,
        momentum: 0.9,
        weight_decay: 1e-3,
    };
    for (on, device) in devices() {
        let matrix = |seed| noise(12, seed, &device).reshape([3, 4]);
        let velocity = |seed| Some(noise(12, seed, &device));
        let vector = |seed| noise(5, seed, &device);
        let mut together = Descent::new(sgd);
        let first = together.step(matrix(1), matrix(2), velocity(3));
        let second = together.step(vector(4), vector(5), None);
        let third = together.step(matrix(6), matrix(7), velocity(8));
        together.finish();
        let pair = |(value, velocity): (Tensor<2>, Tensor<1>)| (floats(value), floats(velocity));
        assert_eq!(
            pair(first),
            pair(step(matrix(1), matrix(2), velocity(3), sgd)),
            "{on}"
        );
        assert_eq!(
            pair(third),
            pair(step(matrix(6), matrix(7), velocity(8), sgd)),
            "{on}"
        );
        let alone = step(vector(4), vector(5), None, sgd);
        assert_eq!(
            (floats(second.0), floats(second.1)),
            (floats(alone.0), floats(alone.1)),
            "{on}"
        );
    }
}
