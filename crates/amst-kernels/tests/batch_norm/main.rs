//! Against PyTorch: the fixtures and the script that made them lie in `fixtures`.

#[path = "../devices/mod.rs"]
mod devices;
mod layout;
mod reading;

use amst_kernels::batch_norm::{Fused, eval, train};
use burn::tensor::{Device, Tensor};

use devices::devices;
use reading::{CASES, EPSILON, Fixture, apart};

/// Largest difference allowed, over the largest magnitude of the tensor.
///
/// Fixtures are exact; an output passes four roundings of 6e-8, a gradient of `x` some more, and
/// sums of a block of 1,024 numbers lose about 3e-7 in lanes of single precision.
const TOLERANCE: f32 = 1.5e-6;

/// On LibTorch where the mean is 10⁵ times the deviation. It sums in single precision, whose steps
/// at the mean of 1,000 are 0.6 % of the deviation: its mean is up to 3.3 of them off where channels
/// lie side by side, 0.2 where they do not, and the largest output is 2.9 deviations. Five steps.
const FAR_FROM_ZERO: f32 = 1e-2;

fn agrees((on, case): (&str, &str), name: &str, got: &[f32], want: &[f32]) {
    // Two numbers a channel: what is left of the gradient is a difference of equal terms of
    // magnitude 1.
    let at_least = if case == "two_numbers" { 1.0 } else { 0.0 };
    let apart = apart(got, want, at_least);
    let tolerance = if (on, case) == ("tch", "offset") {
        FAR_FROM_ZERO
    } else {
        TOLERANCE
    };
    assert!(
        apart < tolerance,
        "{on}, {case}: {name} is {apart:.1e} from PyTorch's"
    );
}

#[test]
fn training_gives_pytorchs_outputs_statistics_and_gradients() {
    for (on, device) in devices() {
        let device = device.autodiff();
        for case in CASES {
            training_is_pytorchs((on, case), &device, |x| x);
            training_is_pytorchs((on, case), &device, channels_last);
        }
    }
}

/// The same tensor with the channels of a position side by side, as some convolutions leave it.
fn channels_last(x: Tensor<4>) -> Tensor<4> {
    let device = x.device();
    let data = x.permute([0, 2, 3, 1]).into_data();
    Tensor::from_data(data, &device).permute([0, 3, 1, 2])
}

fn training_is_pytorchs(at: (&str, &str), device: &Device, lay: fn(Tensor<4>) -> Tensor<4>) {
    let fixture = Fixture::read(at.1);
    let of = |name: &str| fixture.tensor::<1>(name, device).require_grad();
    let (x, gamma, beta) = (
        lay(fixture.tensor::<4>("x", device)).require_grad(),
        of("gamma"),
        of("beta"),
    );
    let then = fixture.then(device);
    let done = train(
        x.clone(),
        gamma.clone(),
        beta.clone(),
        EPSILON,
        then.clone(),
    );
    agrees(
        at,
        "output",
        &floats(done.output.clone()),
        fixture.values("output"),
    );

    let numbers = fixture.numbers_a_channel();
    let running = |name: &str, batch: Tensor<1>, unbias: f64| {
        let kept = fixture.tensor::<1>(name, device).mul_scalar(0.9);
        floats(kept + batch.mul_scalar(0.1 * unbias))
    };
    let mean = running("running_mean", done.mean, 1.0);
    agrees(
        at,
        "running_mean",
        &mean,
        fixture.values("after.running_mean"),
    );
    let variance = running("running_var", done.variance, numbers / (numbers - 1.0));
    agrees(
        at,
        "running_var",
        &variance,
        fixture.values("after.running_var"),
    );

    let gradients = (done.output * fixture.tensor::<4>("gradient", device))
        .sum()
        .backward();
    agrees(
        at,
        "grad.x",
        &floats(x.grad(&gradients).unwrap()),
        fixture.values("grad.x"),
    );
    agrees(
        at,
        "grad.gamma",
        &floats(gamma.grad(&gradients).unwrap()),
        fixture.values("grad.gamma"),
    );
    agrees(
        at,
        "grad.beta",
        &floats(beta.grad(&gradients).unwrap()),
        fixture.values("grad.beta"),
    );
    if let Fused::AddRelu(shortcut) = then {
        let got = floats(shortcut.grad(&gradients).unwrap());
        agrees(at, "grad.shortcut", &got, fixture.values("grad.shortcut"));
    }
}

#[test]
fn evaluation_gives_pytorchs_outputs() {
    for (on, device) in devices()
        .into_iter()
        .flat_map(|(on, d)| [(on, d.clone()), (on, d.autodiff())])
    {
        for case in CASES {
            let fixture = Fixture::read(case);
            let of = |name: &str| fixture.tensor::<1>(name, &device);
            let output = eval(
                fixture.tensor("x", &device),
                [of("gamma"), of("beta")],
                [of("running_mean"), of("running_var")],
                EPSILON,
                fixture.then(&device),
            );
            agrees(
                (on, case),
                "eval.output",
                &floats(output),
                fixture.values("eval.output"),
            );
        }
    }
}

#[test]
fn a_single_number_a_channel_becomes_the_shift() {
    for (on, device) in devices() {
        let device = device.autodiff();
        let x = Tensor::<4>::from_floats([[[[7.0]], [[-3.0]]]], &device).require_grad();
        let beta = Tensor::from_floats([0.5, 2.0], &device);
        let done = train(
            x.clone(),
            Tensor::ones([2], &device),
            beta,
            EPSILON,
            Fused::Nothing,
        );
        // LibTorch takes the mean off behind a factor of 1/√ε.
        let apart = apart(&floats(done.output.clone()), &[0.5, 2.0], 0.0);
        assert!(
            apart == 0.0 || on == "tch" && apart < 1e-4,
            "{on}: {apart:.1e}"
        );
        assert_eq!(floats(done.variance), [0.0, 0.0], "{on}");
        assert_eq!(
            floats(x.grad(&done.output.sum().backward()).unwrap()),
            [0.0, 0.0],
            "{on}"
        );
    }
}

#[test]
fn a_number_that_is_none_reaches_output_and_statistics() {
    for (on, device) in devices() {
        let x = Tensor::<4>::from_floats([[[[1.0, f32::NAN]], [[1.0, 2.0]]]], &device);
        let (ones, zeros) = (Tensor::ones([2], &device), Tensor::zeros([2], &device));
        let done = train(x, ones, zeros, EPSILON, Fused::Relu);
        let output = floats(done.output);
        assert!(output[0].is_nan() && output[1].is_nan(), "{on}: {output:?}");
        assert!(output[2] == 0.0 && output[3] > 0.9, "{on}: {output:?}");
        let variance = floats(done.variance);
        assert!(
            variance[0].is_nan() && (variance[1] - 0.25).abs() < 1e-6,
            "{on}: {variance:?}"
        );
    }
}

fn floats<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}
