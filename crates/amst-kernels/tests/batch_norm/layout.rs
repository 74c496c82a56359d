//! What does not change results: how tensors lie in memory, who else holds them, and how many
//! threads there are.

use amst_kernels::batch_norm::{Fused, eval, train};
use burn::tensor::{DType, Device, Tensor};

use crate::devices::devices;
use crate::floats;
use crate::reading::{EPSILON, Fixture, apart};

/// Output, and gradients of x, gamma, beta and the shortcut.
fn everything(x: Tensor<4>, shortcut: Tensor<4>, weight: Tensor<4>) -> Vec<Vec<f32>> {
    let (device, channels) = (x.device(), x.dims()[1]);
    let (x, shortcut) = (x.require_grad(), shortcut.require_grad());
    let gamma = Tensor::<1>::full([channels], 1.5, &device).require_grad();
    let beta = Tensor::<1>::full([channels], 0.25, &device).require_grad();
    let done = train(
        x.clone(),
        gamma.clone(),
        beta.clone(),
        EPSILON,
        Fused::AddRelu(shortcut.clone()),
    );
    let gradients = (done.output.clone() * weight).sum().backward();
    let of = |t: Tensor<1>| floats(t.grad(&gradients).unwrap());
    let maps = [x, shortcut].map(|t| floats(t.grad(&gradients).unwrap()));
    [
        floats(done.output),
        floats(done.mean),
        floats(done.variance),
        of(gamma),
        of(beta),
    ]
    .into_iter()
    .chain(maps)
    .collect()
}

/// Numbers without a pattern, `[batch, channels, height, width]`.
fn noise(shape: [usize; 4], seed: u64, device: &Device) -> Tensor<4> {
    let mut state = seed;
    let mut next = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        ((state >> 40) as f32) / (1u64 << 23) as f32 - 1.0
    };
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| next()).collect();
    Tensor::<1>::from_floats(values.as_slice(), device).reshape(shape)
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_equal_bits() {
    let device = Device::flex().autodiff();
    let maps: Vec<_> = (0..3)
        .map(|seed| noise([3, 5, 6, 7], seed, &device))
        .collect();
    let turned = |t: &Tensor<4>| {
        let last = t.clone().permute([0, 2, 3, 1]);
        let copy = Tensor::from_data(last.into_data(), &device);
        copy.permute([0, 3, 1, 2])
    };
    let part =
        |t: &Tensor<4>| Tensor::cat(vec![t.clone(), t.clone()], 0).slice([3..6, 0..5, 0..6, 0..7]);
    let [x, shortcut, weight] = [&maps[0], &maps[1], &maps[2]];
    let plain = everything(x.clone(), shortcut.clone(), weight.clone());
    assert_eq!(
        everything(turned(x), turned(shortcut), turned(weight)),
        plain
    );
    assert_eq!(everything(part(x), part(shortcut), part(weight)), plain);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Above the size from which on threads are used.
    let device = Device::flex().autodiff();
    let run = || {
        let maps: Vec<_> = (3..6)
            .map(|seed| noise([4, 24, 37, 41], seed, &device))
            .collect();
        everything(maps[0].clone(), maps[1].clone(), maps[2].clone())
    };
    let with = |threads| {
        rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap()
            .install(run)
    };
    let one = with(1);
    for threads in [2, 3, 7] {
        assert_eq!(with(threads), one, "{threads} threads");
    }
}

#[test]
fn a_gradient_that_two_outputs_share_is_not_overwritten() {
    let device = Device::flex().autodiff();
    let [a, b] = [7, 8].map(|seed| noise([2, 3, 4, 5], seed, &device).require_grad());
    let normal = |t: &Tensor<4>| {
        let (ones, zeros) = (Tensor::ones([3], &device), Tensor::zeros([3], &device));
        train(t.clone(), ones, zeros, EPSILON, Fused::Nothing).output
    };
    let weight = noise([2, 3, 4, 5], 9, &device);
    let alone = |t: &Tensor<4>| {
        floats(
            t.grad(&(normal(t) * weight.clone()).sum().backward())
                .unwrap(),
        )
    };
    let wanted = [alone(&a), alone(&b)];
    let gradients = ((normal(&a) + normal(&b)) * weight.clone())
        .sum()
        .backward();
    assert_eq!([a, b].map(|t| floats(t.grad(&gradients).unwrap())), wanted);
}

