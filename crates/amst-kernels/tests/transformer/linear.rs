use amst_kernels::linear::{Activation, linear};
use burn::tensor::{DType, Device, Tensor};

use crate::devices::devices;
use crate::fixture::{Fixture, apart, double, floats, noise, refusal, turned, with_threads};

const CASES: [&str; 7] = ["plain", "odd", "first", "deep", "tiles", "single", "far"];
/// PyTorch's own float32 is up to 8e-7 away.
const TOLERANCE: f32 = 4e-6;
const NAMES: [&str; 4] = ["output", "grad.x", "grad.weight", "grad.bias"];

struct Inputs {
    x: Tensor<3>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    gradient: Tensor<3>,
    activation: Activation,
}

impl Inputs {
    fn of(fixture: &Fixture, device: &Device) -> Self {
        Self {
            x: fixture.tensor("x", device),
            weight: fixture.tensor("weight", device),
            bias: fixture.tensor("bias", device),
            gradient: fixture.tensor("gradient", device),
            activation: match fixture.told::<String>("activation").as_str() {
                "gelu" => Activation::Gelu,
                _ => Activation::Nothing,
            },
        }
    }

    fn noise([batch, length, inputs, outputs]: [usize; 4], device: &Device) -> Self {
        Self {
            x: noise([batch, length, inputs], 1, device),
            weight: noise([inputs, outputs], 2, device),
            bias: noise([outputs], 3, device),
            gradient: noise([batch, length, outputs], 4, device),
            activation: Activation::Gelu,
        }
    }

    fn doubled(self) -> Self {
        Self {
            x: double(self.x),
            weight: double(self.weight),
            bias: double(self.bias),
            gradient: double(self.gradient),
            ..self
        }
    }

    /// The same numbers, which lie otherwise in memory.
    fn turned(self) -> Self {
        Self {
            x: turned(self.x),
            weight: turned(self.weight),
            gradient: turned(self.gradient),
            ..self
        }
    }

    /// Output, and the gradients of input, weight and bias.
    fn run(self) -> [Vec<f32>; 4] {
        let (x, weight, bias) = (
            self.x.require_grad(),
            self.weight.require_grad(),
            self.bias.require_grad(),
        );
        let output = linear(x.clone(), weight.clone(), bias.clone(), self.activation);
        let gradients = (output.clone() * self.gradient).sum().backward();
        [
            floats(output.inner()),
            floats(x.grad(&gradients).unwrap()),
            floats(weight.grad(&gradients).unwrap()),
            floats(bias.grad(&gradients).unwrap()),
        ]
    }
}

#[test]
fn outputs_and_gradients_are_pytorchs() {
    for (on, device) in devices() {
        for case in CASES {
            let fixture = Fixture::read("linear", case);
            let got = Inputs::of(&fixture, &device.clone().autodiff()).run();
            fixture.all_agree(on, &NAMES, &got, TOLERANCE);
        }
    }
}

#[test]
fn other_types_go_through_burns_own_operations() {
    for case in CASES {
        let fixture = Fixture::read("linear", case);
        let got = Inputs::of(&fixture, &Device::flex().autodiff())
            .doubled()
            .run();
        fixture.all_agree("flex in double precision", &NAMES, &got, 3e-7);
    }
    let (x, weight) = (
        Tensor::<2>::ones([2, 3], &Device::flex()),
        Tensor::ones([3, 4], &Device::flex()),
    );
    let bias = Tensor::ones([4], &Device::flex());
    let output = linear(double(x), double(weight), double(bias), Activation::Nothing);
    assert_eq!(output.dtype(), DType::F64);
}

