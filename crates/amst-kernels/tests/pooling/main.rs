//! Against PyTorch: the fixtures and the script that made them lie in `fixtures`.

#[path = "../devices/mod.rs"]
mod devices;

use std::path::PathBuf;

use amst_kernels::pooling::max_pool2d;
use burn::tensor::{Device, Tensor, TensorData};
use devices::devices;
use safetensors::SafeTensors;

const CASES: [&str; 9] = [
    "stem", "odd", "tight", "dense", "sparse", "equal", "odd-ones", "point", "large",
];

struct Fixture {
    bytes: Vec<u8>,
    /// Size, stride and padding.
    windows: [usize; 3],
}

impl Fixture {
    fn read(case: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join(format!("tests/pooling/fixtures/{case}.safetensors"));
        let bytes = std::fs::read(path).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let of = |name: &str| header.metadata().as_ref().unwrap()[name].parse().unwrap();
        let windows = ["size", "stride", "padding"].map(of);
        Self { bytes, windows }
    }

    fn values(&self, name: &str) -> (Vec<usize>, Vec<f32>) {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let tensor = file.tensor(name).unwrap();
        let numbers = tensor
            .data()
            .chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        (tensor.shape().to_vec(), numbers)
    }

    fn tensor(&self, name: &str, device: &Device) -> Tensor<4> {
        let (shape, values) = self.values(name);
        Tensor::from_data(TensorData::new(values, shape), device)
    }

    fn pool(&self, x: Tensor<4>) -> Tensor<4> {
        let [size, stride, padding] = self.windows;
        max_pool2d(x, size, stride, padding)
    }

    /// The output, and the input's gradient.
    fn everything(&self, x: Tensor<4>, gradient: Tensor<4>) -> [Vec<f32>; 2] {
        let x = x.require_grad();
        let output = self.pool(x.clone());
        // A product, and not a sum of products: what is infinite would be lost in it.
        let gradients = output.clone().mul(gradient).sum().backward();
        [output.inner(), x.grad(&gradients).unwrap()].map(floats)
    }
}

fn floats(tensor: Tensor<4>) -> Vec<f32> {
    tensor.into_data().try_to_vec().unwrap()
}

fn is_same(a: f32, b: f32) -> bool {
    a == b || (a.is_nan() && b.is_nan())
}

#[test]
fn outputs_are_pytorchs_to_the_bit_and_gradients_to_a_few_roundings() {
    for (on, device) in devices() {
        let device = device.autodiff();
        for case in CASES {
            let fixture = Fixture::read(case);
            let [x, gradient] = ["x", "gradient"].map(|name| fixture.tensor(name, &device));
            let [output, of_x] = fixture.everything(x, gradient);
            let want = fixture.values("output").1;
            assert_eq!(output.len(), want.len(), "{on}, {case}");
            assert!(
                output.iter().zip(&want).all(|(a, b)| is_same(*a, *b)),
                "{on}, {case}"
            );
            let want = fixture.values("grad.x").1;
            assert_eq!(of_x.len(), want.len(), "{on}, {case}");
            let apart = of_x
                .iter()
                .zip(&want)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(apart < 1e-6, "{on}, {case}: {apart:.1e}");
        }
    }
}

#[test]
fn without_gradients_the_output_is_the_same() {
    for (on, device) in devices() {
        for case in CASES {
            let fixture = Fixture::read(case);
            let got = floats(fixture.pool(fixture.tensor("x", &device)));
            let want = fixture.values("output").1;
            assert!(
                got.iter().zip(&want).all(|(a, b)| is_same(*a, *b)) && got.len() == want.len(),
                "{on}, {case}"
            );
        }
    }
}

/// The same tensor with the channels of a position side by side, as some convolutions leave it.
fn channels_last(t: Tensor<4>) -> Tensor<4> {
    let device = t.device();
    let data = t.permute([0, 2, 3, 1]).into_data();
    Tensor::from_data(data, &device).permute([0, 3, 1, 2])
}

/// Where four channels lie side by side, a GPU pools them together.
#[test]
fn what_is_no_number_counts_in_each_of_four_channels() {
    for (on, device) in devices() {
        let fixture = Fixture::read("odd-ones");
        let x = fixture.tensor("x", &device);
        let first = x.clone().slice([0..2, 0..1]);
        let four = channels_last(Tensor::cat(vec![x, first], 1));
        let got = floats(fixture.pool(four).slice([0..2, 0..3]));
        let want = fixture.values("output").1;
        assert!(
            got.iter().zip(&want).all(|(a, b)| is_same(*a, *b)) && got.len() == want.len(),
            "{on}"
        );
    }
}

#[test]
fn tensors_that_lie_otherwise_in_memory_give_the_same() {
    let turned = |t: Tensor<4>| {
        let device = t.device();
        let data = t.swap_dims(2, 3).into_data();
        Tensor::<4>::from_data(data, &device).swap_dims(2, 3)
    };
    for (on, device) in devices() {
        let device = device.autodiff();
        for case in ["stem", "odd", "large"] {
            let fixture = Fixture::read(case);
            let [x, gradient] = ["x", "gradient"].map(|name| fixture.tensor(name, &device));
            let plain = fixture.everything(x.clone(), gradient.clone());
            let [across, last] = [
                fixture.everything(turned(x.clone()), turned(gradient.clone())),
                // The gradient in another order than what was pooled.
                fixture.everything(channels_last(x), gradient),
            ];
            assert_eq!((across, last), (plain.clone(), plain), "{on}, {case}");
        }
    }
}

#[test]
fn a_batch_of_nothing_is_pooled_to_nothing() {
    for (on, device) in devices() {
        let x = Tensor::zeros([0, 3, 9, 9], &device.autodiff()).require_grad();
        assert_eq!(max_pool2d(x, 3, 2, 1).dims(), [0, 3, 5, 5], "{on}");
    }
}

#[test]
#[should_panic(expected = "do not fit into 2×9 with a padding of 0")]
fn windows_larger_than_what_is_pooled_are_refused() {
    let _ = max_pool2d(Tensor::zeros([1, 1, 2, 9], &Device::flex()), 3, 2, 0);
}