#[test]
fn what_needs_no_gradient_gets_none_and_the_rest_does() {
    for (on, device) in devices() {
        let device = device.autodiff();
        let x = noise([2, 3, 4, 5], 10, &device);
        let (gamma, beta) = (
            Tensor::<1>::ones([3], &device),
            Tensor::<1>::zeros([3], &device).require_grad(),
        );
        let done = train(
            x.clone(),
            gamma.clone(),
            beta.clone(),
            EPSILON,
            Fused::Nothing,
        );
        assert!(
            !done.mean.is_require_grad() && !done.variance.is_require_grad(),
            "{on}"
        );
        let gradients = done.output.sum().backward();
        assert!(
            x.grad(&gradients).is_none() && gamma.grad(&gradients).is_none(),
            "{on}"
        );
        assert_eq!(floats(beta.grad(&gradients).unwrap()), [40.0; 3], "{on}");

        let untracked = train(x.clone(), gamma.clone(), gamma, EPSILON, Fused::AddRelu(x));
        assert!(!untracked.output.is_require_grad(), "{on}");
    }
}

/// LibTorch's kernels write into memory that burn counts the holders of.
#[test]
fn what_others_hold_is_not_overwritten() {
    for (on, device) in devices() {
        let device = device.autodiff();
        let [x, shortcut, weight] = [20, 21, 22].map(|seed| noise([3, 5, 6, 7], seed, &device));
        let before = [&x, &shortcut, &weight].map(|t| floats(t.clone()));
        let once = everything(x.clone(), shortcut.clone(), weight.clone());
        assert_eq!(
            everything(x.clone(), shortcut.clone(), weight.clone()),
            once,
            "{on}"
        );
        assert_eq!([x, shortcut, weight].map(floats), before, "{on}");
    }
}

/// Large enough that cubes share a channel's values, and not a whole number of cubes of channels.
#[test]
#[cfg(feature = "wgpu")]
fn many_cubes_agree_with_the_processor_and_give_the_same_twice() {
    let Some(gpu) = crate::devices::gpu() else {
        return;
    };
    let (host, gpu) = (Device::flex().autodiff(), gpu.autodiff());
    let maps = |device: &Device, lay: fn(Tensor<4>) -> Tensor<4>| {
        let [x, shortcut, weight] = [1, 2, 3].map(|seed| lay(noise([4, 40, 32, 65], seed, device)));
        everything(x, shortcut, weight)
    };
    let want = maps(&host, |x| x);
    for lay in [|x| x, crate::channels_last] {
        let got = maps(&gpu, lay);
        for (number, (got, want)) in got.iter().zip(&want).enumerate() {
            // Means are what is left of numbers up to 1.
            let apart = apart(got, want, 1.0);
            assert!(
                apart < crate::TOLERANCE,
                "number {number} is {apart:.1e} away"
            );
        }
        assert_eq!(maps(&gpu, lay), got);
    }
}

#[test]
fn other_types_go_through_burns_own_operations() {
    let device = Device::flex().autodiff();
    for case in ["odd", "relu", "shortcut"] {
        let fixture = Fixture::read(case);
        let double = |name: &str| fixture.tensor::<1>(name, &device).cast(DType::F64);
        let x = fixture.tensor::<4>("x", &device).cast(DType::F64);
        let then = match fixture.then(&device) {
            Fused::AddRelu(shortcut) => Fused::AddRelu(shortcut.cast(DType::F64)),
            other => other,
        };
        let done = train(
            x.clone(),
            double("gamma"),
            double("beta"),
            EPSILON,
            then.clone(),
        );
        let at_rest = [double("running_mean"), double("running_var")];
        let rest = eval(x, [double("gamma"), double("beta")], at_rest, EPSILON, then);
        for (name, got) in [("output", done.output), ("eval.output", rest)] {
            assert_eq!(got.dtype(), DType::F64);
            let apart = apart(&floats(got.cast(DType::F32)), fixture.values(name), 0.0);
            assert!(apart < 3e-7, "{case}: {name} is {apart:.1e} away");
        }
    }
}