#[test]
fn without_gradients_the_output_is_the_same_to_the_bit() {
    for (on, device) in devices() {
        for case in CASES {
            let fixture = Fixture::read("linear", case);
            let output = |device: &Device| {
                let given = Inputs::of(&fixture, device);
                floats(linear(given.x, given.weight, given.bias, given.activation))
            };
            let plain = output(&device);
            fixture.agrees(on, "output", &plain, TOLERANCE);
            assert_eq!(output(&device.clone().autodiff()), plain, "{on}, {case}");
        }
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_equal_bits() {
    let device = Device::flex().autodiff();
    for case in ["odd", "deep"] {
        let fixture = Fixture::read("linear", case);
        let given = Inputs::of(&fixture, &device);
        assert_eq!(
            Inputs::of(&fixture, &device).turned().run(),
            given.run(),
            "{case}"
        );
    }
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    // Each above the size from which on threads are used, and cut into several tasks.
    let device = Device::flex().autodiff();
    for sizes in [[3, 87, 70, 401], [1, 7, 500, 400], [2, 300, 403, 50]] {
        let all = with_threads(|| Inputs::noise(sizes, &device).run());
        assert!(all.iter().all(|one| *one == all[0]), "{sizes:?}");
    }
}

/// Of what is too large for a file: burn's own operations in double precision are the reference.
#[test]
fn many_tasks_are_burns_own_numbers() {
    let device = Device::flex().autodiff();
    for sizes in [[3, 87, 70, 401], [2, 300, 403, 50]] {
        let got = Inputs::noise(sizes, &device).run();
        let want = Inputs::noise(sizes, &device).doubled().run();
        for (name, (got, want)) in NAMES.iter().zip(got.iter().zip(&want)) {
            let off = apart(got, want);
            assert!(off < TOLERANCE, "{sizes:?}: {name} is {off:.1e} away");
        }
    }
}

#[test]
fn a_rows_output_does_not_depend_on_the_others() {
    let device = Device::flex();
    let Inputs {
        x, weight, bias, ..
    } = Inputs::noise([4, 87, 70, 401], &device);
    let all = linear(x.clone(), weight.clone(), bias.clone(), Activation::Gelu);
    let own = linear(x.narrow(0, 2, 1), weight, bias, Activation::Gelu);
    assert_eq!(floats(own), floats(all.narrow(0, 2, 1)));
}

#[test]
fn only_what_is_asked_for_has_a_gradient() {
    for (on, device) in devices() {
        let fixture = Fixture::read("linear", "odd");
        for tracked in 0..3 {
            let given = Inputs::of(&fixture, &device.clone().autodiff());
            let (mut x, mut weight, mut bias) = (given.x, given.weight, given.bias);
            match tracked {
                0 => x = x.require_grad(),
                1 => weight = weight.require_grad(),
                _ => bias = bias.require_grad(),
            }
            let output = linear(x.clone(), weight.clone(), bias.clone(), given.activation);
            let gradients = (output * given.gradient).sum().backward();
            let found = [
                x.grad(&gradients).map(floats),
                weight.grad(&gradients).map(floats),
                bias.grad(&gradients).map(floats),
            ];
            for (index, (name, found)) in NAMES[1..].iter().zip(found).enumerate() {
                assert_eq!(found.is_some(), index == tracked, "{on}: {name}");
                if let Some(found) = found {
                    fixture.agrees(on, name, &found, TOLERANCE);
                }
            }
        }
    }
}

#[test]
fn an_empty_batch_gives_empty_rows_and_no_gradient() {
    let got = Inputs::noise([0, 3, 5, 4], &Device::flex().autodiff()).run();
    assert_eq!(got, [vec![], vec![], vec![0.0; 20], vec![0.0; 4]]);
}

#[test]
fn shapes_that_do_not_fit_are_refused_in_words() {
    let device = Device::flex();
    let message = refusal(|| {
        linear(
            Tensor::<2>::zeros([2, 3], &device),
            Tensor::zeros([4, 5], &device),
            Tensor::zeros([6], &device),
            Activation::Nothing,
        )
    });
    assert!(
        message.contains("a weight of 4×5 and a bias of 6 do not fit to rows of 3"),
        "{message}"
    );
}
