use amst_kernels::Dropout;
use amst_kernels::attention::attention;
use burn::tensor::{Device, Tensor};

use crate::devices::devices;
use crate::fixture::{Fixture, apart, double, floats, noise, refusal, turned, with_threads};

const CASES: [&str; 8] = [
    "plain", "padded", "first", "unseen", "dropped", "wide", "long", "sharp",
];
const NAMES: [&str; 4] = ["output", "grad.query", "grad.key", "grad.value"];

/// PyTorch's own float32 is up to 4e-7 away, but 1.4e-5 where scores are large.
fn tolerance(fixture: &Fixture) -> f32 {
    (3.0 * fixture.told::<f32>("floor")).max(4e-6)
}

struct Inputs {
    /// Queries, keys and values.
    tensors: [Tensor<3>; 3],
    mask: Tensor<2>,
    gradient: Tensor<3>,
    heads: usize,
    dropout: Option<Dropout>,
}

impl Inputs {
    fn of(fixture: &Fixture, device: &Device) -> Self {
        Self {
            tensors: ["query", "key", "value"].map(|name| fixture.tensor(name, device)),
            mask: fixture.tensor("mask", device),
            gradient: fixture.tensor("gradient", device),
            heads: fixture.told("heads"),
            dropout: fixture.dropout(),
        }
    }

    /// Of the sizes of a text encoder's layer, with padding and dropout.
    fn noise([batch, length, heads, width]: [usize; 4], device: &Device) -> Self {
        let hidden = [batch, length, heads * width];
        let weights = batch * heads * length * length;
        let seen = (0..batch * length).map(|i| if i % 7 == 3 { 0.0 } else { 1.0 });
        let mask = Tensor::<1>::from_floats(seen.collect::<Vec<f32>>().as_slice(), device);
        Self {
            tensors: [1, 2, 3].map(|seed| noise(hidden, seed, device)),
            mask: mask.reshape([batch, length]),
            gradient: noise(hidden, 4, device),
            heads,
            dropout: Some(Dropout::new(
                (0..weights).map(|i| i % 11 == 5).collect(),
                0.1,
            )),
        }
    }

    fn doubled(self) -> Self {
        Self {
            tensors: self.tensors.map(double),
            mask: double(self.mask),
            gradient: double(self.gradient),
            ..self
        }
    }

    /// The same numbers, which lie otherwise in memory.
    fn turned(self) -> Self {
        Self {
            tensors: self.tensors.map(turned),
            mask: turned(self.mask),
            gradient: turned(self.gradient),
            ..self
        }
    }

    /// Output, and the gradients of queries, keys and values.
    fn run(self) -> [Vec<f32>; 4] {
        let [query, key, value] = self.tensors.map(Tensor::require_grad);
        let inputs = [query.clone(), key.clone(), value.clone()];
        let output = attention(inputs, self.mask, self.heads, self.dropout);
        let gradients = (output.clone() * self.gradient).sum().backward();
        let [of_query, of_key, of_value] =
            [query, key, value].map(|t| floats(t.grad(&gradients).unwrap()));
        [floats(output.inner()), of_query, of_key, of_value]
    }
}

#[test]
fn outputs_and_gradients_are_pytorchs() {
    for (on, device) in devices() {
        for case in CASES {
            let fixture = Fixture::read("attention", case);
            let got = Inputs::of(&fixture, &device.clone().autodiff()).run();
            fixture.all_agree(on, &NAMES, &got, tolerance(&fixture));
        }
    }
}

