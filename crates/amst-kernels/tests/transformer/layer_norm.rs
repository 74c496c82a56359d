use amst_kernels::Dropout;
use amst_kernels::layer_norm::add_layer_norm;
use burn::tensor::{Device, Tensor};

use crate::devices::devices;
use crate::fixture::{Fixture, double, floats, noise, refusal, turned, with_threads};

const CASES: [&str; 6] = ["odd", "dropped", "wide", "many", "offset", "constant"];
/// PyTorch's own float32 is up to 5e-7 away, but 4e-3 where the mean is large.
const TOLERANCE: f32 = 4e-6;
const NAMES: [&str; 5] = [
    "output",
    "grad.x",
    "grad.shortcut",
    "grad.gamma",
    "grad.beta",
];
const EPSILON: f64 = 1e-5;

struct Inputs {
    x: Tensor<3>,
    shortcut: Tensor<3>,
    gamma: Tensor<1>,
    beta: Tensor<1>,
    gradient: Tensor<3>,
    dropout: Option<Dropout>,
}

impl Inputs {
    fn of(fixture: &Fixture, device: &Device) -> Self {
        Self {
            x: fixture.tensor("x", device),
            shortcut: fixture.tensor("shortcut", device),
            gamma: fixture.tensor("gamma", device),
            beta: fixture.tensor("beta", device),
            gradient: fixture.tensor("gradient", device),
            dropout: fixture.dropout(),
        }
    }

    fn noise(shape: [usize; 3], device: &Device) -> Self {
        let dropped = (0..shape.iter().product()).map(|i| i % 11 == 5);
        Self {
            x: noise(shape, 1, device),
            shortcut: noise(shape, 2, device),
            gamma: noise([shape[2]], 3, device),
            beta: noise([shape[2]], 4, device),
            gradient: noise(shape, 5, device),
            dropout: Some(Dropout::new(dropped.collect(), 0.1)),
        }
    }

    fn doubled(self) -> Self {
        Self {
            x: double(self.x),
            shortcut: double(self.shortcut),
            gamma: double(self.gamma),
            beta: double(self.beta),
            gradient: double(self.gradient),
            ..self
        }
    }

    /// The same numbers, which lie otherwise in memory.
    fn turned(self) -> Self {
        Self {
            x: turned(self.x),
            shortcut: turned(self.shortcut),
            gradient: turned(self.gradient),
            ..self
        }
    }

    fn output(self) -> Tensor<3> {
        let Self { x, shortcut, .. } = self;
        add_layer_norm(x, shortcut, self.dropout, [self.gamma, self.beta], EPSILON)
    }

    /// Output, and the gradients of input, shortcut, gamma and beta.
    fn run(self) -> [Vec<f32>; 5] {
        let given = Self {
            x: self.x.require_grad(),
            shortcut: self.shortcut.require_grad(),
            gamma: self.gamma.require_grad(),
            beta: self.beta.require_grad(),
            ..self
        };
        let (x, shortcut) = (given.x.clone(), given.shortcut.clone());
        let (gamma, beta) = (given.gamma.clone(), given.beta.clone());
        let gradient = given.gradient.clone();
        let output = given.output();
        let gradients = (output.clone() * gradient).sum().backward();
        [
            floats(output.inner()),
            floats(x.grad(&gradients).unwrap()),
            floats(shortcut.grad(&gradients).unwrap()),
            floats(gamma.grad(&gradients).unwrap()),
            floats(beta.grad(&gradients).unwrap()),
        ]
    }
}

#[test]
fn outputs_and_gradients_are_pytorchs() {
    let device = Device::flex().autodiff();
    for case in CASES {
        let fixture = Fixture::read("layer_norm", case);
        let got = Inputs::of(&fixture, &device).run();
        fixture.all_agree("flex", &NAMES, &got, TOLERANCE);
    }
}

/// A mean of 1000 and a deviation of 0.01 leave burn's float32 no digits.
#[test]
fn every_device_gives_pytorchs_numbers() {
    for (on, device) in devices() {
        for case in CASES.iter().filter(|case| **case != "offset") {
            let fixture = Fixture::read("layer_norm", case);
            let got = Inputs::of(&fixture, &device.clone().autodiff()).run();
            fixture.all_agree(on, &NAMES, &got, TOLERANCE);
        }
    }
}

#[test]
fn other_types_go_through_burns_own_operations() {
    for case in CASES {
        let fixture = Fixture::read("layer_norm", case);
        let got = Inputs::of(&fixture, &Device::flex().autodiff())
            .doubled()
            .run();
        fixture.all_agree("flex in double precision", &NAMES, &got, 3e-7);
    }
}

#[test]
fn without_gradients_the_output_is_the_same_to_the_bit() {
    let device = Device::flex();
    for case in CASES {
        let fixture = Fixture::read("layer_norm", case);
        let plain = floats(Inputs::of(&fixture, &device).output());
        fixture.agrees("flex", "output", &plain, TOLERANCE);
        let with = Inputs::of(&fixture, &device.clone().autodiff()).output();
        assert_eq!(floats(with), plain, "{case}");
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_equal_bits() {
    let device = Device::flex().autodiff();
    for case in ["dropped", "many"] {
        let fixture = Fixture::read("layer_norm", case);
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
    let device = Device::flex().autodiff();
    for shape in [[9, 40, 130], [2, 3, 20_000]] {
        let all = with_threads(|| Inputs::noise(shape, &device).run());
        assert!(all.iter().all(|one| *one == all[0]), "{shape:?}");
    }
}

#[test]
fn only_what_is_asked_for_has_a_gradient() {
    let (fixture, device) = (Fixture::read("layer_norm", "dropped"), Device::flex());
    let given = Inputs::of(&fixture, &device.autodiff());
    let (shortcut, x) = (given.shortcut.clone().require_grad(), given.x.clone());
    let gradient = given.gradient.clone();
    let given = Inputs {
        shortcut: shortcut.clone(),
        ..given
    };
    let (gamma, beta) = (given.gamma.clone(), given.beta.clone());
    let gradients = (given.output() * gradient).sum().backward();
    assert!(x.grad(&gradients).is_none() && gamma.grad(&gradients).is_none());
    assert!(beta.grad(&gradients).is_none());
    let got = floats(shortcut.grad(&gradients).unwrap());
    fixture.agrees("flex", "grad.shortcut", &got, TOLERANCE);
}

#[test]
fn shapes_that_do_not_fit_are_refused_in_words() {
    let device = Device::flex();
    let rows = |width: usize| Tensor::<2>::zeros([3, width], &device);
    let vector = |width: usize| Tensor::<1>::zeros([width], &device);
    let message =
        refusal(|| add_layer_norm(rows(4), rows(5), None, [vector(4), vector(4)], EPSILON));
    assert!(
        message.contains("[3, 4] and a shortcut of [3, 5] cannot be normalised"),
        "{message}"
    );
    let message =
        refusal(|| add_layer_norm(rows(4), rows(4), None, [vector(4), vector(3)], EPSILON));
    assert!(message.contains("4 scales and 3 shifts"), "{message}");
    let dropout = Some(Dropout::new(vec![true; 11], 0.5));
    let message =
        refusal(|| add_layer_norm(rows(4), rows(4), dropout, [vector(4), vector(4)], EPSILON));
    assert!(
        message.contains("dropout for 11 values is applied to 12"),
        "{message}"
    );
}