#[test]
fn other_types_go_through_burns_own_operations() {
    for case in CASES {
        let fixture = Fixture::read("attention", case);
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
        let fixture = Fixture::read("attention", case);
        let output = |device: &Device| {
            let given = Inputs::of(&fixture, device);
            floats(attention(
                given.tensors,
                given.mask,
                given.heads,
                given.dropout,
            ))
        };
        let plain = output(&device);
        fixture.agrees("flex", "output", &plain, tolerance(&fixture));
        assert_eq!(output(&device.clone().autodiff()), plain, "{case}");
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_equal_bits() {
    let device = Device::flex().autodiff();
    for case in ["padded", "first", "wide"] {
        let fixture = Fixture::read("attention", case);
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
    for sizes in [[3, 50, 4, 24], [2, 61, 3, 50]] {
        let all = with_threads(|| Inputs::noise(sizes, &device).run());
        assert!(all.iter().all(|one| *one == all[0]), "{sizes:?}");
    }
}

/// Of what is too large for a file: burn's own operations in double precision are the reference.
#[test]
fn long_texts_are_burns_own_numbers() {
    let device = Device::flex().autodiff();
    let sizes = [2, 128, 3, 64];
    let got = Inputs::noise(sizes, &device).run();
    let want = Inputs::noise(sizes, &device).doubled().run();
    for (name, (got, want)) in NAMES.iter().zip(got.iter().zip(&want)) {
        let off = apart(got, want);
        assert!(off < 4e-6, "{name} is {off:.1e} away");
    }
}

#[test]
fn queries_do_not_depend_on_each_other() {
    let device = Device::flex();
    let Inputs {
        tensors: [query, key, value],
        mask,
        heads,
        ..
    } = Inputs::noise([3, 50, 4, 24], &device);
    let own = query.clone().narrow(1, 0, 1);
    let all = attention(
        [query, key.clone(), value.clone()],
        mask.clone(),
        heads,
        None,
    );
    let own = attention([own, key, value], mask, heads, None);
    assert_eq!(floats(own), floats(all.narrow(1, 0, 1)));
}

#[test]
fn only_what_is_asked_for_has_a_gradient() {
    for (on, device) in devices() {
        let fixture = Fixture::read("attention", "dropped");
        for tracked in 0..3 {
            let mut given = Inputs::of(&fixture, &device.clone().autodiff());
            given.tensors[tracked] = given.tensors[tracked].clone().require_grad();
            let output = attention(
                given.tensors.clone(),
                given.mask,
                given.heads,
                given.dropout,
            );
            let gradients = (output * given.gradient).sum().backward();
            let found = given.tensors.map(|t| t.grad(&gradients).map(floats));
            for (index, (name, found)) in NAMES[1..].iter().zip(found).enumerate() {
                assert_eq!(found.is_some(), index == tracked, "{on}: {name}");
                if let Some(found) = found {
                    fixture.agrees(on, name, &found, tolerance(&fixture));
                }
            }
        }
    }
}

#[test]
fn shapes_that_do_not_fit_are_refused_in_words() {
    let device = Device::flex();
    let states = |shape: [usize; 3]| Tensor::<3>::zeros(shape, &device);
    let attend = |query, mask: [usize; 2], heads, dropped| {
        let inputs = [states(query), states([2, 4, 6]), states([2, 4, 6])];
        let dropout = Dropout::new(vec![false; dropped], 0.5);
        refusal(|| attention(inputs, Tensor::zeros(mask, &device), heads, Some(dropout)))
    };
    let message = attend([2, 3, 5], [2, 4], 3, 72);
    assert!(
        message.contains("queries [2, 3, 5], keys [2, 4, 6]"),
        "{message}"
    );
    let message = attend([2, 3, 6], [2, 3], 3, 72);
    assert!(
        message.contains("a mask [2, 3] do not fit together"),
        "{message}"
    );
    let message = attend([2, 3, 6], [2, 4], 4, 72);
    assert!(
        message.contains("4 heads do not divide hidden states of 6"),
        "{message}"
    );
    let message = attend([2, 3, 6], [2, 4], 3, 71);
    assert!(
        message.contains("dropout for 71 values is applied to 72"),
        "{message}"
    );
    let message = refusal(|| Dropout::new(vec![], 1.0));
    assert!(
        message.contains("a probability of 1 is not from 0 to below 1"),
        "{message}"
    );
}
